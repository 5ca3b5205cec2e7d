"""A straight line per horizon: how past growth carries on, as far as it did of late.

Ridge regression of the change from the level on growth, all series together. Where levels are on
a root or log scale, change and growth are relative to the level, so that one line serves small
series and large.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from vigil.features import Cells, Features, anchor, grid_of
from vigil.panel import Floats, Index
from vigil.view import View

HALF_LIFE = 120  # days after which an origin counts half
RIDGE = 0.1  # of the weight of all rows
ROWS = 60_000  # more tell a line no more
BURN_IN = 60  # days of a series before its first origin
OWN = ("growth 2", "common growth", "total growth")
LATEST = ("growth 0", "growth 1", "momentum", "pace")  # of the measure, and what may lead it
EDGES = (0.01, 0.99)  # beyond, growth is cut


def scale(view: View, level: Floats) -> Floats:
    """What a change of one means at a level."""
    return level + 1 if view.measure.non_negative else np.ones_like(level)


@dataclass(frozen=True)
class Line:
    """Coefficients (intercept first) and cuts per horizon: horizons x names."""

    names: tuple[str, ...]
    coefficients: Floats
    low: Floats
    high: Floats

    @classmethod
    def fit(cls, view: View, made: Features, ahead: int) -> Self:
        """A line for each horizon, from every day of which the outcome is known."""
        names = tuple(n for n in made.names if n in OWN or n.endswith(LATEST))
        columns = made.columns(names)
        fits = [_fit(view, made, columns, horizon) for horizon in range(1, ahead + 1)]
        coefficients, low, high = (np.array(part) for part in zip(*fits, strict=True))
        return cls(names, coefficients, low, high)

    def change(self, view: View, made: Features, cells: Cells) -> Floats:
        """The expected change from the anchor."""
        growth, unit = self.growth(view, made, cells)
        of = cells.horizon - 1
        slope = np.einsum("cn,cn->c", growth, self.coefficients[of, 1:])
        changed: Floats = (self.coefficients[of, 0] + slope) * unit
        return changed

    def growth(self, view: View, made: Features, cells: Cells) -> tuple[Floats, Floats]:
        """Growth as the line sees it, cut and relative to a unit (cells x names); and the unit."""
        unit = scale(view, view.level[cells.origin, cells.series])
        own = made.table[:, :, made.columns(self.names)]
        growth = own[cells.origin, cells.series] / unit[:, None]
        np.nan_to_num(growth, copy=False)
        of = cells.horizon - 1
        np.clip(growth, self.low[of], self.high[of], out=growth)
        return growth, unit

    def to_json(self) -> dict[str, Any]:
        """As numbers and names."""
        arrays = {name: getattr(self, name).tolist() for name in ("coefficients", "low", "high")}
        return {"names": list(self.names), **arrays}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """Back from numbers and names."""
        arrays = (np.array(told[name]) for name in ("coefficients", "low", "high"))
        return cls(tuple(told["names"]), *arrays)


def _fit(view: View, made: Features, columns: Index, horizon: int) -> tuple[Floats, Floats, Floats]:
    origins = _origins(view, horizon)
    cells = grid_of(origins, np.array([horizon]), len(view.series))
    unit = scale(view, view.level[cells.origin, cells.series])
    changed = view.truth[cells.origin + horizon, cells.series] - anchor(view, made, cells)
    growth = made.table[cells.origin[:, None], cells.series[:, None], columns] / unit[:, None]
    weight = unit * 0.5 ** ((view.last - cells.origin) / HALF_LIFE)
    able = np.isfinite(changed) & np.isfinite(unit)
    growth, changed = np.nan_to_num(growth[able]).astype(float), (changed / unit)[able]
    if not len(changed):
        none = np.zeros(len(columns))
        return np.zeros(len(columns) + 1), none, none
    low, high = np.quantile(growth, EDGES, axis=0)
    growth, changed = np.clip(growth, low, high), _cut(changed)
    return _ridge(growth, changed, weight[able]), low, high


def _origins(view: View, horizon: int) -> Index:
    """As many past days as tell something, evenly."""
    latest, series = view.settled - horizon, len(view.series)
    every = max(2, -(-(latest - BURN_IN) * series // ROWS))
    return np.arange(latest, BURN_IN - 1, -every)


def _cut(changed: Floats) -> Floats:
    """The wildest changes say little of the next."""
    cut: Floats = np.clip(changed, *np.quantile(changed, (0.005, 0.995)))
    return cut


def _ridge(x: Floats, y: Floats, weight: Floats) -> Floats:
    spread = np.sqrt(np.average(x**2, axis=0, weights=weight)) + 1e-9
    design = np.column_stack([np.ones(len(x)), x / spread])
    weighted = design * weight[:, None]
    penalty = np.eye(design.shape[1]) * RIDGE * weight.sum()
    solved = np.linalg.solve(weighted.T @ design + penalty, weighted.T @ y)
    solved[1:] /= spread
    return solved
