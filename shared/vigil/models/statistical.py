"""Models of one series at a time, by statsforecast: slow, and for comparison only.

Where weeks are forecast a model sees every seventh level back from the last day and forecasts
whole weeks; between them mean and variance go straight. Where days are forecast it sees the days,
with a season of a week. Quantiles are those of the normal distribution that it gives.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from statsforecast.models import AutoARIMA, AutoETS, Theta

from vigil.levels import SCORES
from vigil.models.own_errors import fresh
from vigil.panel import Floats, Index
from vigil.view import WEEK, View

WEEKS, DAYS = 104, 182  # what a model looks back on
LEAST = 10  # numbers without which nothing is said
LEVEL, WIDTH = 95, 2 * 1.959964  # per cent of the interval asked for, its width in deviations


@dataclass(frozen=True)
class Statistical:
    """A kind of model, fitted anew to every series whenever it is asked."""

    model: Callable[..., Any]

    def quantiles(self, view: View, horizons: Index) -> Floats:
        """Of the view's last day: levels x horizons x series."""
        every = WEEK if view.grain == "week" else 1
        steps = -(-int(horizons.max()) // every)
        model = self.model(season_length=WEEK // every)
        with warnings.catch_warnings():  # constant series, and tests beyond their tables
            warnings.simplefilter("ignore")
            each = [_forecast(model, history, steps) for history in _histories(view, every)]
        made = np.stack(each, axis=-1)  # mean, variance x steps x series
        at = horizons / every
        mean, variance = (_between(part, at) for part in made)
        quantiles: Floats = mean + SCORES[:, None, None] * np.sqrt(variance)
        return quantiles


def ets(_view: View, _ahead: int) -> Statistical:
    """Exponential smoothing, its form chosen by AICc."""
    return Statistical(AutoETS)


def theta(_view: View, _ahead: int) -> Statistical:
    """The theta method: half the trend, and smoothing."""
    return Statistical(Theta)


def arima(_view: View, _ahead: int) -> Statistical:
    """ARIMA, its orders chosen by AICc."""
    return Statistical(AutoARIMA)


def _histories(view: View, every: int) -> list[Floats]:
    """Of each series the numbers that a model sees, oldest first; none where it fell silent."""
    numbers = view.level if every > 1 else view.transform.to(view.tidied)
    count = WEEKS if every > 1 else DAYS
    lately = fresh(view)
    begun = np.maximum.accumulate(lately, axis=0)
    seen = np.where(begun, numbers, np.nan)[::-every][:count][::-1]
    return [
        column[np.isfinite(column) & heard]
        for column, heard in zip(seen.T, lately[-1], strict=True)
    ]


def _forecast(model: Any, history: Floats, steps: int) -> Floats:
    """Mean and variance of now and of each step: 2 x (1 + steps)."""
    if len(history) < LEAST:
        return np.full((2, steps + 1), np.nan)
    said = model.forecast(y=history, h=steps, level=[LEVEL])
    width = np.asarray(said[f"hi-{LEVEL}"], float) - np.asarray(said[f"lo-{LEVEL}"], float)
    mean = np.concatenate([history[-1:], said["mean"]])
    return np.array([mean, np.concatenate([[0.0], (width / WIDTH) ** 2])])


def _between(steps: Floats, at: Floats) -> Floats:
    """At fractions of steps: horizons x series."""
    low = np.minimum(np.floor(at).astype(int), len(steps) - 2)
    share = (at - low)[:, None]
    between: Floats = steps[low] * (1 - share) + steps[low + 1] * share
    return between
