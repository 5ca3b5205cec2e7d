"""The real files of Portugal, Our World in Data and the hospitals, as the product reads them."""

import json
from collections import Counter
from datetime import UTC, date, datetime

import numpy as np
import pytest
from examples import real, records_of, unpacked

from conftest import OWID, STAYS
from vigil import datasets, layouts, verdict
from vigil.errors import Rejected
from vigil.layouts import Parsed
from vigil.lines import resolve
from vigil.panel import Key
from vigil.quality import Finding
from vigil.records import keyed_hash
from vigil.verdict import Case

pytestmark = pytest.mark.real


def findings(name: str, source: str, at: datetime, **held: Parsed) -> dict[str, Finding]:
    """What is found in a real file, by rule and measure, those that are expected among it."""
    dataset = datasets.load(name)
    found = Case(dataset, source, real(name, source), held, at).findings()
    scope = f"{name}.{source}"
    return {
        f"{one.rule}{one.scope.removeprefix(scope)}": one
        for one in verdict.expected(dataset, found)
    }


def speaking(parsed: Parsed) -> dict[str, frozenset]:
    """What struck the reader."""
    return {mark.rule: mark.items for mark in parsed.marks if mark.speaks}


def test_portugal_has_212_series_in_three_levels():
    """One nation, 20 districts, 191 municipalities; six targets of each, in both files."""
    both = [real("portugal_mobility", name) for name in ("y2020", "y2021")]
    series = both[0].series | both[1].series
    assert Counter(name.count("/") for name in series) == {0: 1, 1: 20, 2: 191}
    assert {"Portugal", "Portugal/Lisbon", "Portugal/Évora District/Vila Viçosa"} <= series
    assert [{one.values.shape for one in parsed.panel.values()} for parsed in both] == [
        {(352, 212)},
        {(170, 212)},
    ]
    assert {len(parsed.panel) for parsed in both} == {6}


def test_a_column_that_was_put_in_between_is_no_matter():
    """The second file has place_id before the date: the national first of January is the same."""
    for name in ("y2020", "y2021"):
        one = real("portugal_mobility", name).panel[Key(name, "retail")]
        row, column = list(one.dates.astype(str)).index("2021-01-01"), one.series.index("Portugal")
        assert one.values[row, column] == -83


def test_the_6043_rows_that_both_files_have_all_agree():
    """Said once, as a note; the gaps of small places are expected, with the reason."""
    at = datetime(2021, 6, 23, 12, tzinfo=UTC)
    found = findings("portugal_mobility", "y2021", at, y2020=real("portugal_mobility", "y2020"))
    assert {rule: one.severity for rule, one in found.items()} == {
        "gaps": "known",
        "overlap": "info",
    }
    assert found["overlap"].found == "6043 rows in both, all agree"
    assert found["gaps"].found.startswith("2554 in 77 series")
    assert "for privacy" in found["gaps"].found


def test_the_overlapping_rows_are_in_the_line_once():
    """352 days of the first file and 170 of the second, less the 31 of January."""
    portugal = datasets.load("portugal_mobility")
    held = {name: real("portugal_mobility", name).panel for name in ("y2020", "y2021")}
    whole = resolve(portugal, "google", held)
    assert {key.source for key in whole} == {"google"}
    shapes = {one.values.shape for one in whole.values()}
    assert shapes == {(352 + 170 - 31, 212)}
    retail, old, new = (
        panel[Key(source, "retail")]
        for panel, source in ((whole, "google"), (held["y2020"], "y2020"), (held["y2021"], "y2021"))
    )
    before = old.until(np.datetime64("2020-12-31"))
    assert retail.known == before.known + new.known


def test_owid_has_238_series_of_which_13_are_aggregates():
    """Kosovo and Northern Cyprus are places in spite of their codes; the World is none."""
    attributes = real("owid", "owid").attributes
    aggregates = {name for name, said in attributes.items() if said["aggregate"]}
    assert (len(attributes), len(aggregates)) == (238, 13)
    assert {"OWID_WRL", "OWID_EUN", "OWID_INT"} <= aggregates
    assert {"OWID_KOS", "OWID_CYN", "KOR"}.isdisjoint(aggregates)


def test_namibia_and_north_america_stay_apart():
    """NAM is a part of the text OWID_NAM, and no part of the place."""
    attributes = real("owid", "owid").attributes
    assert attributes["NAM"] == {
        "name": "Namibia",
        "parent": "Africa",
        "population": 2_587_344,
        "aggregate": False,
    }
    assert attributes["OWID_NAM"] == {
        "name": "North America",
        "population": 596_581_283,
        "aggregate": True,
    }


def test_owid_passes_over_days_in_four_countries():
    """Estonia, Greece, Latvia and Norway; nothing else strikes the reader."""
    struck = speaking(real("owid", "owid"))
    assert list(struck) == ["gaps"]
    assert {series for series, _ in struck["gaps"]} == {"EST", "GRC", "LVA", "NOR"}


def test_owid_takes_back_97_cases_and_143_deaths():
    """Cells below zero: Spain -74,347 cases on 2021-03-02 and -1,918 deaths on 2020-05-25."""
    found = findings("owid", "owid", datetime(2022, 1, 21, tzinfo=UTC))
    assert (found["negative.cases"].count, found["negative.deaths"].count) == (97, 143)
    panel = real("owid", "owid").panel
    for target, day, value in (("cases", "2021-03-02", -74_347), ("deaths", "2020-05-25", -1918)):
        one = panel[Key("owid", target)]
        row = np.searchsorted(one.dates, np.datetime64(day))
        assert one.values[row, one.series.index("ESP")] == value


def test_korea_can_be_chosen():
    """One line in the dataset's file."""
    spec = datasets.load("owid").model_dump()
    spec["sources"]["owid"] |= {"where": {"code": ["KOR", "FRA"]}, "expect": {"series": 2}}
    body = unpacked(OWID)
    parsed = layouts.parse(datasets.Dataset.model_validate(spec), "owid", body)
    assert parsed.series == {"KOR", "FRA"}


def test_a_thousand_stays_are_typed():
    """All 18 columns but the two names; blanks null, ranges text, 995 patients as hashes."""
    stays = real("hospital_stay", "admissions")
    rows = [json.loads(record.fields) for record in records_of(stays.records).values()]
    assert len(rows) == 1000
    assert {len(row) for row in rows} == {16}
    assert sum(row["City_Code_Patient"] is None for row in rows) == 12
    assert Counter(row["Age"] for row in rows)["11-20"] == 58
    assert Counter(row["Stay"] for row in rows)["11-20"] == 233
    assert Counter(row["Stay"] for row in rows)["More than 100 Days"] == 24
    assert {type(row["Bed Grade"]) for row in rows} <= {int, type(None)}
    assert {type(row["Admission_Deposit"]) for row in rows} == {float}
    assert len({record.person for record in records_of(stays.records).values()}) == 995
    assert records_of(stays.records)["245329"].fields.startswith('{"Hospital_code": 8, ')
    assert speaking(stays) == {}


@pytest.mark.soak
def test_the_subset_without_names_is_taken_in_whole():
    """83,139 rows, 83 of them repetitions: each is a record of its own, about nobody."""
    body = unpacked(STAYS.with_name("train_subset_83139_rows_3class.csv.gz"))
    spec = datasets.load("hospital_stay")
    stays = layouts.parse(spec, "admissions", body, keyed_hash(b"key", spec.name))
    named = records_of(stays.records)
    assert len(named) == 83_139
    assert sum(not name.endswith("-1") for name in named) == 83
    assert {record.person for record in named.values()} == {None}
    said = Counter(json.loads(record.fields)["Stay"] for record in named.values())
    assert said == {"51-60": 35_005, ">70": 24_532, "0-10": 23_602}
    assert speaking(stays) == {}
    assert layouts.parse(spec, "admissions", body).records.names == stays.records.names


@pytest.mark.parametrize("file", ["sample_sub", "train_data_dictionary"])
def test_what_lies_beside_the_stays_is_refused(file):
    """A list of columns, and the form for the answers."""
    body = unpacked(STAYS.with_name(f"{file}.csv.gz"))
    with pytest.raises(Rejected, match="columns"):
        layouts.parse(datasets.load("hospital_stay"), "admissions", body)


def test_the_last_date_is_the_newest_with_a_value():
    """Of any measure of any series."""
    assert real("owid", "owid").last_date == date(2022, 1, 20)
    assert real("portugal_mobility", "y2021").last_date == date(2021, 6, 19)
