"""What drives a median forecast: what each group of features adds to where the series stands.

Unit: the model's scale (`view.transform` of seven-day sums, of their mean where numbers do not add
up, or of days), as the change from the anchor, which is the level as its weekday stands to it. On
the fourth root 0.1 is much for small numbers and little for large. All contributions to a forecast
add up to its margin: the median as the trees and the line say it, before quantiles that cross are
put in order and before calibration, less the anchor. Trees' contributions are Shapley values
(LightGBM's `pred_contrib`), those of the line exact; both members count half.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vigil.features import CALENDAR, Cells, Features, features, grid_of, rows
from vigil.models.boosted import FITTED, MEMBERS, Boosted, unknown
from vigil.models.line import Line
from vigil.panel import Floats, Index
from vigil.view import View

BASE, ALL_ELSE = "base", "all else"
TOP = 5
MEDIAN = FITTED.index(0.5)
GROUPS = {  # by how a feature's name begins
    "level": "own level",
    "growth": "own growth",
    "momentum": "own growth",
    "pace": "own growth",
    "last day": "own growth",
    "common growth": "common growth",
    "total growth": "common growth",
    "published": "reporting",
    **dict.fromkeys(CALENDAR, "calendar"),
    BASE: BASE,
}


def drivers(fitted: Boosted, view: View, horizons: Index, top: int = TOP) -> pa.Table:
    """For every series and horizon the groups that add or take most, and all else together.

    `contribution` is in the unit above; `share` is the group's part of all there is to and fro,
    so that shares add up to one. A series without a forecast has no rows.
    """
    names, parts = grouped(*contributions(fitted, view, horizons))
    size = np.abs(parts)
    order = np.argsort(-size, axis=1, kind="stable")
    first, rest = order[:, :top], order[:, top:]
    cell = np.arange(len(parts))[:, None]
    said = [np.array(names, object)[first], parts[cell, first], size[cell, first]]
    if rest.size:
        others = [np.full((len(parts), 1), ALL_ELSE, object)]
        others += [each[cell, rest].sum(axis=1, keepdims=True) for each in (parts, size)]
        said = [np.hstack(pair) for pair in zip(said, others, strict=True)]
    return _table(view, horizons, *said)


def contributions(fitted: Boosted, view: View, horizons: Index) -> tuple[tuple[str, ...], Floats]:
    """Names of features, the base last, and what each adds: (horizons x series) x names."""
    made = features(view, fitted.ahead)
    cells = grid_of(np.array([view.last]), horizons, len(view.series))
    table = rows(view, made, cells)
    part = unknown(view, cells)[:, None]
    added = {
        member: part * boosters[MEDIAN].contributions(table)
        for member, boosters in fitted.members.items()
    }
    columns = [-1, *made.columns(fitted.line.names)]
    added[MEMBERS[1]][:, columns] += _of_line(fitted.line, view, made, cells)
    return (*made.names, *CALENDAR, BASE), np.mean(list(added.values()), axis=0)


def grouped(names: tuple[str, ...], parts: Floats) -> tuple[tuple[str, ...], Floats]:
    """Contributions of groups instead of single features."""
    groups = [group(name) for name in names]
    kinds = tuple(dict.fromkeys(groups))
    members = np.array([[one == kind for kind in kinds] for one in groups], float)
    return kinds, parts @ members


def group(feature: str) -> str:
    """What a feature tells of: another measure by its name, else one of a few things."""
    source, _, measure = feature.removeprefix("to ").partition(".")
    if measure and " " not in source:
        return measure.partition(" ")[0]
    return next(kind for start, kind in GROUPS.items() if feature.startswith(start))


def _of_line(line: Line, view: View, made: Features, cells: Cells) -> Floats:
    """What intercept and growth add on the line."""
    grown, unit = line.growth(view, made, cells)
    design = np.column_stack([np.ones(len(grown)), grown])
    added: Floats = line.coefficients[cells.horizon - 1] * design * unit[:, None]
    return added


def _table(
    view: View, horizons: Index, names: NDArray[Any], parts: Floats, size: Floats
) -> pa.Table:
    """A row a driver, by series, horizon and rank."""
    count = parts.shape[1]
    order = np.arange(len(parts)).reshape(len(horizons), -1).T.ravel()
    order = order[np.isfinite(parts[order]).all(axis=1)]
    step, series = np.divmod(order, len(view.series))
    whole = np.maximum(size.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    columns = {
        "series": np.repeat(np.array(view.series, object)[series], count),
        "horizon": np.repeat(horizons[step], count),
        "rank": np.tile(np.arange(1, count + 1), len(order)),
        "driver": names[order].ravel(),
        "contribution": parts[order].ravel(),
        "share": (size / whole)[order].ravel(),
    }
    types = (pa.string(), pa.int64(), pa.int64(), pa.string(), pa.float64(), pa.float64())
    return pa.table(columns, pa.schema(list(zip(columns, types, strict=True))))
