"""Layouts: the real files whole, small ones by hand, and every way a file can be broken."""

import csv
import io

import numpy as np
import pytest
from examples import long, real, unpacked, wide

from conftest import FRANCE, JHU, REAL
from vigil import datasets, layouts
from vigil.errors import Rejected
from vigil.panel import Key

DEATHS = b"""\
Province/State,Country/Region,Lat,Long,1/30/21,1/31/21,2/1/21
,France,46.2,2.2,100,103,103
Ontario,Canada,51.2,-85.3,10,,12
,"Korea, South",,,7,7,8
"""
NEW_YEAR = 18_628  # 2021-01-01, in days since 1970
HOSPITAL = b"""\
"dep";"jour";"incid_hosp"
"01";2021-01-01;5
"2A";2021-01-01;0
"01";2021-01-02;NA
"2A";2021-01-02;3
"""


def deaths(body: bytes = DEATHS, **spec) -> layouts.Parsed:
    """A small file in JHU's layout, parsed."""
    return layouts.parse(wide(**spec), "deaths", body)


def hospital(body: bytes = HOSPITAL, **spec) -> layouts.Parsed:
    """A small file in the layout of Santé publique France, parsed."""
    return layouts.parse(long(**spec), "hospital", body)


def struck(parsed: layouts.Parsed) -> dict[str, frozenset]:
    """What struck the reader: each rule that speaks, and what of."""
    return {mark.rule: mark.items for mark in parsed.marks if mark.speaks}


def refused(read, body: bytes, **spec) -> Rejected:
    """The reason why a file is refused: it says where, what was expected and what was found."""
    with pytest.raises(Rejected) as reason:
        read(body, **spec)
    assert str(reason.value).startswith("small.")
    assert reason.value.expected
    assert reason.value.found
    return reason.value


def test_a_wide_file_becomes_a_grid_of_days_by_series():
    """Names are country, then province; blanks are left out; the axes are sorted."""
    [one] = deaths().panel.values()
    assert one.series == ("Canada/Ontario", "France", "Korea, South")
    assert [str(day) for day in one.dates] == ["2021-01-30", "2021-01-31", "2021-02-01"]
    np.testing.assert_array_equal(one.values, [[10, 100, 7], [np.nan, 103, 7], [12, 103, 8]])
    assert one.known == 8


def test_a_wide_file_says_where_its_series_lie():
    """No coordinates are no attribute, not zero."""
    assert deaths().attributes == {
        "Canada/Ontario": {"latitude": 51.2, "longitude": -85.3},
        "France": {"latitude": 46.2, "longitude": 2.2},
        "Korea, South": {},
    }


def test_columns_are_bound_by_name_not_by_place():
    """The same file with its columns and rows in another order is the same grid."""
    rows = list(csv.reader(io.StringIO(DEATHS.decode())))
    order = [6, 1, 3, 4, 0, 5, 2]
    other = io.StringIO()
    csv.writer(other).writerows([row[i] for i in order] for row in [rows[0], *rows[:0:-1]])
    [one], [moved] = deaths().panel.values(), deaths(other.getvalue().encode()).panel.values()
    assert one.series == moved.series
    np.testing.assert_array_equal(one.dates, moved.dates)
    np.testing.assert_array_equal(one.values, moved.values)


def test_a_long_file_becomes_a_grid_under_its_root():
    """A departement stands under France; NA is no number."""
    parsed = hospital()
    one = parsed.panel[Key("hospital", "admitted")]
    assert one.series == ("France/01", "France/2A")
    np.testing.assert_array_equal(one.values, [[5, 0], [np.nan, 3]])
    assert struck(parsed) == {}


def test_a_file_with_a_byte_order_mark_and_crlf_is_the_same_file():
    """As the French dictionaries of columns are written."""
    dressed = b"\xef\xbb\xbf" + HOSPITAL.replace(b"\n", b"\r\n")
    [one], [same] = hospital().panel.values(), hospital(dressed).panel.values()
    assert one.series == same.series
    np.testing.assert_array_equal(one.values, same.values)


def test_only_the_rows_that_are_asked_for_are_kept():
    """Age class 0 is all ages; the others would be counted twice."""
    body = b"dep;jour;incid_hosp;age\n01;2021-01-01;5;0\n01;2021-01-01;2;9\n"
    [one] = hospital(body, where={"age": "0"}).panel.values()
    assert one.values.tolist() == [[5]]


def test_a_day_that_no_series_has_is_no_row():
    """Gaps stay gaps here; who needs consecutive days asks for them."""
    [one] = hospital(b"dep;jour;incid_hosp\n01;2021-01-05;5\n01;2021-01-01;4\n").panel.values()
    assert [str(day) for day in one.dates] == ["2021-01-01", "2021-01-05"]
    assert one.values.tolist() == [[4], [5]]


def test_a_slash_in_a_name_does_not_make_a_parent():
    """Slashes join the parts of a series, so they cannot be in one."""
    body = DEATHS.replace(b"Ontario,", b"N/A & Labrador,")
    assert "Canada/N-A & Labrador" in next(iter(deaths(body).panel.values())).series


def test_a_day_that_only_one_series_has_passed_over_is_a_gap_of_its():
    """01 has the 1st and the 3rd, 2A all three; a series that begins later or ends has no gap."""
    rows = b"01;2021-01-01;5\n01;2021-01-03;5\n" + b"".join(
        b"2A;2021-01-0%d;1\n" % day for day in (1, 2, 3, 4)
    )
    assert struck(hospital(b"dep;jour;incid_hosp\n" + rows)) == {
        "gaps": {("France/01", NEW_YEAR + 1)}
    }


def test_a_weekly_file_has_no_gaps_until_a_week_is_missing():
    """What is usual is the median: of five weeks the third is missing, not 13 days."""
    weeks = [b"01;2021-01-%02d;5\n" % day for day in (1, 8, 15, 22, 29)]
    header = b"dep;jour;incid_hosp\n"
    assert struck(hospital(header + b"".join(weeks))) == {}
    del weeks[2]
    assert struck(hospital(header + b"".join(weeks))) == {"gaps": {("France/01", NEW_YEAR + 14)}}
    assert struck(hospital(header + b"".join(weeks), expect={"gaps": 1})) == {}


def test_series_are_called_as_the_dataset_calls_them():
    """Values and attributes stand under the other name, in the order of the names."""
    parsed = deaths(entities={"Korea, South": "South Korea", "France": "Zz"})
    [one] = parsed.panel.values()
    assert one.series == ("Canada/Ontario", "South Korea", "Zz")
    np.testing.assert_array_equal(one.values[0], [10, 7, 100])
    assert parsed.attributes["Zz"] == {"latitude": 46.2, "longitude": 2.2}


def test_two_series_under_one_name_are_rejected():
    """Which of the two is meant nobody can say."""
    reason = refused(deaths, DEATHS, entities={"Korea, South": "France"})
    assert (reason.rule, reason.found) == ("duplicates", "several: ['France']")


def test_an_extra_column_is_accepted_and_found():
    """Upstream may add what it likes."""
    body = b"dep;jour;incid_hosp;sexe\n01;2021-01-01;5;0\n"
    parsed = hospital(body)
    assert struck(parsed) == {"extra_columns": {"sexe"}}
    assert {mark.severity for mark in parsed.marks} == {"warning"}
    assert next(iter(parsed.panel.values())).values.tolist() == [[5]]


def test_a_column_that_is_known_and_unused_is_no_finding():
    """It may be there or not."""
    body = b"dep;jour;incid_hosp;sexe\n01;2021-01-01;5;0\n"
    assert struck(hospital(body, unused=["sexe"])) == {}
    assert struck(hospital(unused=["sexe"])) == {}


def test_columns_may_be_allowed_that_nobody_declared():
    """As many as the dataset's file says, and not one more."""
    body = b"dep;jour;incid_hosp;sexe;age\n01;2021-01-01;5;0;1\n"
    assert struck(hospital(body, expect={"extra_columns": 2})) == {}
    assert "extra_columns" in struck(hospital(body, expect={"extra_columns": 1}))


def test_an_optional_measure_may_be_absent():
    """The grid is not there, and neither is an error."""
    spec = long(measure={"sources": {"hospital": "incid_hosp"}}, optional=["incid_rea"])
    both = spec.model_dump()
    both["covariates"] = {"icu": {"sources": {"hospital": "incid_rea"}, "unit": "people"}}
    parsed = layouts.parse(type(spec).model_validate(both), "hospital", HOSPITAL)
    assert list(parsed.panel) == [Key("hospital", "admitted")]


def test_rows_that_are_there_twice_are_counted_once():
    """5 stays 5."""
    body = HOSPITAL + b'"01";2021-01-01;5\n'
    parsed = hospital(body)
    [one] = parsed.panel.values()
    assert one.values[0].tolist() == [5, 0]
    assert struck(parsed) == {"duplicates": {("France/01", NEW_YEAR)}}


def test_rows_that_repeat_a_blank_are_counted_once():
    """Nothing twice is nothing; what counts is the place and the day, not the copies."""
    body = b"dep;jour;incid_hosp\n" + b"01;2021-01-01;5\n" * 3 + b"2A;2021-01-01;NA\n" * 2
    parsed = hospital(body)
    [one] = parsed.panel.values()
    np.testing.assert_array_equal(one.values, [[5, np.nan]])
    assert struck(parsed)["duplicates"] == {("France/01", NEW_YEAR), ("France/2A", NEW_YEAR)}


def test_rows_that_differ_in_what_is_not_read_are_the_same():
    """Only what is kept can disagree."""
    body = b"dep;jour;incid_hosp;note\n01;2021-01-01;5;a\n01;2021-01-01;5;b\n"
    assert list(struck(hospital(body, unused=["note"]))) == ["duplicates"]


def test_repeated_rows_may_be_allowed():
    """Google's older files have some."""
    body = HOSPITAL + b'"01";2021-01-01;5\n'
    assert struck(hospital(body, expect={"duplicates": 1})) == {}


def test_a_number_beside_a_blank_of_the_same_day_is_rejected():
    """5, or nothing, whichever comes first in the file."""
    for rows in (b"01;2021-01-01;5\n01;2021-01-01;\n", b"01;2021-01-01;\n01;2021-01-01;5\n"):
        assert refused(hospital, b"dep;jour;incid_hosp\n" + rows).rule == "duplicates"


def test_rows_that_disagree_are_rejected():
    """Whether it was 5 or 6 people the file does not say."""
    reason = refused(hospital, HOSPITAL + b'"01";2021-01-01;6\n')
    assert reason.rule == "duplicates"
    assert reason.found == "1 that disagree with another: France/01 on 2021-01-01"


@pytest.mark.parametrize(
    "row", [b'"01 ";2021-01-01;6\n', b'"01"; 2021-01-01;6\n', b'"01";2021-1-1;6\n']
)
def test_rows_that_disagree_in_other_words_are_rejected(row):
    """A blank or a zero more, and the last row would silently win."""
    assert refused(hospital, HOSPITAL + row).rule == "duplicates"


def test_a_series_that_is_there_twice_is_rejected():
    """In a wide file each has one row."""
    reason = refused(deaths, DEATHS + b",France,46.2,2.2,1,2,3\n")
    assert (reason.rule, reason.found) == ("duplicates", "several: ['France']")


def test_a_date_that_is_there_twice_is_rejected():
    """1/31/21 and 01/31/21 are one day."""
    reason = refused(deaths, DEATHS.replace(b"2/1/21", b"01/31/21"))
    assert (reason.rule, reason.found) == ("duplicates", "several: ['2021-01-31']")


def test_a_series_without_any_name_is_rejected():
    """The second row of the file, counted from the header as 1."""
    reason = refused(deaths, DEATHS.replace(b",France,", b",,"))
    assert str(reason) == (
        "small.deaths: expected a name in ('Country/Region', 'Province/State'); found none in row 2"
    )


HTML = b"<!DOCTYPE html>\n<html>\n<head><title>404: Not Found</title></head>\n</html>\n"
POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    b"size 1255258\n"
)


@pytest.mark.parametrize("read", [deaths, hospital])
@pytest.mark.parametrize("body", [HTML, POINTER], ids=["a page", "a Git-LFS pointer"])
def test_what_is_no_table_is_rejected(read, body):
    """With status 200 it may still be anything; the message shows what it is."""
    reason = refused(read, body)
    assert reason.rule == "content"
    assert body.split(b"\n")[0].decode() in reason.found


@pytest.mark.parametrize("read", [deaths, hospital])
def test_a_page_with_delimiters_is_rejected(read):
    """Rows of different lengths are no table either."""
    page = b"<html>\n<p>Sorry, gone; really, gone.</p>\n<p>Bye.</p>\n"
    reason = refused(read, page)
    assert reason.rule == "content"
    assert "Sorry" in reason.found


@pytest.mark.parametrize(("read", "good"), [(deaths, DEATHS), (hospital, HOSPITAL)])
@pytest.mark.parametrize("at", [0, 1, 2], ids=["header", "first row", "second row"])
def test_the_markers_of_a_merge_conflict_are_rejected(read, good, at):
    """Wherever they stand: half of such a file is wrong, and nobody knows which."""
    lines = good.splitlines()
    mine, theirs = lines[at], lines[at] + b"1"
    lines[at : at + 1] = [b"<<<<<<< HEAD", mine, b"=======", theirs, b">>>>>>> upstream"]
    reason = refused(read, b"\n".join(lines) + b"\n")
    assert reason.rule == "content"


@pytest.mark.parametrize(("read", "good"), [(deaths, DEATHS), (hospital, HOSPITAL)])
def test_an_empty_file_is_rejected(read, good):
    """No bytes, or a header and no rows: old data stay."""
    header = good.splitlines(keepends=True)[0]
    assert refused(read, b"").found == "nothing"
    reason = refused(read, header)
    assert (reason.rule, reason.expected, reason.found) == ("empty", "values", "none")
    assert refused(read, header.rstrip()).where.startswith("small.")


def test_a_file_of_blanks_is_rejected():
    """Rows without a single number are no values."""
    body = b"dep;jour;incid_hosp\n01;2021-01-01;\n2A;2021-01-01;NA\n"
    assert refused(hospital, body).rule == "empty"


def test_a_filter_that_keeps_nothing_is_rejected():
    """Upstream may have renamed the class."""
    body = b"dep;jour;incid_hosp;age\n01;2021-01-01;5;total\n"
    assert refused(hospital, body, where={"age": "0"}).rule == "empty"


@pytest.mark.parametrize(
    ("read", "good", "old", "new"),
    [
        (deaths, DEATHS, b"Country/Region", b"Country_Region"),
        (deaths, DEATHS, b"Lat", b"Latitude"),
        (hospital, HOSPITAL, b"incid_hosp", b"incid_hospit"),
        (hospital, HOSPITAL, b"jour", b"date"),
        (hospital, HOSPITAL, b"dep", b"departement"),
    ],
)
def test_a_renamed_column_is_rejected_with_both_names(read, good, old, new):
    """What was expected, what was found instead, and where to write it down."""
    reason = refused(read, good.replace(old, new, 1))
    assert reason.rule == "columns"
    assert reason.expected == f"columns ['{old.decode()}']"
    assert reason.found.startswith(f"['{new.decode()}']")
    assert "say so under aliases" in reason.remedy


def test_a_filter_on_a_column_that_is_gone_is_rejected():
    """The shipped file of screening is declared so: cl_age90 is unused, and filtered by."""
    refused(hospital, HOSPITAL, where={"age": "0"}, unused=["age"])


def test_mangled_dates_in_a_header_are_rejected():
    """As a spreadsheet writes them back."""
    body = DEATHS.replace(b"1/30/21", b"30-Jan-21").replace(b"1/31/21", b"31-Jan-21")
    reason = refused(deaths, body.replace(b"2/1/21", b"01-Feb-21"))
    assert reason.rule == "columns"
    assert reason.expected == "columns that are dates such as 01/30/21"
    assert "Country/Region" in reason.found
    assert "30-Jan-21" in reason.found


def test_one_mangled_date_in_a_header_is_found():
    """The column is left out and named; if it held known values, quality refuses the file."""
    parsed = deaths(DEATHS.replace(b"1/31/21", b"31-Jan"))
    assert struck(parsed) == {"extra_columns": {"31-Jan"}}
    assert len(next(iter(parsed.panel.values())).dates) == 2


def test_mangled_dates_in_rows_are_rejected():
    """An example shows what they should look like."""
    reason = refused(hospital, HOSPITAL.replace(b"2021-01-02", b"02/01/2021"))
    assert str(reason) == (
        "small.hospital, column jour: expected dates such as 2021-01-30; found ['02/01/2021']"
    )


@pytest.mark.parametrize(("read", "good"), [(deaths, DEATHS), (hospital, HOSPITAL)])
def test_a_last_row_that_was_cut_off_is_rejected(read, good):
    """The last line ends before its last cell."""
    reason = refused(read, good.rstrip()[:-2])
    assert (reason.rule, reason.found[:20]) == ("truncated", "a file that ends wit")


def test_lost_leading_zeros_are_rejected():
    """1 is no departement, 01 is; the remedy names the likely culprit."""
    codes = {"parts": {"dep": "0[1-9]|[1-9][0-9]|2[AB]|97[1-8]"}}
    assert hospital(expect=codes).panel
    reason = refused(hospital, HOSPITAL.replace(b'"01"', b"1"), expect=codes)
    assert str(reason) == (
        "small.hospital, column dep: expected codes like 0[1-9]|[1-9][0-9]|2[AB]|97[1-8]; "
        "found ['1']. A spreadsheet may have dropped leading zeros, or made dates of ranges."
    )


@pytest.mark.parametrize(("cell", "rule"), [(b"many", "numbers"), (b"inf", "numbers")])
def test_text_and_infinity_in_a_column_of_numbers_are_rejected(cell, rule):
    """The message names the column."""
    reason = refused(hospital, HOSPITAL.replace(b";3", b";" + cell))
    assert (reason.rule, reason.where) == (rule, "small.hospital, column incid_hosp")
    reason = refused(deaths, DEATHS.replace(b",12", b"," + cell))
    assert (reason.rule, reason.where) == (rule, "small.deaths, column 2/1/21")


def test_a_wrong_cell_is_named_by_its_row_in_the_file():
    """Row 4, counted from the header as 1, whatever the filter leaves of the file."""
    body = b"dep;jour;incid_hosp;age\n01;2021-01-01;5;0\n01;2021-01-01;2;9\n01;2021-01-02;x;0\n"
    assert "'x' in row 4" in refused(hospital, body, where={"age": "0"}).found


@pytest.mark.real
@pytest.mark.parametrize("source", JHU)
def test_jhu_holds_289_series_of_1143_days(source):
    """330,327 numbers a file, 660,654 in the two; none is missing."""
    parsed = real("jhu_global", source)
    [one] = parsed.panel.values()
    assert one.values.shape == (1143, 289)
    assert one.known == 660_654 // 2
    assert (str(one.dates[0]), str(one.dates[-1])) == ("2020-01-22", "2023-03-09")
    assert (np.diff(one.dates) == np.timedelta64(1, "D")).all()
    assert struck(parsed) == {}


@pytest.mark.real
def test_jhu_falls_where_countries_corrected_themselves():
    """Spain took back 1918 deaths on 2020-05-25, France 349,116 cases on 2021-05-20."""
    [dead] = real("jhu_global", "deaths").panel.values()
    [cases] = real("jhu_global", "confirmed").panel.values()
    for one, country, day, change in (
        (dead, "Spain", "2020-05-25", -1918),
        (dead, "Canada/Ontario", "2022-03-11", -411),
        (cases, "France", "2021-05-20", -349_116),
    ):
        column, row = one.series.index(country), list(one.dates.astype(str)).index(day)
        assert one.values[row, column] - one.values[row - 1, column] == change


@pytest.mark.real
def test_jhu_names_and_places_are_read_as_they_are():
    """Commas and quotes in names, null coordinates, the mainland under the country's own name."""
    parsed = real("jhu_global", "deaths")
    [one] = parsed.panel.values()
    names = {"Korea, South", "Taiwan*", "Cote d'Ivoire", "France", "France/Martinique"}
    assert names <= set(one.series)
    assert sum("/" in name for name in one.series) == 91
    nowhere = {name for name, said in parsed.attributes.items() if not said}
    assert nowhere == {"Canada/Repatriated Travellers", "China/Unknown"}


@pytest.mark.real
def test_the_departements_sum_to_the_national_deaths_on_every_day():
    """102 departements, 1108 days, no exception."""
    national = real("france_deaths", "indicators").panel[Key("indicators", "incid_dchosp")]
    local = real("france_deaths", "departements").panel[Key("departements", "incid_dchosp")]
    assert local.values.shape == (1108, 102)
    assert local.known == 1108 * 102
    np.testing.assert_array_equal(
        local.values.sum(axis=1), national.onto(local.dates, ("France",))[:, 0]
    )


@pytest.mark.real
def test_departements_stay_text():
    """01 keeps its zero, Corsica its letters, the overseas ones their three figures."""
    local = real("france_deaths", "departements").panel[Key("departements", "incid_dchosp")]
    assert {"France/01", "France/2A", "France/2B", "France/971", "France/978"} <= set(local.series)


@pytest.mark.real
def test_the_real_departements_without_their_zeros_are_rejected():
    """Some copies of the file have lost them."""
    body = unpacked(FRANCE["departements"]).replace(b'"0', b'"')
    with pytest.raises(Rejected) as reason:
        layouts.parse(datasets.load("france_deaths"), "departements", body)
    assert reason.value.found == "['1', '2', '3', '4', '5', '6', '7', '8']"


@pytest.mark.real
def test_decimal_commas_are_read():
    """The first day of screening: 901 positive of 39,846 tests, 2.26 per cent."""
    panel = real("france_deaths", "screening").panel
    first = {target: one.values[0, 0] for (_, target), one in panel.items()}
    assert first == {
        "pop": 67_114_992,
        "P": 901,
        "T": 39_846,
        "Ti": 1.34,
        "Tp": 2.26,
        "Td": 59.37,
    }
    assert {one.values.shape for one in panel.values()} == {(812, 1)}


@pytest.mark.real
def test_the_national_table_starts_and_ends_raggedly():
    """Hospitals from 2020-03-18 to 2023-06-30, tests from 2020-05-13 to three days before."""
    panel = real("france_deaths", "indicators").panel
    spans = {}
    for target in ("dchosp", "pos"):
        one = panel[Key("indicators", target)]
        days = one.dates[np.isfinite(one.values[:, 0])]
        spans[target] = (str(days[0]), str(days[-1]))
    assert spans == {"dchosp": ("2020-03-18", "2023-06-30"), "pos": ("2020-05-13", "2023-06-27")}


@pytest.mark.real
def test_the_regions_are_read_as_latin_1():
    """La Réunion keeps its accent, and a region called NA is one; as UTF-8 the file is refused."""
    spec = {"series": ["nomReg"], "unused": ["numReg"], "encoding": "latin-1"}
    regions = long(measure={"sources": {"hospital": "incid_rea"}}, **spec)
    body = unpacked(REAL / "france_spf" / "covid-hospit-incid-reg-2023-03-31-18h01.csv.gz")
    [one] = layouts.parse(regions, "hospital", body).panel.values()
    assert one.values.shape == (1108, 19)
    assert one.known == 21_052
    assert {"France/La Réunion", "France/NA"} <= set(one.series)
    spec["encoding"] = "utf-8"
    with pytest.raises(Rejected, match="expected utf-8 text"):
        layouts.parse(
            long(measure={"sources": {"hospital": "incid_rea"}}, **spec), "hospital", body
        )


@pytest.mark.real
def test_na_in_a_column_of_numbers_is_blank():
    """The region without a number is left out of the numbers, not of the rows."""
    spec = {"series": ["nomReg"], "unused": ["incid_rea"], "encoding": "latin-1"}
    regions = long(measure={"sources": {"hospital": "numReg"}}, **spec)
    body = unpacked(REAL / "france_spf" / "covid-hospit-incid-reg-2023-03-31-18h01.csv.gz")
    [one] = layouts.parse(regions, "hospital", body).panel.values()
    assert np.isnan(one.values[:, one.series.index("France/NA")]).all()
    assert one.known == 18 * 1108


VINTAGES = {
    "time_series_covid19_deaths_global_asof-2021-01-29": ("jhu_global", "deaths", 374, 273),
    "time_series_covid19_deaths_global_asof-2021-01-30": ("jhu_global", "deaths", 375, 273),
    "time_series_covid19_deaths_global_asof-2021-01-31": ("jhu_global", "deaths", 376, 273),
    "time_series_covid19_confirmed_global_asof-2021-01-30": ("jhu_global", "confirmed", 375, 273),
    "time_series_covid19_confirmed_global_asof-2021-01-31": ("jhu_global", "confirmed", 376, 273),
    "table-indicateurs-open-data-france_asof-2021-02-22": ("france_deaths", "indicators", 342, 1),
    "table-indicateurs-open-data-france_asof-2021-08-26": ("france_deaths", "indicators", 582, 1),
}


@pytest.mark.real
@pytest.mark.parametrize(("file", "found"), VINTAGES.items(), ids=VINTAGES)
def test_every_earlier_vintage_is_read_by_todays_file(file, found):
    """Columns came and went; the ones that are used have always been there."""
    dataset, source, days, series = found
    body = unpacked(REAL / "vintages" / f"{file}.csv.gz")
    parsed = layouts.parse(datasets.load(dataset), source, body)
    assert {one.values.shape for one in parsed.panel.values()} == {(days, series)}
    assert struck(parsed) == {}


@pytest.mark.real
@pytest.mark.parametrize("cut", [0.25, 0.5, 0.99])
def test_a_real_file_that_was_cut_off_is_rejected(cut):
    """Anywhere within a row."""
    body = unpacked(JHU["deaths"])
    with pytest.raises(Rejected, match="cells in the last row"):
        layouts.parse(datasets.load("jhu_global"), "deaths", body[: int(len(body) * cut)])
