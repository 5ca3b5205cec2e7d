"""Vintages: what was known when. The tables are a function of the arrivals, in order of time.

A vintage is an arrival that changed something. Its changes are the values that are new,
different, or gone.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from vigil import quality
from vigil.arrivals import Arrival, Contents
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.layouts import Attributes, Parsed
from vigil.panel import EMPTY, Grid, Key, Panel
from vigil.quality import Finding

Row = dict[str, Any]


def pending(names: list[str], last: str, reflected: int) -> tuple[list[str], bool]:
    """The arrivals that the tables do not show yet, and whether all come after those shown.

    *names* are sorted. When one came late, all have to be replayed from the first.
    """
    shown = bisect_right(names, last)
    return (names[shown:], True) if shown == reflected else (names, False)


@dataclass
class Replay:
    """Arrivals folded into what was known, with a trail of what each one changed."""

    dataset: Dataset
    read: Callable[[str, str], Parsed]  # a source's content by its hash
    known: Callable[[], Panel] = dict  # what the tables show, asked for when first needed
    contents: Contents = field(default_factory=dict)
    predecessor: str | None = None
    panel: Panel | None = None
    vintages: list[Row] = field(default_factory=list)
    changes: list[pa.Table] = field(default_factory=list)
    attributes: Attributes = field(default_factory=dict)
    findings: list[tuple[datetime, Finding]] = field(default_factory=list)
    issued_at: datetime | None = None

    def add(self, arrival: Arrival) -> None:
        """Take in the next arrival in time; one that brings nothing new is no vintage."""
        new = {s: h for s, h in arrival.hashes.items() if self.contents.get(s) != h}
        if not new:
            return
        self.panel = self.known() if self.panel is None else self.panel
        for source, sha256 in sorted(new.items()):
            self._take(self.panel, source, self.read(source, sha256), arrival.issued_at)
        self.contents |= new
        self.vintages += _rows(arrival, new, self.predecessor)
        self.predecessor, self.issued_at = arrival.name, arrival.issued_at

    def _take(self, panel: Panel, source: str, parsed: Parsed, issued_at: datetime) -> None:
        """A vanished value is judged per source: only what this source held before can be gone."""
        found = [*parsed.findings, *_judge(self.dataset, parsed.panel, panel, issued_at)]
        self.findings += [(issued_at, finding) for finding in found]
        before = {key for key in panel if key.source == source}
        for key in sorted(before | set(parsed.panel)):
            now = parsed.panel.get(key, EMPTY)
            self.changes += difference(key, panel.get(key, EMPTY), now, issued_at)
            panel[key] = now
        for series, said in parsed.attributes.items():
            self.attributes.setdefault(series, {}).update(said)


def _judge(dataset: Dataset, new: Panel, known: Panel, issued_at: datetime) -> list[Finding]:
    """The findings of an arrival that was accepted, whatever its neighbours say of it now."""
    try:
        return quality.check(dataset, new, known, issued_at, downloaded=False)
    except Rejected as reason:
        return [Finding(reason.rule, "warning", reason.where, reason.expected, reason.found)]


def _rows(arrival: Arrival, new: Contents, before: str | None) -> Iterator[Row]:
    for source, sha256 in sorted(new.items()):
        yield {
            "dataset": arrival.dataset,
            "vintage": arrival.name,
            "predecessor": before,
            "issued_at": arrival.issued_at,
            "kind": arrival.kind,
            "source": source,
            "sha256": sha256,
            "bytes": arrival.contents[source].size,
        }


def difference(key: Key, old: Grid, new: Grid, issued_at: datetime) -> Iterable[pa.Table]:
    """Rows for the values that are new, changed, or gone (NULL) from one grid to the next."""
    if (old.dates.shape, old.series) == (new.dates.shape, new.series) and (
        old.dates == new.dates
    ).all():
        dates, series, before, after = new.dates, new.series, old.values, new.values
    else:
        dates = np.union1d(old.dates, new.dates)
        series = tuple(sorted({*old.series, *new.series}))
        before, after = old.onto(dates, series), new.onto(dates, series)
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    columns, rows = np.nonzero(~same.T)
    if not len(rows):
        return
    names = pa.DictionaryArray.from_arrays(pa.array(columns, pa.int32()), pa.array(series))
    yield pa.table(
        {
            "source": _repeat(key.source, len(rows)),
            "target": _repeat(key.target, len(rows)),
            "series": names,
            "date": pa.array(dates[rows].astype("datetime64[D]")),
            "value": pa.array(after[rows, columns], from_pandas=True),
            "issued_at": _repeat(issued_at, len(rows)),
        }
    )


def _repeat(value: object, count: int) -> pa.Array:
    """A column of one value, held once."""
    type_ = pa.timestamp("us", tz="UTC") if isinstance(value, datetime) else None
    return pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(count, np.int32)), pa.array([value], type_)
    )
