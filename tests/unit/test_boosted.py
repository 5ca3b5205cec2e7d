"""The model that serves, on a small simulated epidemic."""

from functools import cache

import numpy as np
import pytest
from epidemic import DEATHS, PLACES, dataset, panel, seen

from vigil.bundle import MANIFEST, Bundle
from vigil.errors import Rejected
from vigil.horizons import ahead, steps
from vigil.models import boosted, boosting
from vigil.models.boosted import Boosted
from vigil.panel import Floats
from vigil.paths import LEVELS
from vigil.view import View

TOLD = dataset()
WHOLE = seen(TOLD, panel(380))
TRAINED = 280  # days that the model has seen; the rest comes later
AHEAD = ahead(TOLD.horizon, TOLD.grain)
HORIZONS = steps(WHOLE.until(TRAINED - 1), TOLD.horizon)
MEDIAN = len(LEVELS) // 2


@cache
def fitted() -> Boosted:
    """What the days up to then have taught."""
    return boosting.fit(WHOLE.until(TRAINED - 1), AHEAD)


@cache
def later(view: View = WHOLE) -> tuple[Floats, Floats, Floats]:
    """Origins that came after the fit: quantiles, the truth, and the level at the origin."""
    quantiles, truth, level = [], [], []
    for origin in range(TRAINED + 6, view.last - 14, 7):
        known = view.until(origin)
        horizons = np.array([7, 14])
        quantiles.append(fitted().quantiles(known, horizons))
        truth.append(view.truth[origin + horizons])
        level.append(np.broadcast_to(known.level[-1], (2, len(PLACES))))
    return np.stack(quantiles, axis=1), np.array(truth), np.array(level)


def test_there_is_a_quantile_for_every_level_horizon_and_series():
    """All finite, and none below a lower one."""
    made = fitted().quantiles(WHOLE.until(TRAINED - 1), HORIZONS)
    assert made.shape == (len(LEVELS), len(HORIZONS), len(PLACES))
    assert np.isfinite(made).all()
    assert (np.diff(made, axis=0) >= 0).all()


def test_a_model_fitted_twice_is_the_same_byte_for_byte():
    """Nothing is drawn anew, whatever number of threads there is."""
    again = boosting.fit(WHOLE.until(TRAINED - 1), AHEAD)
    assert Bundle(again.files()).digest == Bundle(fitted().files()).digest


def test_a_model_that_was_written_and_read_forecasts_the_same_to_the_last_bit(tmp_path):
    """Trees, line and names, through the files of a bundle."""
    Bundle(fitted().files()).write(tmp_path / "model")
    again = boosted.load(Bundle.read(tmp_path / "model", Bundle(fitted().files()).digest))
    view = WHOLE.until(TRAINED + 5)
    one, other = (each.quantiles(view, HORIZONS) for each in (fitted(), again))
    np.testing.assert_array_equal(one, other)
    assert (again.ahead, again.names) == (fitted().ahead, fitted().names)


def test_a_model_with_a_tree_cut_off_is_refused():
    """Before LightGBM sees it."""
    bundle = Bundle(fitted().files())
    name = next(one for one in bundle.files if one.endswith("q500.txt"))
    cut = {**bundle.files, name: bundle.files[name][:-100], MANIFEST: bundle.manifest()}
    with pytest.raises(Rejected) as reason:
        boosted.load(Bundle.checked(cut))
    assert reason.value.rule == "corrupt_model"


def test_waves_are_followed_better_than_by_the_last_value():
    """In the weeks after the fit, one and two weeks ahead: at most two thirds of its error."""
    quantiles, truth, level = later()
    ours = np.abs(quantiles[MEDIAN] - truth).mean(axis=(0, 2))
    naive = np.abs(level - truth).mean(axis=(0, 2))
    assert (ours < naive * 2 / 3).all()


def test_intervals_hold_about_what_they_promise_before_calibration():
    """In the weeks after the fit; 144 outcomes that hang together leave much to chance."""
    quantiles, truth, _ = later()
    low, high = (int(np.searchsorted(LEVELS, level)) for level in (0.025, 0.975))
    inside = (quantiles[low] <= truth) & (quantiles[high] >= truth)
    assert 0.75 < inside.mean() <= 1
    low, high = (int(np.searchsorted(LEVELS, level)) for level in (0.25, 0.75))
    inside = (quantiles[low] <= truth) & (quantiles[high] >= truth)
    assert 0.25 < inside.mean() < 0.8


def test_intervals_are_wider_further_ahead():
    """Two weeks against one, on the mean of all."""
    quantiles, _, _ = later()
    width = (quantiles[-3] - quantiles[2]).mean(axis=(0, 2))
    assert width[1] > width[0]


def test_days_are_forecast_day_by_day():
    """Grain day: as many steps as the horizon, on the scale of a day, with its weekdays."""
    told, whole = dataset(grain="day", horizon=7), panel(200)
    whole[DEATHS].values[:] = np.floor(whole[DEATHS].values * 10)
    weekend = (np.arange(200) % 7) >= 5  # the panel begins on a Monday
    whole[DEATHS].values[weekend] = np.floor(whole[DEATHS].values[weekend] / 4)
    view = seen(told, whole).until(195)  # a Sunday
    horizons = steps(view, told.horizon)
    made = boosting.fit(view, ahead(told.horizon, told.grain)).quantiles(view, horizons)
    assert made.shape == (len(LEVELS), 7, len(PLACES))
    median = view.transform.back(made[MEDIAN]).mean(axis=1)
    assert (median[5:] < 0.5 * median[:5].min()).all()
    weekdays = view.published[-7:-2].mean()
    assert 0.4 * weekdays < median[:5].mean() < 2.5 * weekdays
