"""Rows of the tables as columns a page can draw: series by dates, flat."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vigil.panel import Floats
from vigil.report.digits import plain, short

PERIODS = ("day", "week", "total")
QUANTILES = ("q025", "q100", "q250", "q500", "q750", "q900", "q975")
EARLIER = ("q025", "q250", "q500", "q750", "q975")
DIGITS = 3  # of a forecast
EPOCH = date(1970, 1, 1)

Codes = NDArray[np.int64]


def day(moment: date) -> int:
    """Days since 1970, as the page counts them."""
    return (moment - EPOCH).days


def groups(table: pa.Table, *columns: str) -> Iterator[tuple[tuple[Any, ...], pa.Table]]:
    """The rows of each combination of values, in order."""
    keys = table.select(columns).group_by(list(columns)).aggregate([]).to_pylist()
    for key in sorted((tuple(one.values()) for one in keys), key=str):
        mask = pc.equal(table[columns[0]], key[0])
        for column, value in zip(columns[1:], key[1:], strict=True):
            mask = pc.and_(mask, pc.equal(table[column], value))
        yield key, table.filter(mask)


def period(rows: pa.Table, series: list[str]) -> dict[str, Any]:
    """One period of a measure: actuals on their dates, quantiles on theirs."""
    ahead = pc.is_valid(rows["horizon"])
    past, future = rows.filter(pc.invert(ahead)), rows.filter(ahead)
    days, actual = _spread(past, series, "date", ["actual"])
    dates, quantiles = _spread(future, series, "date", QUANTILES)
    return {
        "days": days.tolist(),
        "actual": plain(short(actual[0])),
        "dates": dates.tolist(),
        "q": [plain(one) for one in _seen(quantiles)],
    }


def earlier(rows: pa.Table, series: list[str], most: int) -> list[dict[str, Any]]:
    """The newest of the past forecasts, a reference date each, oldest first."""
    made = []
    found = list(groups(rows, "reference_date"))
    for (reference,), own in found[max(len(found) - most, 0) :]:
        dates, quantiles = _spread(own, series, "target_date", EARLIER)
        said = [plain(one) for one in _seen(quantiles)]
        made.append({"made": day(reference), "dates": dates.tolist(), "q": said})
    return made


def positions(column: pa.ChunkedArray, names: list[str]) -> Codes:
    """Where each value stands in a list; -1 where it does not."""
    found = pc.index_in(column, value_set=pa.array(names, pa.string()))
    codes: Codes = pc.fill_null(found, -1).to_numpy().astype(np.int64)
    return codes


def _spread(
    rows: pa.Table, series: list[str], when: str, columns: Iterable[str]
) -> tuple[Codes, Floats]:
    """The dates there are, and columns x series x dates; NaN where there is no row."""
    names = list(columns)
    days = pc.cast(rows[when], pa.int32()).to_numpy().astype(np.int64)
    dates, which = np.unique(days, return_inverse=True)
    place = positions(rows["series"], series)
    grid = np.full((len(names), len(series), len(dates)), np.nan)
    for number, name in enumerate(names):
        values = rows[name].to_numpy().astype(np.float64)
        grid[number, place[place >= 0], which[place >= 0]] = values[place >= 0]
    return dates, grid


def _seen(quantiles: Floats) -> Floats:
    """Rounded to what can be told apart beside the width of each series' band."""
    if not quantiles.size:
        return quantiles
    width = np.nanmax(quantiles[-1] - quantiles[0], axis=-1, initial=0.0)
    spread = np.where(width > 0, width, np.inf)[None, :, None]
    return short(quantiles, DIGITS, spread)
