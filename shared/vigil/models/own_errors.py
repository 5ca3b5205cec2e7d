"""How uncertain a rule for single numbers is: as wrong as it has been, either way.

A rule gives a number for any past day and horizon, so its own errors are known wherever the
outcome is. An error counts in units of what a change of one means at the level of its day
(`line.scale`), so that those of a wave tell of the quiet after it. Each is taken as it was and
mirrored, and none once: the median stays where the rule is.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vigil.models.line import scale
from vigil.models.seasonal_naive import LEAST, ORIGINS, STALE
from vigil.panel import Floats, Index
from vigil.paths import LEVELS
from vigil.view import View

PRIOR = 10.0  # errors a day ahead of one series that weigh as much as those of all
RULE = "rule.json"
SIDE = np.sign(LEVELS - 0.5)[:, None]
COVERAGE = np.abs(2 * LEVELS - 1)[:, None]

Points = Callable[[Index, int], Floats]  # origins, days ahead -> origins x series


@dataclass(frozen=True)
class Ruled:
    """A rule, and the errors it made before the day it is asked."""

    rule: Callable[[View], Points]
    said: bytes = b""  # what it takes to make it again

    def quantiles(self, view: View, horizons: Index) -> Floats:
        """Of the view's last day: levels x horizons x series."""
        points = self.rule(view)
        return np.stack([around(view, int(horizon), points) for horizon in horizons], axis=1)

    def files(self) -> dict[str, bytes]:
        """As files of a bundle."""
        return {RULE: self.said}


def around(view: View, horizon: int, points: Points) -> Floats:
    """The rule's number, and how far off it may be: levels x series."""
    now = np.array([view.last])
    point = np.where(fresh(view)[-1], points(now, horizon)[0], np.nan)
    missed = errors(view, horizon, points)
    if np.isfinite(missed).any(axis=1).sum() < LEAST:
        return np.full((len(LEVELS), len(point)), np.nan)
    width = _widths(missed, horizon) * scale(view, view.level[-1])
    quantiles: Floats = np.sort(point + SIDE * width, axis=0)
    return quantiles


def errors(view: View, horizon: int, points: Points) -> Floats:
    """Their sizes in units, from past days whose outcome is settled: origins x series."""
    latest = view.settled - horizon
    origins = np.arange(max(0, latest - ORIGINS + 1), latest + 1)
    off = np.abs(view.truth[origins + horizon] - points(origins, horizon))
    sizes: Floats = off / scale(view, view.level[origins])
    sizes[~fresh(view)[origins]] = np.nan
    return sizes


def fresh(view: View) -> NDArray[np.bool_]:
    """Whether a series had a number of late, on every day."""
    rows = np.arange(len(view.published))[:, None]
    known = np.where(np.isfinite(view.published), rows, -STALE)
    of_late: NDArray[np.bool_] = rows - np.maximum.accumulate(known, axis=0) < STALE
    return of_late


def _widths(missed: Floats, horizon: int) -> Floats:
    """Levels x series: a series' own, shrunk to those of all while it has few.

    Errors of h days ahead overlap, so that h of them tell about as much as one.
    """
    known = np.isfinite(missed)
    own, pooled = _reached(missed), _reached(missed[known][:, None])
    count = known.sum(axis=0)
    share = count / (count + PRIOR * horizon)
    width: Floats = share * own + (1 - share) * pooled
    return width


def _reached(sizes: Floats) -> Floats:
    """How far the middle share of each level reaches, in a column's errors and none."""
    ordered = np.vstack([np.zeros((1, sizes.shape[1])), np.sort(sizes, axis=0)])
    count = np.isfinite(sizes).sum(axis=0)
    place = COVERAGE * count
    low = np.floor(place).astype(int)
    below = np.take_along_axis(ordered, low, axis=0)
    above = np.take_along_axis(ordered, np.minimum(low + 1, count), axis=0)
    reached: Floats = below + (place - low) * (above - below)
    return reached
