"""Weeks into days: the sums stay, the pattern is that of late."""

import numpy as np
import pytest
from epidemic import DEATHS, dataset
from examples import days as dates

from vigil.panel import Grid
from vigil.view import View, view
from vigil.weekdays import split

SUNDAY_FIRST = [0.0, 20, 10, 10, 10, 10, 0]  # of Sunday to Saturday: 60 a week


def seen(values: list[float], first: str, **deaths: object) -> View:
    """One place with these numbers a day."""
    known = Grid(dates(first, len(values)), ("A",), np.array(values, float)[:, None])
    made = view(dataset(deaths=deaths), {DEATHS: known}, DEATHS)
    assert made is not None
    return made


def blocks(*weeks: float) -> np.ndarray:
    """Eight paths that agree."""
    return np.tile(np.array(weeks, float)[None, :, None], (8, 1, 1))


def test_a_week_falls_on_its_days_as_weeks_of_late_did():
    """Known to a Saturday (2021-02-27): 60 a week, as of late."""
    known = seen(SUNDAY_FIRST * 8, "2021-01-03")
    days = split(known, blocks(60), np.array([7]))
    assert days[0, :, 0].tolist() == SUNDAY_FIRST


def test_a_week_that_doubles_rises_from_day_to_day():
    """120 after 60: each day more than it was by a seventh of a doubling, from Sunday on."""
    known = seen(SUNDAY_FIRST * 8, "2021-01-03")
    days = split(known, blocks(120), np.array([7]))[0, :, 0]
    assert days.sum() == pytest.approx(120)
    assert (days[2:6] / days[2]).tolist() == pytest.approx([2 ** (day / 7) for day in range(4)])


def test_weeks_of_late_are_free_of_their_growth_before_others_follow_them():
    """Nine weeks that doubled each, day by day: a week that stands still is flat."""
    known = seen([2 ** (day / 7) for day in range(63)], "2021-01-03")
    last = known.published[-7:].sum()
    days = split(known, blocks(2 * last, 2 * last), np.array([7, 14]))[0, :, 0]
    assert (days[:7] / known.published[-7:, 0]).tolist() == pytest.approx([2] * 7)
    assert days[7:].tolist() == pytest.approx([2 * last / 7] * 7)


def test_the_days_of_this_week_that_are_known_count_as_they_are():
    """Known to a Monday: 0 and 12 of this week's 60; the other 48 fall on five days."""
    known = seen([*SUNDAY_FIRST * 8, 0, 12], "2021-01-03")
    days = split(known, blocks(60, 60), np.array([5, 12]))
    assert days[0, :5, 0].tolist() == pytest.approx([12, 12, 12, 12, 0])
    assert days[0, 5:, 0].tolist() == pytest.approx(SUNDAY_FIRST)


def test_a_week_of_less_than_is_known_already_leaves_nothing():
    """Twenty are known, a path says ten: no negative day."""
    known = seen([*SUNDAY_FIRST * 8, 0, 20], "2021-01-03")
    assert (split(known, blocks(10), np.array([5])) == 0).all()


def test_where_nothing_was_reported_of_late_days_are_alike():
    """No pattern: a seventh each."""
    known = seen([0.0] * 56, "2021-01-03")
    assert split(known, blocks(70), np.array([7]))[0, :, 0].tolist() == pytest.approx([10] * 7)


def test_days_of_a_rate_average_to_their_week():
    """Means stay, and each day stands to its week's mean as it did."""
    known = seen([1.0, 2, 3, 4, 5, 6, 7] * 8, "2021-01-03", adds_up=False)
    days = split(known, blocks(10), np.array([7]))[0, :, 0]
    assert days.mean() == pytest.approx(10)
    assert np.diff(days).tolist() == pytest.approx([1] * 6)


def test_paths_scatter_as_the_weeks_of_late_did():
    """Two kinds of weeks of late: half of the paths follow each."""
    known = seen([*SUNDAY_FIRST, *reversed(SUNDAY_FIRST)] * 4, "2021-01-03")
    days = split(known, blocks(60), np.array([7]))[:, :, 0]
    assert {tuple(day) for day in days.tolist()} == {
        tuple(SUNDAY_FIRST),
        tuple(reversed(SUNDAY_FIRST)),
    }
