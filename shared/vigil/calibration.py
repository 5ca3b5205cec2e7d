"""How wide forecasts have to be, learnt from those made before: only where the outcome is known.

Every past error is measured in half-widths of its own forecast, on its own side. Where half of
them should lie within the middle half and more do not, the middle half is too narrow. One factor
per nominal coverage and week ahead (day ahead where days are forecast), recent origins weighing
more, shrunk towards 1 while origins are few; and one per series, shrunk to the pooled factor.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from vigil.levels import SCORES, scores
from vigil.panel import DAY, Floats, Index
from vigil.paths import LEVELS
from vigil.view import WEEK, View

COVERAGE = np.array([0.2, 0.5, 0.8, 0.9, 0.95, 0.98])
AT = scores(0.5 + COVERAGE / 2)  # half-widths of a standard normal
HALF_LIFE = 84  # days after which an origin counts half
PRIOR = 150.0  # errors that weigh as much as the forecasts' own width
OWN_PRIOR = 20.0  # errors of one series that weigh as much as those of all
BELIEF = 0.8  # of what the errors say
FAR = 4.0  # half-widths: errors beyond say no more of a series than that
BOUNDS = (0.3, 4.0)
MEDIAN = len(LEVELS) // 2
LOW, HIGH = np.searchsorted(LEVELS, (0.025, 0.975))
NARROWEST = 1e-6


@dataclass(frozen=True)
class Past:
    """A forecast as it was made, before calibration, on the model's scale."""

    origin: np.datetime64  # the last day known
    horizons: Index
    series: tuple[str, ...]
    quantiles: Floats  # levels x horizons x series


@dataclass(frozen=True)
class Calibration:
    """Logarithms of factors: coverages x buckets, and buckets x series on top."""

    series: tuple[str, ...]
    pooled: Floats
    own: Floats
    by_week: bool

    def applied(self, past: Past) -> Floats:
        """Its quantiles, stretched from their median; a series that is new by the pooled factor."""
        quantiles = past.quantiles
        buckets = np.minimum(bucket(past.horizons, by_week=self.by_week), self.pooled.shape[1] - 1)
        median = quantiles[MEDIAN]
        places = {name: at for at, name in enumerate(self.series)}
        columns = np.array([places.get(name, -1) for name in past.series])
        own = np.where(columns >= 0, self.own[:, columns], 0.0)
        factors = self.pooled[:, buckets, None] + own[None, buckets]
        stretch = np.exp(_between(np.abs(SCORES), factors))
        stretched: Floats = np.sort(median + (quantiles - median) * stretch, axis=0)
        return stretched

    def to_json(self) -> dict[str, Any]:
        """As numbers and names."""
        arrays = {"pooled": self.pooled.tolist(), "own": self.own.tolist()}
        return {"series": list(self.series), "by_week": self.by_week, **arrays}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """Back from numbers and names."""
        arrays = np.array(told["pooled"]), np.array(told["own"])
        return cls(tuple(told["series"]), *arrays, told["by_week"])


def bucket(horizons: Index, *, by_week: bool) -> Index:
    """Which past errors tell of a horizon: those as many weeks, or days, ahead."""
    return (horizons - 1) // WEEK if by_week else horizons - 1


def calibrate(pasts: Iterable[Past], view: View, ahead: int) -> Calibration:
    """From forecasts made before, as far as the view knows what came of them."""
    by_week = view.grain == "week"
    count = int(bucket(np.array([ahead]), by_week=by_week)[0]) + 1
    pooled = np.zeros((len(COVERAGE), count))
    own = np.zeros((count, len(view.series)))
    errors: list[list[Floats]] = [[] for _ in range(count)]
    weights: list[list[float]] = [[] for _ in range(count)]
    for past in pasts:
        weight = 0.5 ** (int((view.dates[-1] - past.origin) / DAY) / HALF_LIFE)
        for at, error in _errors(past, view):
            into = int(bucket(past.horizons[at : at + 1], by_week=by_week)[0])
            errors[into].append(error)
            weights[into].append(weight)
    for into in range(count):
        if errors[into]:
            found, weight = np.array(errors[into]), np.array(weights[into])[:, None]
            pooled[:, into], own[into] = _factors(found, weight)
    return Calibration(view.series, pooled, own, by_week)


def settled(past: Past, view: View) -> Iterator[tuple[int, int]]:
    """The horizons of which the outcome may teach, by their place, and the rows they are in."""
    start = int((past.origin - view.dates[0]) / DAY)
    for at, horizon in enumerate(past.horizons):
        if 0 <= (row := start + int(horizon)) <= view.settled:
            yield at, row


def _errors(past: Past, view: View) -> Iterable[tuple[int, Floats]]:
    """For every horizon of which the outcome is settled: errors in half-widths, a series each."""
    places = {name: at for at, name in enumerate(past.series)}
    columns = np.array([places.get(name, -1) for name in view.series])
    for at, row in settled(past, view):
        forecast = np.where(columns >= 0, past.quantiles[:, at, columns], np.nan)
        error = view.truth[row] - forecast[MEDIAN]
        upper, lower = forecast[HIGH] - forecast[MEDIAN], forecast[MEDIAN] - forecast[LOW]
        width = np.maximum(np.where(error > 0, upper, lower), NARROWEST) / AT[-2]
        yield at, np.abs(error / width)


def _factors(errors: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Of errors (origins x series) and their weights: the pooled factors, and each series' own."""
    known = np.isfinite(errors)
    weight = np.where(known, weights, 0.0)
    total = weight.sum()
    if not total:
        return np.zeros(len(COVERAGE)), np.zeros(errors.shape[1])
    reached = _quantiles(errors[known], weight[known]) / AT
    share = BELIEF * total / (total + PRIOR)
    pooled = share * np.log(np.clip(reached, *BOUNDS))
    near = np.where(known, np.minimum(errors, FAR), 0.0) * weight
    mean = max(near.sum() / total, NARROWEST)
    of_series, each = near.sum(axis=0), weight.sum(axis=0)
    ratio = np.log(np.clip(of_series / np.maximum(each, NARROWEST) / mean, *BOUNDS))
    own = np.where(each > 0, ratio * each / (each + OWN_PRIOR), 0.0)
    return pooled, own


def _quantiles(errors: Floats, weights: Floats) -> Floats:
    """What a share of the errors, as weighted, does not exceed."""
    order = np.argsort(errors)
    reached = np.cumsum(weights[order]) / weights.sum()
    least: Floats = np.interp(COVERAGE, reached, errors[order])
    return least


def _between(at: Floats, factors: Floats) -> Floats:
    """Factors at other distances from the median: coverages x ... -> distances x ..."""
    upper = np.clip(np.searchsorted(AT, at), 1, len(AT) - 1)
    share = np.clip((at - AT[upper - 1]) / (AT[upper] - AT[upper - 1]), 0, 1)
    share = share.reshape(-1, *[1] * (factors.ndim - 1))
    return factors[upper - 1] * (1 - share) + factors[upper] * share
