"""What holds for every model of the table."""

import sys
from typing import get_args

import numpy as np
import pytest
import small_views
from small_views import waves

from vigil import datasets
from vigil.datasets.model import Model
from vigil.errors import Misconfigured, Rejected
from vigil.models import forest
from vigil.models.table import MODELS, choose
from vigil.view import View

FAST = ["last_value", "seasonal_naive", "drift", "damped_growth", "ridge"]
LEARNT = ["random_forest", "lightgbm", "ensemble"]
HORIZONS = np.array([2, 7, 9])
CUT = 160


def counts(values: np.ndarray, grain: str) -> View:
    """Of numbers that are never below none."""
    return small_views.of(values, grain=grain, non_negative=True)


@pytest.fixture(autouse=True)
def small_forests(monkeypatch):
    """Enough to tell one from another."""
    monkeypatch.setattr(forest, "TREES", 10)
    monkeypatch.setattr(forest, "ROWS", 2000)


def made(name: str, view: View) -> np.ndarray:
    """Levels x horizons x series."""
    return choose(name)(view, 9).quantiles(view, HORIZONS)


@pytest.mark.parametrize("grain", ["week", "day"])
@pytest.mark.parametrize("name", [*FAST, *LEARNT])
def test_nothing_after_the_last_day_is_read(name, grain):
    """A view cut at a day says what a view of a panel cut there says, to the last digit."""
    values = waves()
    cut = counts(values, grain).until(CUT)
    fresh = counts(values[: CUT + 1], grain)
    np.testing.assert_array_equal(made(name, cut), made(name, fresh))
    assert not np.array_equal(made(name, cut), made(name, counts(values, grain)))


@pytest.mark.parametrize("grain", ["week", "day"])
@pytest.mark.parametrize("name", [*FAST, *LEARNT])
def test_quantiles_never_cross(name, grain):
    """Whole and in order, for every series and horizon."""
    quantiles = made(name, counts(waves(), grain))
    assert quantiles.shape == (23, 3, 3)
    assert (np.diff(quantiles, axis=0) >= 0).all()


@pytest.mark.parametrize("name", FAST)
def test_the_median_is_the_rules_own_number(name):
    """The errors are mirrored: as far up as down."""
    quantiles = made(name, counts(waves(), "week"))
    np.testing.assert_allclose(quantiles + quantiles[::-1], np.stack([2 * quantiles[11]] * 23))


@pytest.mark.parametrize("name", ["ridge", "random_forest"])
def test_what_grows_by_a_tenth_each_week_is_expected_to_grow(name):
    """Learnt from the past alone: between half of the growth and twice as much."""
    values = np.round(200 * 1.1 ** (np.arange(200) / 7))[:, None] * np.array([1.0, 3.0])
    view = small_views.of(values, transform="log", non_negative=True)
    median = choose(name)(view, 9).quantiles(view, np.array([7]))[11, 0]
    growth = np.exp(median - view.level[-1])
    assert (growth > 1.05).all()
    assert (growth < 1.2).all()


def test_a_forest_is_wide_where_such_days_ended_differently():
    """A's week holds 70 always, B's anything: intervals of nothing and of much."""
    values = np.full((200, 2), 10.0)
    values[:, 1] = np.repeat(np.random.default_rng(2).integers(5, 40, 29), 7)[:200]
    quantiles = made("random_forest", counts(values, "week"))
    width = quantiles[-2] - quantiles[1]
    assert (width[:, 1] > 5 * width[:, 0]).all()


def test_a_forest_does_not_forecast_a_series_without_a_number_of_late():
    """28 silent days; its neighbour is forecast."""
    values = waves()
    values[-28:, 1] = np.nan
    quantiles = made("random_forest", counts(values, "week"))
    assert np.isnan(quantiles[:, :, 1]).all()
    assert np.isfinite(quantiles[:, :, [0, 2]]).all()


def test_a_forest_needs_days_to_learn_from():
    """Sixty days are warm-up; the message says what was expected."""
    with pytest.raises(Rejected, match=r"hospital\.admitted: expected days after the first 60"):
        choose("random_forest")(counts(waves(61), "week"), 9)


def test_an_unknown_model_is_refused_with_those_there_are():
    """The message lists them all."""
    with pytest.raises(
        Rejected, match=r"expected one of last_value, .*, ensemble; found 'prophet'"
    ):
        choose("prophet")


@pytest.mark.parametrize(("name", "package"), [("ets", "statsforecast"), ("lightgbm", "lightgbm")])
def test_a_missing_library_is_named_with_the_remedy(name, package, monkeypatch):
    """Only when that model is fitted: the others do without."""
    for module in ("vigil.models.statistical", "vigil.models.boosting"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    for missing in (package, "statsforecast.models"):
        monkeypatch.setitem(sys.modules, missing, None)
    view = counts(waves(90), "week")
    with pytest.raises(Misconfigured, match=f"pip install {package}"):
        choose(name)(view, 9)
    assert np.isfinite(made("drift", view)).all()


def test_a_dataset_names_models_of_the_table():
    """Those a dataset file may name are those there are."""
    assert get_args(Model) == tuple(MODELS)
    named = {name for one in datasets.names() for name in datasets.load(one).models}
    assert {"seasonal_naive", "damped_growth", "ridge", "lightgbm"} <= named


def test_a_model_that_is_not_there_is_refused_in_a_dataset_file(tmp_path, monkeypatch):
    """When the file is read, with the place and those there are."""
    text = (datasets.HERE / "jhu_global.yaml").read_text()
    (tmp_path / "trial.yaml").write_text(text.replace("[seasonal_naive,", "[prophet,"))
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path))
    with pytest.raises(Misconfigured, match=r"models\.0: .*'last_value'.*found 'prophet'"):
        datasets.load("trial")
