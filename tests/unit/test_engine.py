"""The engine: what is known in, sample paths out."""

from functools import cache

import numpy as np
import pytest
from epidemic import PLACES, dataset, panel, seen

from vigil import backtest, engine, joined
from vigil.backtest import rolling
from vigil.bundle import Bundle
from vigil.errors import Rejected
from vigil.horizons import ahead, steps
from vigil.models import boosting
from vigil.paths import Paths, days, totals, weeks

TOLD = dataset()
WHOLE = seen(TOLD, panel(320))
KNOWN = WHOLE.until(299)
AHEAD = ahead(TOLD.horizon, TOLD.grain)


@cache
def trained() -> engine.Model:
    """What they have taught."""
    return engine.train(KNOWN, TOLD.horizon)


@cache
def paths() -> Paths:
    """Its forecast."""
    return engine.forecast(trained(), KNOWN, TOLD.horizon)


def test_there_is_a_path_for_every_series_and_day_and_none_is_negative():
    """A few hundred possible futures, of all places."""
    assert paths().values.shape == (joined.PATHS, TOLD.horizon, len(PLACES))
    assert (paths().values >= 0).all()
    assert paths().reference_date == KNOWN.dates[-1]


def test_weeks_of_paths_are_the_quantiles_that_the_model_gave():
    """Splitting into days and adding up again changes nothing but what was known already."""
    direct = trained().quantiles(KNOWN, TOLD.horizon)
    numbers = KNOWN.transform.back(direct.quantiles)
    made = weeks(paths()).values
    inner = slice(3, -3)
    np.testing.assert_allclose(made[inner], numbers[inner, : made.shape[1]], rtol=0.05, atol=2)


def test_no_quantile_crosses_and_no_total_falls():
    """Days, weeks and totals of the same paths."""
    for made in (days(paths()), weeks(paths()), totals(paths(), np.zeros(len(PLACES)))):
        assert (np.diff(made.values, axis=0) >= 0).all()
    assert (np.diff(totals(paths(), np.zeros(len(PLACES))).values, axis=1) >= 0).all()


def test_weeks_that_erred_together_go_together_on_a_path():
    """A growth that was missed in one week was missed in the next: so are paths."""
    ends = steps(KNOWN, TOLD.horizon)
    found = joined.places(KNOWN, ends, AHEAD, trained().fitted.line)
    alike = [
        np.corrcoef(found[:, -2, place], found[:, -1, place])[0, 1] for place in range(len(PLACES))
    ]
    assert np.mean(alike) > 0.3


def test_the_places_that_paths_take_are_spread_evenly():
    """Every distribution is drawn from end to end, whatever the past errors were."""
    found = np.sort(joined.places(KNOWN, steps(KNOWN, TOLD.horizon), AHEAD, None), axis=0)
    np.testing.assert_array_equal(found, np.broadcast_to(found[:, :1, :1], found.shape))
    assert found[0, 0, 0] == pytest.approx(-found[-1, 0, 0])


def test_a_forecast_needs_some_past():
    """Too few days are refused with what to do, not with a library's complaint."""
    with pytest.raises(Rejected, match="seasonal_naive"):
        boosting.fit(WHOLE.until(40), AHEAD)


def test_a_day_grain_is_forecast_day_by_day():
    """No weeks in between: the paths' days are the model's own steps."""
    told = dataset(grain="day")
    known = seen(told, panel(200))
    model = engine.train(known, 7)
    made = days(engine.forecast(model, known, 7)).values
    numbers = known.transform.back(model.quantiles(known, 7).quantiles)
    np.testing.assert_allclose(made[3:-3], np.maximum(numbers, 0)[3:-3], rtol=0.05, atol=0.5)


def test_each_origin_is_forecast_by_a_fit_that_predates_it():
    """Fitted at every third origin, to the view of that day and no later one."""
    fitted_at, used = [], []

    class Fake:
        def __init__(self, day):
            self.day = day

        def quantiles(self, view, horizons):
            used.append((self.day, view.last))
            return np.zeros((23, len(horizons), len(view.series)))

    def fit(view, furthest):
        fitted_at.append((view.last, furthest))
        return Fake(view.last)

    origins = range(100, 135, 7)
    pasts = list(rolling((WHOLE.until(row) for row in origins), TOLD.horizon, fit, refit=3))
    assert fitted_at == [(100, AHEAD), (121, AHEAD)]
    assert used == [(100, 100), (100, 107), (100, 114), (121, 121), (121, 128)]
    assert [past.origin for past in pasts] == [WHOLE.dates[row] for row in origins]


def test_errors_of_the_past_widen_a_forecast():
    """Forecasts that were far too narrow before: the next one is wider, around the same median."""
    made = backtest.forecast(trained().fitted, KNOWN, TOLD.horizon)
    pasts = []
    for row in range(200, 280, 7):
        past = backtest.forecast(trained().fitted, WHOLE.until(row), TOLD.horizon)
        narrow = past.quantiles[11] + (past.quantiles - past.quantiles[11]) / 10
        pasts.append(type(past)(past.origin, past.horizons, past.series, narrow))
    wider = engine.train(KNOWN, TOLD.horizon, lambda *_: trained().fitted, pasts)
    found = wider.quantiles(KNOWN, TOLD.horizon).quantiles
    np.testing.assert_allclose(found[11], made.quantiles[11])
    assert (found[-1] - found[0]).mean() > 1.2 * (made.quantiles[-1] - made.quantiles[0]).mean()


def test_a_forecast_needs_the_last_year_and_no_more():
    """Cut to the days that are looked back on, paths are the same but for rounding."""
    long = seen(TOLD, panel(700))
    model = engine.train(long, TOLD.horizon)
    direct = model.quantiles(long, TOLD.horizon).quantiles
    recent = long.latest(engine.NEEDED + 2 * TOLD.horizon)
    part = model.quantiles(recent, TOLD.horizon).quantiles
    np.testing.assert_allclose(part, direct, rtol=1e-6)
    ends, line = steps(long, TOLD.horizon), model.fitted.line
    one, other = (joined.places(view, ends, AHEAD, line) for view in (long, recent))
    assert (one == other).mean() > 0.99  # rounding may swap two equals


def test_a_model_with_its_calibration_goes_through_its_files_to_the_last_bit(tmp_path):
    """Written, read with its digest, and asked again: the same quantiles."""
    pasts = [
        backtest.forecast(trained().fitted, WHOLE.until(row), TOLD.horizon)
        for row in range(200, 280, 7)
    ]
    model = engine.train(KNOWN, TOLD.horizon, lambda *_: trained().fitted, pasts)
    files = engine.bundle(model)
    files.write(tmp_path / "model")
    again = engine.load(Bundle.read(tmp_path / "model", files.digest))
    one, other = (each.quantiles(KNOWN, TOLD.horizon).quantiles for each in (model, again))
    np.testing.assert_array_equal(one, other)
    assert engine.load(engine.bundle(trained())).calibration is None
