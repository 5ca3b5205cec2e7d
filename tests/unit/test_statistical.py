"""Models of statsforecast, on series whose future is plain."""

import numpy as np
import pytest
import small_views
from small_views import ramp

from vigil.models.table import choose
from vigil.paths import LEVELS

ALL = ["ets", "theta", "arima"]
HORIZONS = np.array([3, 7, 10, 14])


@pytest.mark.parametrize("name", ["ets", "arima"])
def test_a_straight_line_goes_on_between_weeks_too(name):
    """7 x 139 - 21 = 952, and 7 a day: a model of whole weeks says 973 after three days."""
    view = small_views.of(ramp(140))
    made = choose(name)(view, 14).quantiles(view, HORIZONS)
    np.testing.assert_allclose(made[11, :, 0], [973, 1001, 1022, 1050], rtol=1e-3)


@pytest.mark.parametrize("name", ALL)
def test_a_week_that_always_comes_back_comes_back(name):
    """Days, with their season of a week."""
    week = [3.0, 5.0, 8.0, 13.0, 21.0, 0.0, 1.0]
    noise = np.random.default_rng(3).normal(0, 0.1, 140)
    view = small_views.of((np.tile(week, 20) + noise)[:, None], grain="day")
    made = choose(name)(view, 9).quantiles(view, np.arange(1, 10))
    np.testing.assert_allclose(made[11, :, 0], [*week, 3, 5], atol=0.4)


@pytest.mark.parametrize("name", ALL)
def test_a_random_walk_is_wider_the_further_ahead(name):
    """In order, normal around the median, and wider each week."""
    values = 50 + np.cumsum(np.random.default_rng(4).normal(size=(280, 1)), axis=0)
    view = small_views.of(values)
    made = choose(name)(view, 14).quantiles(view, HORIZONS)[:, :, 0]
    assert (np.diff(made, axis=0) > 0).all()
    assert (np.diff(made[-1] - made[0]) > 0).all()
    half, most = made[LEVELS == 0.75] - made[11], made[LEVELS == 0.975] - made[11]
    np.testing.assert_allclose(most / half, 1.959964 / 0.6744898, rtol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_a_short_or_silent_series_is_not_forecast_and_nothing_is_nothing(name):
    """Ten weeks are enough, nine are not; zeros go on; 28 silent days are too many."""
    values = np.zeros((100, 4))
    values[: -9 * 7, 1] = np.nan
    values[: -10 * 7, 2] = np.nan
    values[-28:, 3] = np.nan
    view = small_views.of(values)
    made = choose(name)(view, 7).quantiles(view, np.array([7]))
    assert made[:, 0, 0].tolist() == made[:, 0, 2].tolist() == [0] * 23
    assert np.isnan(made[:, 0, [1, 3]]).all()
