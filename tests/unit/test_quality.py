"""Quality: what is refused, what is found, and what passes without a word."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from examples import NOON, days, grid, long, real, unpacked, wide

from conftest import REAL
from vigil import datasets, layouts, quality
from vigil.errors import Rejected
from vigil.panel import Grid, Key
from vigil.quality import Finding

NAN = float("nan")
DEATHS, ADMITTED = Key("deaths", "deaths"), Key("hospital", "admitted")
FULL = datetime(2023, 3, 10, 12, tzinfo=UTC)  # when JHU's last file was there


def check(dataset, new: Grid, known: Grid | None = None, at=NOON, *, downloaded=True):
    """The findings on the one grid of a dataset."""
    [key] = [
        Key(source, name)
        for name, measure in dataset.measures.items()
        for source in measure.sources
    ]
    before = {} if known is None else {key: known}
    return quality.check(dataset, {key: new}, before, at, downloaded=downloaded)


def refused(*arguments, **more) -> Rejected:
    """The reason why a grid is refused: it says where."""
    with pytest.raises(Rejected) as reason:
        check(*arguments, **more)
    assert reason.value.where.startswith("small.")
    return reason.value


def test_a_good_grid_passes_without_a_word():
    """Rising totals up to yesterday, and the same as before where there was something."""
    one = grid([[1, 5], [2, 5], [4, 6]], "AB")
    assert check(wide(), one) == []
    assert check(wide(), one, grid([[1, 5], [2, 5]], "AB")) == []


def test_a_total_that_falls_is_found_and_kept():
    """Two falls in two series; the latest is B's on the fourth day."""
    [finding] = check(wide(), grid([[5, 5], [4, 5], [6, 7], [6, 2]], "AB"))
    assert finding == Finding(
        rule="falling_total",
        severity="warning",
        scope="small.deaths.deaths",
        expected="a total that never falls",
        found="2 in 2 series, the latest B on 2021-01-04",
        since=date(2021, 1, 4),
        count=2,
    )


def test_a_fall_across_a_gap_is_found():
    """5, nothing, 3."""
    [finding] = check(wide(), grid([[5], [NAN], [3]]))
    assert (finding.rule, finding.count, finding.since) == ("falling_total", 1, date(2021, 1, 3))


def test_numbers_of_the_day_may_fall():
    """Only totals never do."""
    assert check(long(), grid([[5], [3], [0], [4]])) == []


def test_negative_counts_are_found_and_kept():
    """Three of them in one series."""
    [finding] = check(long(), grid([[5, 1], [-3, 1], [-1, 0], [-4, 4]], "AB"))
    assert (finding.rule, finding.severity, finding.count) == ("negative", "warning", 3)
    assert finding.found == "3 in 1 series, the latest A on 2021-01-04"


def test_a_measure_may_be_declared_to_go_below_zero():
    """Temperatures, changes against a baseline."""
    assert check(long(measure={"non_negative": False}), grid([[-3], [2], [-5], [1]])) == []


def test_days_that_are_missing_in_the_middle_are_found():
    """Two after the second, one after the fifth."""
    at = np.array([0, 1, 4, 5, 7, 8, 9])
    one = Grid(np.datetime64("2021-01-01", "D") + at, ("A",), np.ones((7, 1)))
    [finding] = check(long(), one, at=datetime(2021, 1, 11, tzinfo=UTC))
    assert (finding.rule, finding.count, finding.since) == ("gaps", 3, date(2021, 1, 2))
    assert finding.found == "3 missing, the first after 2021-01-02"


def test_a_weekly_source_has_no_gaps_until_a_week_is_missing():
    """What is usual is the median."""
    weekly = np.datetime64("2021-01-01", "D") + np.array([0, 7, 14, 21, 28])
    at = datetime(2021, 1, 30, tzinfo=UTC)
    assert check(long(), Grid(weekly, ("A",), np.ones((5, 1))), at=at) == []
    without = np.delete(weekly, 2)
    [finding] = check(long(), Grid(without, ("A",), np.ones((4, 1))), at=at)
    assert (finding.rule, finding.count, finding.since) == ("gaps", 7, date(2021, 1, 8))


def test_a_column_without_values_is_noted():
    """No reason to refuse the others."""
    dataset = long().model_dump()
    dataset["covariates"] = {"icu": {"sources": {"hospital": "incid_rea"}, "unit": "people"}}
    both = type(long()).model_validate(dataset)
    new = {ADMITTED: grid([[5], [6]]), Key("hospital", "icu"): grid([[NAN], [NAN]])}
    [finding] = quality.check(both, new, {}, NOON, downloaded=True)
    assert (finding.rule, finding.severity) == ("empty_column", "info")
    assert finding.scope == "small.hospital.icu"


@pytest.mark.parametrize(
    ("last", "fine"), [("2021-01-04", 1), ("2021-01-05", 1), ("2021-01-06", 0)]
)
def test_a_date_in_the_future_is_rejected(last, fine):
    """Tomorrow is still today east of here; the day after is not."""
    one = Grid(days(last, 1), ("A",), np.ones((1, 1)))
    if fine:
        assert check(long(), one) == []
        return
    reason = refused(long(), one)
    assert str(reason) == (
        "small.hospital.admitted: expected no date after 2021-01-04, the moment of this vintage; "
        "found 2021-01-06. If the file is newer than that, give its own moment with --as-of."
    )


def test_a_future_date_without_a_value_is_no_matter():
    """Some tables are laid out up to the end of the year."""
    assert check(long(), grid([[5], [6], [7], [8], [NAN], [NAN], [NAN]])) == []


@pytest.mark.parametrize("downloaded", [True, False])
def test_too_few_series_are_rejected(downloaded):
    """Two where three were promised."""
    dataset = long(expect={"series": 3})
    assert check(dataset, grid([[1, 2, 3]], "ABC")) == []
    reason = refused(dataset, grid([[1, 2]], "AB"), downloaded=downloaded)
    assert (reason.rule, reason.expected, reason.found) == ("few_series", "at least 3 series", "2")


def test_a_download_that_is_old_is_rejected():
    """On the 4th the last value may be of the 28th, not of the 27th; the old data stay."""
    fresh = grid([[5]], first="2020-12-28")
    assert check(long(), fresh) == []
    reason = refused(long(), grid([[5]], first="2020-12-27"))
    assert reason.rule == "stale"
    assert str(reason) == (
        "small.hospital: expected data up to 2020-12-28 or later, as of 2021-01-04; "
        "found the last date is 2020-12-27"
    )


def test_a_file_given_by_hand_may_be_old():
    """It is found, not refused."""
    [finding] = check(long(), grid([[5]], first="2020-12-27"), downloaded=False)
    assert (finding.rule, finding.severity) == ("stale", "warning")
    assert finding.since == date(2020, 12, 27)


@pytest.mark.parametrize("downloaded", [True, False])
def test_a_source_that_has_ended_is_never_stale(downloaded):
    """Once its last date is there; before that it is as late as any other."""
    dataset = long(ended="2020-06-30")
    whole, part = grid([[5]], first="2020-06-30"), grid([[5]], first="2020-06-29")
    assert check(dataset, whole, downloaded=downloaded) == []
    if downloaded:
        assert refused(dataset, part).rule == "stale"
    else:
        assert [finding.rule for finding in check(dataset, part, downloaded=False)] == ["stale"]


def test_a_dataset_may_wait_longer():
    """A weekly source is not stale after eight days."""
    assert check(long(expect={"stale_days": 14}), grid([[5]], first="2020-12-27")) == []


def hundred(gone: int) -> Grid:
    """A hundred values but for so many."""
    values = np.arange(1.0, 101.0)[:, None]
    values[:gone] = NAN
    return Grid(days("2020-09-25", 100), ("A",), values)


def test_a_file_that_lost_more_than_is_allowed_is_rejected():
    """Two of a hundred may vanish, three not; the remedy names the setting."""
    assert check(long(), hundred(2), hundred(0)) == []
    reason = refused(long(), hundred(3), hundred(0))
    assert str(reason) == (
        "small.hospital.admitted: expected at most 2 of 100 known values gone; found 3 gone. "
        "If upstream meant it, raise expect.shrink in the dataset's YAML."
    )
    assert check(long(expect={"shrink": 0.03}), hundred(3), hundred(0)) == []


@pytest.mark.parametrize("keep", [slice(None, 50), slice(50, None)])
def test_a_file_cut_to_half_its_days_is_rejected(keep):
    """Whichever half is left."""
    whole = hundred(0)
    part = Grid(whole.dates[keep], whole.series, whole.values[keep])
    assert refused(long(), part, whole, downloaded=False).rule == "shrunken"


def test_values_that_were_never_known_cannot_be_lost():
    """Nothing is nothing."""
    assert check(long(), hundred(90), hundred(90)) == []


def test_new_values_do_not_make_up_for_lost_ones():
    """Three of a hundred gone and a hundred more of B: still three gone."""
    wider = Grid(hundred(3).dates, ("A", "B"), np.hstack([hundred(3).values, hundred(0).values]))
    assert refused(long(), wider, hundred(0)).rule == "shrunken"


def test_a_file_of_zeros_where_there_were_numbers_is_rejected():
    """A broken export, not the end of an epidemic."""
    known = grid([[5], [6]])
    reason = refused(long(), grid([[0], [0]]), known)
    assert (reason.rule, reason.expected, reason.found) == (
        "all_zero",
        "numbers as before",
        "only zeros",
    )


def test_a_file_of_zeros_is_accepted_where_nothing_else_was_known():
    """New, or zeros as before: 16 real series have never had a death."""
    assert check(long(), grid([[0], [0]])) == []
    assert check(long(), grid([[0], [0], [0]]), grid([[0], [0]])) == []


def test_a_column_that_turned_blank_is_not_called_zeros():
    """The message says what was found."""
    dataset = long(expect={"shrink": 0.9}).model_dump()
    dataset["covariates"] = {"icu": {"sources": {"hospital": "incid_rea"}, "unit": "people"}}
    both, icu = type(long()).model_validate(dataset), Key("hospital", "icu")
    known = {ADMITTED: grid([[5], [6]]), icu: grid([[2], [3]])}
    with pytest.raises(Rejected) as reason:
        quality.check(both, {**known, icu: grid([[NAN], [NAN]])}, known, NOON, downloaded=True)
    assert "zeros" not in reason.value.found


def test_a_measure_that_vanished_whole_is_rejected():
    """All of its known values are gone, and 2 per cent are allowed."""
    dataset = long(optional=["incid_rea"]).model_dump()
    dataset["covariates"] = {"icu": {"sources": {"hospital": "incid_rea"}, "unit": "people"}}
    both, icu = type(long()).model_validate(dataset), Key("hospital", "icu")
    known = {ADMITTED: grid([[5], [6]]), icu: grid([[2], [3]])}
    with pytest.raises(Rejected):
        quality.check(both, {ADMITTED: known[ADMITTED]}, known, NOON, downloaded=True)


def test_a_measure_that_the_dataset_no_longer_names_is_no_loss():
    """Whoever takes a covariate out of the YAML wants no more of it; its past stays known."""
    known = {ADMITTED: grid([[5], [6]]), Key("hospital", "icu"): grid([[2], [3]])}
    assert quality.check(long(), {ADMITTED: known[ADMITTED]}, known, NOON, downloaded=True) == []


def test_series_that_come_and_go_are_named():
    """A was renamed to C: a warning for what is gone, a note for what is new."""
    known = Grid(days("2021-01-01", 1), ("A", *map(str, range(99))), np.ones((1, 100)))
    new = replace(known, series=("C", *known.series[1:]))
    lost, added = check(long(), new, known)
    assert (lost.rule, lost.severity, lost.found) == ("lost_series", "warning", "no ['A']")
    assert (added.rule, added.severity, added.found) == ("new_series", "info", "also ['C']")


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
    panel = real("jhu_global", source).panel
    for at in (FULL, FULL.replace(year=2033)):
        [finding] = quality.check(datasets.load("jhu_global"), panel, {}, at, downloaded=True)
        assert (finding.rule, finding.found) == ("falling_total", found)


@pytest.mark.real
def test_the_real_screening_file_is_stale():
    """It stops on 2022-08-02, the source on 2023-06-30: a download would be refused."""
    panel = real("france_deaths", "screening").panel
    france, at = datasets.load("france_deaths"), datetime(2023, 7, 1, tzinfo=UTC)
    [finding] = quality.check(france, panel, {}, at, downloaded=False)
    assert (finding.rule, finding.since) == ("stale", date(2022, 8, 2))
    with pytest.raises(Rejected, match="expected data up to 2023-06-24 or later"):
        quality.check(france, panel, {}, at, downloaded=True)


@pytest.mark.real
def test_a_real_file_of_two_years_before_is_refused_after_the_last_one():
    """The same source, reverting to older content: 768 of 1143 days are gone."""
    jhu, known = datasets.load("jhu_global"), real("jhu_global", "deaths").panel
    file = REAL / "vintages" / "time_series_covid19_deaths_global_asof-2021-01-30.csv.gz"
    old = layouts.parse(jhu, "deaths", unpacked(file)).panel
    with pytest.raises(Rejected, match=r"expected at most 6606 of 330327 known values gone"):
        quality.check(jhu, old, known, FULL, downloaded=False)


@pytest.mark.real
def test_the_next_real_file_is_accepted_after_the_one_before():
    """A day more, and revisions within the limits: no series is lost or new."""
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
    found = quality.check(jhu, after, before, at, downloaded=True)
    assert [finding.rule for finding in found] == ["falling_total"]
