"""The engine: a panel as known in, sample paths of every target out. No cloud, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vigil import backtest, horizons, joined, weekdays
from vigil.bundle import Bundle, json_bytes
from vigil.calibration import Calibration, Past, calibrate
from vigil.datasets import Dataset
from vigil.models import boosted, table
from vigil.models.fitted import Fitted, Kept
from vigil.models.line import BURN_IN
from vigil.panel import Floats, Key
from vigil.paths import Paths
from vigil.view import WEEK, View

CALIBRATION = "calibration.json"
FIT = table.choose("lightgbm")
NEEDED = joined.PATHS + 2 * BURN_IN  # days that a forecast looks back on, and twice its horizon


@dataclass(frozen=True)
class Model:
    """A fitted forecaster, and how wide its forecasts have to be."""

    fitted: Fitted
    calibration: Calibration | None = None

    def quantiles(self, view: View, horizon: int) -> Past:
        """The calibrated distribution of every step, on the model's scale."""
        raw = backtest.forecast(self.fitted, view, horizon)
        if self.calibration is None:
            return raw
        stretched = self.calibration.applied(raw)
        return Past(raw.origin, raw.horizons, raw.series, stretched)


def bundle(model: Model) -> Bundle:
    """A model and its calibration as files with digests."""
    if not isinstance(model.fitted, Kept):
        raise TypeError(f"expected a model that can be kept, found {type(model.fitted).__name__}")
    said = model.calibration.to_json() if model.calibration else None
    return Bundle({**model.fitted.files(), CALIBRATION: json_bytes(said)})


def load(files: Bundle, recipe: str = "lightgbm") -> Model:
    """Back from files that were checked."""
    said = files.json(CALIBRATION)
    return Model(table.load(recipe, files), Calibration.from_json(said) if said else None)


def importance(model: Model) -> dict[str, float]:
    """How much each feature has told the trees of the median; nothing of other models."""
    return model.fitted.gains() if isinstance(model.fitted, boosted.Boosted) else {}


def keys(dataset: Dataset) -> list[Key]:
    """What is forecast: every target of every line of sources."""
    return [Key(line, target) for target in dataset.targets for line in dataset.lines(target)]


def train(view: View, horizon: int, fit: backtest.Fit = FIT, pasts: Sequence[Past] = ()) -> Model:
    """Fit to all that is known; calibrate with forecasts made before."""
    ahead = horizons.ahead(horizon, view.grain)
    fitted = fit(view, ahead)
    return Model(fitted, calibrate(pasts, view, ahead) if pasts else None)


def forecast(model: Model, view: View, horizon: int) -> Paths:
    """Sample paths, a day a step, of the series that can be forecast."""
    view = view.latest(NEEDED + 2 * horizon)
    made = model.quantiles(view, horizon)
    able = np.isfinite(made.quantiles).all(axis=(0, 1))
    ahead = horizons.ahead(horizon, view.grain)
    line = getattr(model.fitted, "line", None)
    places = joined.places(view, made.horizons, ahead, line)
    values = view.natural(joined.at_places(made.quantiles, places))
    days = values if view.grain == "day" else weekdays.split(view, values, made.horizons)
    series = tuple(name for name, can in zip(view.series, able, strict=True) if can)
    days = joined.whole(view, days[:, :horizon])
    return Paths(view.dates[-1], series, days[:, :, able], _before(view)[:, able])


def _before(view: View) -> Floats:
    """The six days up to the reference date, as published; a day without a number had none."""
    days = np.nan_to_num(view.published[-(WEEK - 1) :])
    return np.maximum(days, 0) if view.measure.non_negative else days
