"""Rules of thumb: one number each, worked out by hand."""

import numpy as np
import pytest
import small_views
from small_views import ramp

from vigil.models import rules
from vigil.models.rules import damped_growth, drift, last_value, seasonal_naive, weeks_of
from vigil.paths import LEVELS

WEEK = [3.0, 5.0, 8.0, 13.0, 21.0, 0.0, 1.0]
MEDIAN = 11
ALL = [last_value, seasonal_naive, drift, damped_growth]


def said(rule, view, *horizons: int) -> np.ndarray:
    """Levels x horizons of the first series."""
    return rule(view, max(horizons)).quantiles(view, np.array(horizons))[:, :, 0]


@pytest.mark.parametrize("rule", [last_value, seasonal_naive])
def test_nothing_changes_and_the_ramp_was_always_missed_by_its_slope(rule):
    """7 x 59 - 21 = 392; two days ahead it was off by 14, seven days ahead by 49."""
    made = said(rule, small_views.of(ramp()), 2, 7)
    assert made[MEDIAN].tolist() == [392, 392]
    assert made[LEVELS == 0.975].tolist() == [[406, 441]]
    assert made[LEVELS == 0.025].tolist() == [[378, 343]]


@pytest.mark.parametrize("rule", [drift, damped_growth])
def test_steady_growth_goes_on_and_was_never_wrong(rule):
    """7 x 89 - 21 = 602, and 7 a day without a doubt: 10 days ahead 672."""
    made = said(rule, small_views.of(ramp(90)), 7, 10, 28)
    np.testing.assert_allclose(made, np.broadcast_to([651, 672, 798], made.shape))


def test_drift_averages_four_weeks():
    """10 a day for weeks, 14 in the last: 28 more over 28 days is 1 a day, from 98."""
    values = np.full((90, 1), 10.0)
    values[-7:] = 14
    assert said(drift, small_views.of(values), 5)[MEDIAN].tolist() == [103]


def test_weeks_to_come_are_damped():
    """Two weeks of a half: 1/2 + 1/4. Ten days: 1/2 and 3/7 of 1/4. Undamped: ten sevenths."""
    assert weeks_of(0.5, 14) == 0.75
    assert weeks_of(0.5, 10) == pytest.approx(0.5 + 0.25 * 3 / 7)
    assert weeks_of(1, 10) == pytest.approx(10 / 7)
    assert weeks_of(0, 10) == 0


def test_growth_that_never_lasted_is_damped_to_nothing():
    """Every week as much up as the next one down: the level now is the best that was found."""
    values = np.repeat(np.tile([10.0, 20.0], 10), 7)[:, None]
    view = small_views.of(values)
    np.testing.assert_allclose(said(damped_growth, view, 14)[MEDIAN], [140])


@pytest.mark.parametrize(("transform", "times"), [("log", 4), ("fourth_root", 3.02)])
def test_what_doubles_each_week_is_followed_by_damped_growth_and_not_by_the_last_value(
    transform, times
):
    """Four times as much in two weeks; of fourth roots growth is (1 + 2 (1 - 2^-1/4))^4 times."""
    values = np.round(50 * 2 ** (np.arange(84) / 7))[:, None]
    view = small_views.of(values, transform=transform, non_negative=True)
    now = values[-7:].sum()
    grown, same = (
        view.transform.back(said(rule, view, 14)[MEDIAN]) for rule in (damped_growth, last_value)
    )
    assert grown == pytest.approx(times * now, rel=0.02)
    assert same == pytest.approx(now)


def test_a_weekday_is_like_its_last_where_days_are_forecast():
    """The week comes back, and its first days again after it; it never failed to."""
    view = small_views.of(np.array(WEEK * 10)[:, None], grain="day")
    made = said(seasonal_naive, view, *range(1, 10))
    assert made.tolist() == [[*WEEK, 3, 5]] * len(LEVELS)


@pytest.mark.parametrize("rule", [drift, damped_growth])
def test_growth_keeps_the_weekdays_apart(rule):
    """The same week ten times: no growth, and each day as it stands to the week."""
    view = small_views.of(np.array(WEEK * 10)[:, None], grain="day")
    np.testing.assert_allclose(said(rule, view, *range(1, 8))[MEDIAN], WEEK, atol=1e-9)


def test_the_last_value_is_the_last_day_where_days_are_forecast():
    """1 on the last day: 1 on all that come."""
    view = small_views.of(np.array(WEEK * 10)[:, None], grain="day")
    assert said(last_value, view, 1, 5)[MEDIAN].tolist() == [1, 1]


def test_a_silent_week_stands_as_the_last_that_was_known():
    """Ten days without a number: the last week that had one had it on its first day, 10."""
    values = np.full((90, 2), 10.0)
    values[-10:, 0] = np.nan
    made = said(seasonal_naive, small_views.of(values), 7)
    assert made[MEDIAN].tolist() == [10]


@pytest.mark.parametrize("grain", ["week", "day"])
@pytest.mark.parametrize("rule", ALL)
def test_a_series_without_a_number_of_late_is_not_forecast(rule, grain):
    """28 silent days are too many, 27 are not; the neighbour is forecast either way."""
    values = np.tile(np.array(WEEK * 14)[:, None], 2)
    values[-28:, 1] = np.nan
    made = rule(view := small_views.of(values, grain=grain), 7).quantiles(view, np.array([3, 7]))
    assert np.isnan(made[:, :, 1]).all()
    assert np.isfinite(made[:, :, 0]).all()
    values[-28, 1] = 3
    made = rule(view := small_views.of(values, grain=grain), 7).quantiles(view, np.array([3, 7]))
    assert np.isfinite(made).all()


@pytest.mark.parametrize("rule", ALL)
def test_with_too_few_past_days_nothing_is_said(rule):
    """Twenty days are too few for any rule to know how wrong it is a week ahead."""
    view = small_views.of(ramp(20))
    assert np.isnan(rule(view, 7).quantiles(view, np.array([7]))).all()


def test_counts_do_not_grow_below_none():
    """From 4900 a week to 2380 in four weeks: 28 days on there would be -140, so there is none."""
    values = np.concatenate([np.full(120, 700.0), 700 - 90 * np.arange(1, 8)])[:, None]
    view = small_views.of(values, transform="none", non_negative=True)
    assert said(rules.drift, view, 28)[MEDIAN].tolist() == [0]
