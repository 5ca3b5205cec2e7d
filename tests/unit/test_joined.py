"""Paths of counts: whole numbers, and their sums with them."""

import numpy as np
import pytest
from epidemic import DEATHS, dataset, seen
from examples import days as dates

from vigil.joined import PATHS, whole
from vigil.panel import Floats, Grid
from vigil.view import View

WEEK = 7


def known(*series: float, **deaths: object) -> View:
    """Places that have had these numbers every day."""
    names = tuple("ABC"[: len(series)])
    shown = Grid(dates("2021-01-03", 30), names, np.tile(np.array(series, float), (30, 1)))
    return seen(dataset(deaths=deaths), {DEATHS: shown})


def paths(a_day: float, days: int = WEEK) -> Floats:
    """All alike."""
    return np.full((PATHS, days, 1), a_day)


def test_where_one_is_counted_in_three_days_a_path_has_none_or_one():
    """0.3 a day: 2.1 a week, so that nine weeks of ten count two and the tenth three."""
    made = whole(known(2), paths(0.3))
    assert set(np.unique(made)) == {0, 1}
    weeks = made.sum(axis=1)
    assert set(np.unique(weeks)) == {2, 3}
    assert weeks.mean() == pytest.approx(2.1, abs=0.05)


def test_whole_numbers_stay_as_they_are():
    """Thirty days of seven."""
    np.testing.assert_array_equal(whole(known(2), paths(7, 30)), paths(7, 30))


@pytest.mark.parametrize(
    ("view", "why"),
    [
        (known(2.5), "half a person has been counted, so that more may be"),
        (known(2, adds_up=False), "a rate"),
        (known(2, non_negative=False), "a change, which may fall below none"),
    ],
)
def test_what_need_not_be_whole_is_left_alone(view: View, why: str):
    """Fractions stay."""
    np.testing.assert_array_equal(whole(view, paths(0.3)), paths(0.3), err_msg=why)


def test_each_series_is_judged_by_itself():
    """The first counts people, the second is an average."""
    made = whole(known(2, 2.5), np.full((PATHS, WEEK, 2), 0.3))
    assert (made[..., 0] % 1 == 0).all()
    assert (made[..., 1] == 0.3).all()
