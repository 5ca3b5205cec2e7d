"""Sample paths from quantiles of single steps: what goes together in the past goes together.

Each path takes its place in every distribution from one past origin, the same for all series and
steps: where that origin's errors stood among all past errors (Clark et al. 2004, after Schaake).
So a path that is high in one week is high in the next as often as it used to be, and high in the
neighbours, and sums over days, weeks and places are as uncertain as they have been.

Where numbers have always been whole, so are they on every path: a place that counts one in a week
has none or one, and not a seventh each day.
"""

from statistics import NormalDist

import numpy as np

from vigil.features import anchor, features, grid_of
from vigil.levels import SCORES
from vigil.models.line import BURN_IN, Line
from vigil.panel import Floats, Index
from vigil.rhythm import Flags
from vigil.view import View

PATHS = 250  # past origins, a day each
SHARED = 30  # a series with fewer known errors takes places at random


def places(view: View, horizons: Index, ahead: int, line: Line | None) -> Floats:
    """Normal scores of the places that past errors took: paths x horizons x series."""
    shape = (PATHS, len(horizons), len(view.series))
    latest = view.settled - int(horizons.max())
    origins = np.arange(max(latest - PATHS + 1, BURN_IN), latest + 1)
    errors = np.full(shape, np.nan)
    if len(origins):
        errors[: len(origins)] = _errors(view, origins, horizons, ahead, line)
    draw = np.random.default_rng(0)
    few = np.isfinite(errors).sum(axis=0) < SHARED
    errors[:, few] = np.nan
    noise = draw.random(shape)  # also the order among equals and unknowns
    unknown = ~np.isfinite(errors)
    errors[unknown] = _of_any(errors, unknown, noise)
    order = np.lexsort((noise, errors), axis=0)
    ranks = np.empty(shape, int)
    np.put_along_axis(ranks, order, np.arange(PATHS)[:, None, None], axis=0)
    return _middles()[ranks]


def _errors(view: View, origins: Index, horizons: Index, ahead: int, line: Line | None) -> Floats:
    made = features(view, ahead)
    cells = grid_of(origins, horizons, len(view.series))
    expected = anchor(view, made, cells)
    if line:
        expected = expected + line.change(view, made, cells)
    found: Floats = view.truth[cells.origin + cells.horizon, cells.series] - expected
    by_origin: Floats = found.reshape(len(origins), len(horizons), len(view.series))
    return by_origin


def _of_any(errors: Floats, unknown: Flags, noise: Floats) -> Floats:
    """Unknown errors stand anywhere among the known ones of their series."""
    known = np.where(unknown, 0.0, errors)
    spread = np.abs(known).max(axis=0, keepdims=True) + 1
    anywhere: Floats = ((noise - 0.5) * spread)[unknown]
    return anywhere


def _middles() -> Floats:
    """Normal scores of evenly spread probabilities."""
    return np.array([NormalDist().inv_cdf((n + 0.5) / PATHS) for n in range(PATHS)])


def at_places(quantiles: Floats, wanted: Floats) -> Floats:
    """Values (paths x ...) of distributions (levels x ...) at normal scores (paths x ...)."""
    upper = np.clip(np.searchsorted(SCORES, wanted), 1, len(SCORES) - 1)
    share = (wanted - SCORES[upper - 1]) / (SCORES[upper] - SCORES[upper - 1])
    low = np.take_along_axis(quantiles, upper - 1, axis=0)
    high = np.take_along_axis(quantiles, upper, axis=0)
    values: Floats = low + share * (high - low)
    return values


def whole(view: View, days: Floats) -> Floats:
    """Paths (paths x days x series) of whole numbers, where a count has only ever been whole.

    Each path's running total is rounded down after the same random part of one is added: its
    mean stays, and no sum of its days is off by one.
    """
    if not view.measure.counts:
        return days
    counted = (np.nan_to_num(view.published) % 1 == 0).all(axis=0)
    part = np.random.default_rng(1).random((len(days), 1, days.shape[2]))
    totals = np.floor(np.cumsum(days, axis=1) + part)
    rounded: Floats = np.where(counted, np.diff(totals, axis=1, prepend=0), days)
    return rounded
