"""Quality: what is refused, what a rule has to say, and what of it is news."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from examples import NOON, days, grid, long, real, unpacked, wide

from conftest import REAL
from vigil import datasets, layouts, quality
from vigil.errors import Rejected
from vigil.panel import Grid, Key
from vigil.quality import Finding, Mark

NAN = float("nan")
DEATHS, ADMITTED = Key("deaths", "deaths"), Key("hospital", "admitted")
FULL = datetime(2023, 3, 10, 12, tzinfo=UTC)  # when JHU's last file was there
NEW_YEAR = 18_628  # 2021-01-01, in days since 1970


def only(dataset) -> Key:
    """The one grid of a dataset."""
    [(name, measure)] = dataset.measures.items()
    [source] = measure.sources
    return Key(source, name)


def check(dataset, new: Grid, known: Grid | None = None, at=NOON, *, downloaded=True) -> None:
    """Hold the one grid of a dataset against its contract and the one before."""
    key = only(dataset)
    before = {} if known is None else {key: known}
    quality.check(dataset, key.source, {key: new}, before, at, downloaded=downloaded)


def struck(dataset, new: Grid) -> dict[str, frozenset]:
    """What is odd about the one grid of a dataset: each rule that speaks, and what of."""
    key = only(dataset)
    found = quality.marks(dataset, key.source, {key: new})
    return {mark.rule: mark.items for mark in found if mark.speaks}


def refused(*arguments, **more) -> Rejected:
    """The reason why a grid is refused: it says where."""
    with pytest.raises(Rejected) as reason:
        check(*arguments, **more)
    assert reason.value.where.startswith("small.")
    return reason.value


def test_a_good_grid_passes_without_a_word():
    """Rising totals up to yesterday, and the same as before where there was something."""
    one = grid([[1, 5], [2, 5], [4, 6]], "AB")
    check(wide(), one)
    check(wide(), one, grid([[1, 5], [2, 5]], "AB"))
    assert struck(wide(), one) == {}


def test_a_total_that_falls_is_found_and_kept():
    """Two falls in two series: A's on the second day, B's on the fourth."""
    falls = {("A", NEW_YEAR + 1), ("B", NEW_YEAR + 3)}
    one = grid([[5, 5], [4, 5], [6, 7], [6, 2]], "AB")
    assert struck(wide(), one) == {"falling_total": falls}
    assert struck(wide(expect={"falls": 2}), one) == {}
    assert struck(wide(expect={"falls": 1}), one) == {"falling_total": falls}


def test_a_fall_across_a_gap_is_found():
    """5, nothing, 3."""
    assert struck(wide(), grid([[5], [NAN], [3]])) == {"falling_total": {("A", NEW_YEAR + 2)}}


def test_numbers_of_the_day_may_fall():
    """Only totals never do."""
    assert struck(long(), grid([[5], [3], [0], [4]])) == {}


def test_negative_counts_are_found_and_kept():
    """Three of them in one series; as many may be allowed."""
    one = grid([[5, 1], [-3, 1], [-1, 0], [-4, 4]], "AB")
    cells = {("A", NEW_YEAR + day) for day in (1, 2, 3)}
    assert struck(long(), one) == {"negative": cells}
    assert struck(long(expect={"negatives": 3}), one) == {}
    assert struck(long(expect={"negatives": 2}), one) == {"negative": cells}


def test_a_measure_may_be_declared_to_go_below_zero():
    """Temperatures, changes against a baseline."""
    assert struck(long(measure={"non_negative": False}), grid([[-3], [2], [-5], [1]])) == {}


def test_a_column_without_values_is_noted():
    """No reason to refuse the others."""
    dataset = long().model_dump()
    dataset["covariates"] = {"icu": {"sources": {"hospital": "incid_rea"}, "unit": "people"}}
    both = type(long()).model_validate(dataset)
    new = {ADMITTED: grid([[5], [6]]), Key("hospital", "icu"): grid([[NAN], [NAN]])}
    quality.check(both, "hospital", new, {}, NOON, downloaded=True)
    [mark] = (mark for mark in quality.marks(both, "hospital", new) if mark.speaks)
    assert (mark.rule, mark.severity) == ("empty_column", "info")
    assert mark.scope == "small.hospital.icu"


def test_a_source_that_has_reached_its_end_says_so():
    """Once, as a note: nobody waits for more."""
    dataset = long(ended="2021-01-02")
    key = only(dataset)
    assert "ended" not in struck(dataset, grid([[5]]))
    [mark] = (m for m in quality.marks(dataset, "hospital", {key: grid([[5], [6]])}) if m.speaks)
    assert (mark.rule, mark.severity, mark.scope) == ("ended", "info", "small.hospital")
    assert mark.items == {"2021-01-02, and the file reaches it"}


@pytest.mark.parametrize("last", ["2021-01-04", "2021-01-05"])
def test_tomorrow_is_no_future(last):
    """It is today already east of here."""
    check(long(), Grid(days(last, 1), ("A",), np.ones((1, 1))))


def test_a_date_in_the_future_is_rejected():
    """The day after tomorrow is nobody's today; the dataset's file may allow more."""
    one = Grid(days("2021-01-06", 1), ("A",), np.ones((1, 1)))
    assert str(refused(long(), one)) == (
        "small.hospital: expected no date after 2021-01-05, as of 2021-01-04; "
        "found 2021-01-06. If the file is newer than that, give its own moment with --as-of."
    )
    check(long(expect={"future_days": 2}), one)


def test_a_future_date_without_a_value_is_no_matter():
    """Some tables are laid out up to the end of the year."""
    check(long(), grid([[5], [6], [7], [8], [NAN], [NAN], [NAN]]))


@pytest.mark.parametrize("downloaded", [True, False])
def test_too_few_series_are_rejected(downloaded):
    """Two where three were promised."""
    dataset = long(expect={"series": 3})
    check(dataset, grid([[1, 2, 3]], "ABC"))
    reason = refused(dataset, grid([[1, 2]], "AB"), downloaded=downloaded)
    assert (reason.rule, reason.expected, reason.found) == ("few_series", "at least 3 series", "2")


def test_a_download_that_is_old_is_rejected():
    """On the 4th the last value may be of the 28th, not of the 27th; the old data stay."""
    check(long(), grid([[5]], first="2020-12-28"))
    reason = refused(long(), grid([[5]], first="2020-12-27"))
    assert reason.rule == "stale"
    assert str(reason) == (
        "small.hospital: expected data up to 2020-12-28 or later, as of 2021-01-04; "
        "found the last date is 2020-12-27"
    )


def test_a_file_given_by_hand_may_be_old():
    """It is found, not refused."""
    old = grid([[5]], first="2020-12-27")
    check(long(), old, downloaded=False)
    finding = quality.stale(long().sources["hospital"], "small.hospital", date(2020, 12, 27), NOON)
    assert finding == Finding(
        rule="stale",
        severity="warning",
        scope="small.hospital",
        expected="data up to 2020-12-28 or later, as of 2021-01-04",
        found="the last date is 2020-12-27",
        since=date(2020, 12, 27),
    )


def test_a_source_that_has_ended_is_never_stale():
    """Once its last date is there; before that it is as late as any other."""
    dataset = long(ended="2020-06-30")
    check(dataset, grid([[5]], first="2020-06-30"))
    assert refused(dataset, grid([[5]], first="2020-06-29")).rule == "stale"


def test_a_dataset_may_wait_longer():
    """A weekly source is not stale after eight days."""
    check(long(expect={"stale_days": 14}), grid([[5]], first="2020-12-27"))


def test_a_file_that_goes_back_in_time_is_rejected():
    """Three days less than before may be a correction, four are an older file."""
    known, may_vanish = grid([[5], [6], [7], [8]]), {"shrink": 0.99}
    check(long(expect=may_vanish), grid([[5]]), known)
    reason = refused(long(expect=may_vanish), grid([[5]], first="2020-12-31"), known)
    assert (reason.rule, reason.expected) == (
        "reverted",
        "dates up to 2021-01-04, at most 3 days less",
    )
    assert reason.found == "the last date is 2020-12-31: an older file"
    assert "expect.retreat_days" in reason.remedy
    longer = {**may_vanish, "retreat_days": 4}
    assert refused(long(expect=longer), grid([[5]], first="2020-12-31"), known).rule == "shrunken"


def hundred(gone: int) -> Grid:
    """A hundred values but for so many."""
    values = np.arange(1.0, 101.0)[:, None]
    values[:gone] = NAN
    return Grid(days("2020-09-25", 100), ("A",), values)


def test_a_file_that_lost_more_than_is_allowed_is_rejected():
    """Two of a hundred may vanish, three not; the remedy names the setting."""
    check(long(), hundred(2), hundred(0))
    reason = refused(long(), hundred(3), hundred(0))
    assert str(reason) == (
        "small.hospital.admitted: expected at most 2 of 100 known values gone; found 3 gone. "
        "If upstream meant it, raise expect.shrink in the dataset's YAML."
    )
    check(long(expect={"shrink": 0.03}), hundred(3), hundred(0))


@pytest.mark.parametrize(
    ("keep", "rule"), [(slice(None, 50), "reverted"), (slice(50, None), "shrunken")]
)
def test_a_file_cut_to_half_its_days_is_rejected(keep, rule):
    """Whichever half is left: an older file, or one that lost its past."""
    whole = hundred(0)
    part = Grid(whole.dates[keep], whole.series, whole.values[keep])
    assert refused(long(), part, whole, downloaded=False).rule == rule


def test_values_that_were_never_known_cannot_be_lost():
    """Nothing is nothing."""
    check(long(), hundred(90), hundred(90))


def test_new_values_do_not_make_up_for_lost_ones():
    """Three of a hundred gone and a hundred more of B: still three gone."""
    wider = Grid(hundred(3).dates, ("A", "B"), np.hstack([hundred(3).values, hundred(0).values]))
    assert refused(long(), wider, hundred(0)).rule == "shrunken"


def test_a_file_of_zeros_where_there_were_numbers_is_rejected():
    """A broken export, not the end of an epidemic."""
    reason = refused(long(), grid([[0], [0]]), grid([[5], [6]]))
    assert (reason.rule, reason.expected, reason.found) == (
        "all_zero",
        "numbers as before, 0% of them zero",
        "100% of them zero",
    )


def test_a_share_of_zeros_may_be_too_many():
    """Nine of ten where there was one in ten, and nine tenths are the threshold."""
    known, new = (grid([[0]] * zeros + [[5]] * (10 - zeros)) for zeros in (1, 9))
    at = datetime(2021, 1, 11, tzinfo=UTC)
    check(long(), new, known, at)
    reason = refused(long(expect={"zeros": 0.9}), new, known, at)
    assert (reason.expected, reason.found) == (
        "numbers as before, 10% of them zero",
        "90% of them zero",
    )
    check(long(expect={"zeros": 0.9}), new, new, at)


def test_a_file_of_zeros_is_accepted_where_nothing_else_was_known():
    """New, or zeros as before: 16 real series have never had a death."""
    check(long(), grid([[0], [0]]))
    check(long(), grid([[0], [0], [0]]), grid([[0], [0]]))


BOTH = long(optional=["incid_rea"]).model_dump()
BOTH["covariates"] = {"icu": {"sources": {"hospital": "incid_rea"}, "unit": "people"}}
ICU = Key("hospital", "icu")
TWO = {ADMITTED: grid([[5], [6]]), ICU: grid([[2], [3]])}


def test_a_column_that_turned_blank_is_not_called_zeros():
    """The message says what was found."""
    both = type(long()).model_validate(BOTH)
    with pytest.raises(Rejected) as reason:
        quality.check(
            both, "hospital", {**TWO, ICU: grid([[NAN], [NAN]])}, TWO, NOON, downloaded=True
        )
    assert (reason.value.rule, reason.value.found) == ("shrunken", "2 gone")


def test_a_column_that_is_gone_and_was_optional_is_no_breach():
    """The dataset's file says that it may be absent; its values are gone, and that is kept."""
    both = type(long()).model_validate(BOTH)
    quality.check(both, "hospital", {ADMITTED: TWO[ADMITTED]}, TWO, NOON, downloaded=True)


def mark(*items, rule="negative", allowed=0, severity="warning") -> Mark:
    """What a rule has to say."""
    return Mark(rule, "small.hospital.admitted", "none", frozenset(items), allowed, severity)


A1, A2, B1, B3 = (
    (name, NEW_YEAR + day - 1) for name, day in (("A", 1), ("A", 2), ("B", 1), ("B", 3))
)


def test_what_is_found_first_is_said_in_words_and_numbers():
    """How many, in how many series, the latest of them, and since when."""
    assert list(quality.news([mark(A1, A2, B3)], [], NOON)) == [
        Finding(
            rule="negative",
            severity="warning",
            scope="small.hospital.admitted",
            expected="none",
            found="3 in 2 series, the latest B on 2021-01-03",
            since=date(2021, 1, 1),
            count=3,
        )
    ]


def test_nothing_is_said_twice():
    """The same again, or less of it, is no news."""
    assert list(quality.news([mark(A1, A2)], [mark(A1, A2)], NOON)) == []
    assert list(quality.news([mark(A1)], [mark(A1, A2)], NOON)) == []


def test_only_what_is_new_is_said():
    """One new of three, and since its own date."""
    [finding] = quality.news([mark(A1, A2, B3)], [mark(A1, A2)], NOON)
    assert finding.found == "1 new of 3 in 2 series, the latest B on 2021-01-03"
    assert (finding.since, finding.count) == (date(2021, 1, 3), 3)


@pytest.mark.parametrize("now", [[], [mark()]], ids=["no longer asked", "asked, and nothing found"])
def test_what_is_over_is_cleared_once(now):
    """Whoever waits for the end is told; the next time nothing is."""
    [finding] = quality.news(now, [mark(A1, B1)], NOON)
    assert finding == Finding(
        "negative",
        "cleared",
        "small.hospital.admitted",
        "none",
        "all in order",
        date(2021, 1, 4),
    )
    assert list(quality.news(now, now, NOON)) == []


def test_what_is_allowed_is_not_said_until_it_is_more():
    """Two may be below zero: the third brings all three to light."""
    two, three = mark(A1, A2, allowed=2), mark(A1, A2, B3, allowed=2)
    assert list(quality.news([two], [], NOON)) == []
    [finding] = quality.news([three], [two], NOON)
    assert finding.found.startswith("3 in 2 series")
    [finding] = quality.news([two], [three], NOON)
    assert finding.severity == "cleared"


def test_the_same_rule_of_another_scope_is_another_thing():
    """What stands for one measure hides nothing of the next."""
    other = replace(mark(A1), scope="small.hospital.icu")
    assert len(list(quality.news([mark(A1), other], [mark(A1)], NOON))) == 1


def test_names_are_listed_up_to_eight():
    """Columns, or series as a whole, in order; since the day on which they were found."""
    [finding] = quality.news([mark(*"jihgfedcba", rule="rhythm")], [], NOON)
    assert finding.found == "a, b, c, d, e, f, g, h and 2 more"
    assert (finding.since, finding.count) == (date(2021, 1, 4), 10)


@pytest.mark.real
@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("deaths", "291 in 106 series, the latest US on 2023-03-05"),
        ("confirmed", "362 in 128 series, the latest Brazil on 2023-03-06"),
    ],
)
def test_the_falls_in_the_real_totals_are_counted(source, found):
    """And nothing else is wrong with the last files of JHU, today or ten years on."""
    panel, jhu = real("jhu_global", source).panel, datasets.load("jhu_global")
    for at in (FULL, FULL.replace(year=2033)):
        quality.check(jhu, source, panel, {}, at, downloaded=True)
    findings = list(quality.news(quality.marks(jhu, source, panel), [], FULL))
    assert [(finding.rule, finding.found) for finding in findings] == [
        ("falling_total", found),
        ("ended", "2023-03-09, and the file reaches it"),
    ]


@pytest.mark.real
def test_the_real_screening_file_is_stale():
    """It stops on 2022-08-02, the source on 2023-06-30: a download would be refused."""
    panel = real("france_deaths", "screening").panel
    france, at = datasets.load("france_deaths"), datetime(2023, 7, 1, tzinfo=UTC)
    quality.check(france, "screening", panel, {}, at, downloaded=False)
    with pytest.raises(Rejected, match="expected data up to 2023-06-24 or later"):
        quality.check(france, "screening", panel, {}, at, downloaded=True)


@pytest.mark.real
def test_a_real_file_of_two_years_before_is_refused_after_the_last_one():
    """The same source, reverting to older content."""
    jhu, known = datasets.load("jhu_global"), real("jhu_global", "deaths").panel
    file = REAL / "vintages" / "time_series_covid19_deaths_global_asof-2021-01-30.csv.gz"
    old = layouts.parse(jhu, "deaths", unpacked(file)).panel
    with pytest.raises(Rejected, match=r"dates up to 2023-03-09, .* last date is 2021-01-30"):
        quality.check(jhu, "deaths", old, known, FULL, downloaded=False)


@pytest.mark.real
def test_the_next_real_file_is_accepted_after_the_one_before():
    """A day more, and revisions within the limits: 86 falls as before, and nothing is news."""
    jhu = datasets.load("jhu_global")
    before, after = (
        layouts.parse(
            jhu,
            "deaths",
            unpacked(REAL / "vintages" / f"time_series_covid19_deaths_global_asof-{day}.csv.gz"),
        ).panel
        for day in ("2021-01-30", "2021-01-31")
    )
    at = datetime(2021, 2, 1, tzinfo=UTC)
    quality.check(jhu, "deaths", after, before, at, downloaded=True)
    old, new = (list(quality.marks(jhu, "deaths", panel)) for panel in (before, after))
    assert {mark.rule for mark in new if mark.speaks} == {"falling_total"}
    assert sum(len(mark.items) for mark in new) == 86
    assert list(quality.news(new, old, at)) == []
