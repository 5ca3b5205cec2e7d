"""Behaviour: what a source does from one content to the next, and beside the one it follows."""

from datetime import date

import numpy as np
from examples import NOON, days, grid, long, wide

from vigil import behaviour
from vigil.panel import Grid, Key
from vigil.quality import Finding

ADMITTED, DEATHS = Key("hospital", "admitted"), Key("deaths", "deaths")


def column(values: list[float]) -> Grid:
    """One series, a row a day."""
    return Grid(days("2021-01-01", len(values)), ("A",), np.array(values, float)[:, None])


def jumps(new: list[float], known: int, dataset=None) -> list[Finding]:
    """The jumps among values of which so many were known before."""
    after, before = column(new), column(new[:known])
    return list(
        behaviour.jumps(dataset or long(), "hospital", {ADMITTED: after}, {ADMITTED: before})
    )


def test_a_number_that_towers_over_the_days_before_is_a_jump():
    """Ten times the largest of the days before and ten more: 5 allows 150, and 151 is too much."""
    usual = [3.0, 5.0, 4.0]
    assert jumps([*usual, 150], 3) == []
    assert jumps([*usual, 151], 3) == [
        Finding(
            rule="jump",
            severity="warning",
            scope="small.hospital.admitted",
            expected="at most 10 times the largest of the 28 days before",
            found="1 in 1 series, the latest A on 2021-01-04",
            since=date(2021, 1, 4),
        )
    ]


def test_the_threshold_of_a_jump_is_the_datasets():
    """Twice: 5 allows 30."""
    twice = long(expect={"jump": 2})
    assert jumps([5, 30], 1, twice) == []
    [finding] = jumps([5, 31], 1, twice)
    assert finding.expected == "at most 2 times the largest of the 28 days before"


def test_a_jump_is_compared_with_28_days():
    """A number of 28 days before still counts, one of 29 days before does not."""
    assert jumps([50, *[0] * 27, 500], 28) == []
    assert len(jumps([50, *[0] * 28, 500], 29)) == 1


def test_only_new_dates_can_jump():
    """What was known is not said again, and the first content of all says nothing."""
    assert jumps([5, 500, 5], 2) == []
    assert jumps([5, 500, 5], 0) == []
    assert list(behaviour.jumps(long(), "hospital", {ADMITTED: column([5, 500])}, {})) == []


def test_small_numbers_are_noise():
    """From none to a hundred in one day is within ten times ten."""
    assert jumps([0, 100], 1) == []
    assert len(jumps([0, 101], 1)) == 1


def test_running_totals_jump_by_their_numbers_a_day():
    """5 a day, then 200; the total itself is always larger than before."""
    after = column([1000, 1005, 1010, 1210])
    before = column([1000, 1005, 1010])
    [finding] = behaviour.jumps(wide(), "deaths", {DEATHS: after}, {DEATHS: before})
    assert finding.found == "1 in 1 series, the latest A on 2021-01-04"
    calm = column([1000, 1005, 1010, 1020])
    assert list(behaviour.jumps(wide(), "deaths", {DEATHS: calm}, {DEATHS: before})) == []


def test_what_may_be_negative_does_not_jump():
    """A change of minus five to plus 200 per cent is a holiday."""
    assert jumps([5, 500], 1, long(measure={"non_negative": False})) == []


def rhythm(values: list[float], **expect) -> list[frozenset]:
    """The series whose rhythm has changed; none when there is too little to tell."""
    found = behaviour.rhythm(long(expect=expect), "hospital", {ADMITTED: column(values)})
    return [mark.items for mark in found]


DAILY, WEEKLY = [1.0] * 7, [7.0, 0, 0, 0, 0, 0, 0]


def test_a_series_that_reports_once_a_week_after_every_day_has_changed_its_rhythm():
    """Seven days a week in four weeks, then one: six fewer, and three are the threshold."""
    assert rhythm(DAILY * 4 + WEEKLY * 4) == [{"A"}]
    assert rhythm(WEEKLY * 4 + DAILY * 4) == [{"A"}]
    assert rhythm(DAILY * 4 + WEEKLY * 4, rhythm=6) == [{"A"}]
    assert rhythm(DAILY * 4 + WEEKLY * 4, rhythm=6.5) == [frozenset()]


def test_a_rhythm_that_stays_is_no_change():
    """Every day, once a week, never."""
    for week in (DAILY, WEEKLY, [0.0] * 7):
        assert rhythm(week * 8) == [frozenset()]


def test_a_series_that_ends_or_begins_has_no_rhythm():
    """Zeros alone are no report: an epidemic may be over."""
    assert rhythm(DAILY * 4 + [0.0] * 28) == [frozenset()]
    assert rhythm([0.0] * 28 + DAILY * 4) == [frozenset()]


def test_less_than_eight_weeks_tell_nothing():
    """55 days are a day short."""
    assert rhythm((DAILY * 4 + WEEKLY * 4)[1:]) == []


def test_a_day_that_is_missing_is_no_report():
    """Blank or zero, nobody reported."""
    blank = [np.nan if value == 0 else value for value in WEEKLY]
    assert rhythm(DAILY * 4 + blank * 4) == [{"A"}]


def test_covariates_have_no_rhythm():
    """Only what is forecast is watched for it."""
    spec = long().model_dump()
    spec["covariates"] = {"beds": {"sources": {"hospital": "beds"}, "unit": "beds"}}
    both = type(long()).model_validate(spec)
    panel = {Key("hospital", "beds"): column(DAILY * 4 + WEEKLY * 4)}
    assert list(behaviour.rhythm(both, "hospital", panel)) == []


def test_series_that_come_and_go_are_named():
    """A was renamed to C: a warning for what is gone, a note for what is new."""
    lost, added = behaviour.places("small.hospital", {"B", "C"}, {"A", "B"}, NOON)
    assert (lost.rule, lost.severity, lost.found) == ("lost_series", "warning", "A")
    assert (added.rule, added.severity, added.found) == ("new_series", "info", "C")
    assert lost.since == date(2021, 1, 4)
    assert list(behaviour.places("small.hospital", {"A"}, {"A"}, NOON)) == []


def overlap(follower: Grid, leader: Grid, **expect) -> list[tuple[str, frozenset]]:
    """How the two agree: severity, and what of."""
    spec = long(expect=expect).sources["hospital"]
    others = {Key("old", "admitted"): leader}
    found = behaviour.overlap(spec, "small.hospital", {ADMITTED: follower}, others)
    return [(mark.severity, mark.items) for mark in found]


def test_two_sources_that_agree_say_how_often():
    """Two series on two common days; a third day and series are of one alone."""
    follower = grid([[2, 5], [3, 6], [4, 7]], "AB", first="2021-01-02")
    leader = grid([[1, 9, 4], [2, 9, 5], [3, 9, 6]], "ACB")
    leader = Grid(leader.dates, ("A", "B", "C"), leader.values[:, [0, 2, 1]])
    assert overlap(follower, leader) == [("info", {"4 rows in both, all agree"})]


def test_a_series_that_is_too_far_off_is_named():
    """On two days A differs by 10 of 200: five per cent, which is allowed; B by 22 of 211."""
    leader = grid([[95, 100], [100, 100]], "AB")
    follower = grid([[105, 111], [100, 111]], "AB")
    assert overlap(follower, leader) == [("warning", {"B"})]
    assert overlap(follower, leader, overlap=0.04) == [("warning", {"A", "B"})]
    assert overlap(follower, leader, overlap=0.11) == [("info", {"4 rows in both, all agree"})]


def test_sources_without_a_common_day_say_nothing():
    """The one begins where the other ends."""
    assert overlap(grid([[1]], first="2021-01-02"), grid([[1]])) == []
    assert overlap(grid([[1]], "B"), grid([[1]])) == []
