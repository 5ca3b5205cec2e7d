"""Dense panels: for every measure of every source a grid of dates x series."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Dates = NDArray[np.datetime64]
Floats = NDArray[np.float64]
Index = NDArray[np.int64]


class Key(NamedTuple):
    """What a grid holds: one measure as one source gives it."""

    source: str
    target: str

    @property
    def name(self) -> str:
        """Both, as findings and people name it."""
        return f"{self.source}.{self.target}"


DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Grid:
    """Values of one measure: a row a date, a column a series, NaN where there is none."""

    dates: Dates  # sorted, unique, whole days
    series: tuple[str, ...]  # sorted, unique
    values: Floats

    @cached_property
    def known(self) -> int:
        """How many values there are."""
        return int(np.isfinite(self.values).sum())

    @cached_property
    def _last(self) -> np.datetime64 | None:
        rows = np.flatnonzero(np.isfinite(self.values).any(axis=1))
        return self.dates[rows[-1]] if len(rows) else None

    def last_date(self) -> np.datetime64 | None:
        """The last date on which any series has a value."""
        return self._last

    def since(self, first: np.datetime64) -> "Grid":
        """The grid from that date on."""
        start = int(np.searchsorted(self.dates, first))
        return Grid(self.dates[start:], self.series, self.values[start:])

    def until(self, last: np.datetime64) -> "Grid":
        """The grid up to and with that date."""
        end = int(np.searchsorted(self.dates, last, side="right"))
        return Grid(self.dates[:end], self.series, self.values[:end])

    def onto(self, dates: Dates, series: tuple[str, ...]) -> Floats:
        """The values laid out on other axes, NaN where this grid has nothing."""
        out = np.full((len(dates), len(series)), np.nan)
        rows, here_rows = _shared(dates, self.dates)
        if series == self.series:
            out[rows] = self.values[here_rows]
            return out
        columns, here_columns = _shared(np.array(series, str), np.array(self.series, str))
        out[np.ix_(rows, columns)] = self.values[np.ix_(here_rows, here_columns)]
        return out


Panel = dict[Key, Grid]


def last_date(panel: Panel) -> date | None:
    """The newest date with a value."""
    days = [day for one in panel.values() if (day := one.last_date()) is not None]
    return max(days).astype(date) if days else None


def together(one: Grid, other: Grid) -> tuple[Grid, Grid]:
    """Two grids on the axes that hold both."""
    if np.array_equal(one.dates, other.dates) and one.series == other.series:
        return one, other
    dates = np.union1d(one.dates, other.dates)
    series = tuple(sorted({*one.series, *other.series}))
    laid = (Grid(dates, series, each.onto(dates, series)) for each in (one, other))
    return next(laid), next(laid)


EMPTY = Grid(np.array([], "datetime64[D]"), (), np.empty((0, 0)))


def _shared(wanted: NDArray[Any], there: NDArray[Any]) -> tuple[Index, Index]:
    """Where sorted names or dates are on an axis, as far as they are."""
    if not len(there):
        return np.empty(0, int), np.empty(0, int)
    found = np.searchsorted(there, wanted)
    found[found == len(there)] = 0
    same = np.flatnonzero(there[found] == wanted)
    return same, found[same]


def grid(dates: Dates, series: Iterable[str], values: Floats) -> Grid:
    """A grid with its axes sorted."""
    names = np.array(list(series), dtype=object)
    rows, columns = np.argsort(dates), np.argsort(names)
    return Grid(dates[rows], tuple(names[columns]), values[np.ix_(rows, columns)])


def scatter(dates: Dates, series: pa.DictionaryArray, measures: Mapping[Key, Floats]) -> Panel:
    """Grids from one row a value; the last of rows with the same place wins."""
    days, row = np.unique(dates, return_inverse=True)
    names = series.dictionary.to_pylist()
    panel = {}
    for key, values in measures.items():
        filled = np.full((len(days), len(names)), np.nan)
        filled[row, series.indices.to_numpy()] = values
        panel[key] = grid(days, names, filled)
    return panel


def from_rows(rows: pa.Table) -> Panel:
    """A panel from rows (source, target, series, date, value)."""
    panel: Panel = {}
    for source, target in _pairs(rows):
        own = rows.filter((pc.field("source") == source) & (pc.field("target") == target))
        own = own.combine_chunks()
        if own.num_rows:
            dates = own["date"].to_numpy(zero_copy_only=False).astype("datetime64[D]")
            series = pc.cast(own["series"], pa.string()).combine_chunks().dictionary_encode()
            values = own["value"].to_numpy(zero_copy_only=False)
            panel |= scatter(dates, series, {Key(source, target): values})
    return panel


def _pairs(rows: pa.Table) -> Iterator[tuple[str, str]]:
    pairs = rows.select(["source", "target"]).group_by(["source", "target"]).aggregate([])
    yield from sorted(zip(*(pairs[name].to_pylist() for name in pairs.column_names), strict=True))


def increments(totals: Floats) -> Floats:
    """Daily numbers from running totals (rows are consecutive days): the one place that does it.

    Every day's number is its total less the last known total before it, so that the numbers
    since any day add up to the published difference. Two cases need a rule. After a gap the
    whole rise stands on the first day reported again. A total that FALLS corrects earlier
    days: the fall is left as the negative number that was published, and what models and
    scores make of a negative number is for them to say (docs/datasets.md). The first total of
    a series is the past, not a day's number: it has none.
    """
    known = np.isfinite(totals)
    last = np.maximum.accumulate(np.where(known, np.arange(len(totals))[:, None], -1), axis=0)
    before = np.vstack([np.full((1, totals.shape[1]), -1), last[:-1]])
    previous = np.take_along_axis(totals, np.maximum(before, 0), axis=0)
    return np.where(known & (before >= 0), totals - previous, np.nan)


def daily(source: Grid, *, cumulative: bool) -> Grid:
    """A grid on consecutive days, in numbers a day."""
    if not len(source.dates):
        return source
    days = np.arange(source.dates[0], source.dates[-1] + DAY)
    values = source.onto(days, source.series)
    return Grid(days, source.series, increments(values) if cumulative else values)


def digest(panel: Panel) -> str:
    """A hash of all numbers of a panel."""
    found = sha256()
    for key, grid in sorted(panel.items()):
        found.update(f"{key.source}\0{key.target}\0{'\0'.join(grid.series)}\0".encode())
        found.update(grid.dates.astype("datetime64[D]").tobytes() + grid.values.tobytes())
    return found.hexdigest()
