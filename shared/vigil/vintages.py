"""Vintages: what was known when. The tables are a function of the arrivals, in order of time.

A vintage is an arrival that changed something. Its changes are the values that are new,
different, or gone.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from vigil import verdict
from vigil.arrivals import Arrival, Contents
from vigil.datasets import Dataset
from vigil.layouts import Parsed
from vigil.lines import resolve
from vigil.panel import EMPTY, Grid, Key, together
from vigil.quality import Finding
from vigil.recorded import NOTHING, Added, Recorded
from vigil.roster import Rows, updated
from vigil.verdict import Case

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
    contents: Contents = field(default_factory=dict)
    last: Arrival | None = None  # the one before the first that is added
    predecessor: str | None = None
    issued_at: datetime | None = None
    roster: Rows = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)  # source, hash: all there ever were
    recorded: Recorded = NOTHING
    vintages: list[Row] = field(default_factory=list)
    changes: list[pa.Table] = field(default_factory=list)
    records: list[Added] = field(default_factory=list)
    findings: list[tuple[datetime, Finding]] = field(default_factory=list)

    def add(self, arrival: Arrival) -> None:
        """Take in the next arrival in time; one that brings nothing new is no vintage."""
        new = {s: h for s, h in arrival.hashes.items() if self.contents.get(s) != h}
        self._find(arrival.issued_at, verdict.aging(self.dataset, arrival, self.last, set(new)))
        self.last = arrival
        for source, sha256 in sorted(new.items()):
            parsed = self.read(source, sha256)
            self._take(source, parsed, arrival.issued_at)
            if (source, sha256) in self.seen:
                where = f"{self.dataset.name}.{source}"
                self._find(arrival.issued_at, [verdict.reverted(where)])
            self.seen.add((source, sha256))
            self.contents = {**self.contents, source: sha256}
            self.vintages.append(_row(arrival, source, parsed.last_date, self.predecessor))
        if new:
            self.predecessor, self.issued_at = arrival.name, arrival.issued_at

    def held(self, line: str) -> dict[str, Parsed]:
        """What the sources of a line hold."""
        sources = [name for name in self.dataset.members(line) if name in self.contents]
        return {source: self.read(source, self.contents[source]) for source in sources}

    def _take(self, source: str, parsed: Parsed, issued_at: datetime) -> None:
        """What a source's new content changes, and what is odd about it.

        A value that is gone is judged within its line: only what it held before can vanish.
        """
        line = self.dataset.line(source)
        held = self.held(line)
        case = Case(self.dataset, source, parsed, held, issued_at)
        self._find(issued_at, case.findings())
        before, after = (
            resolve(self.dataset, line, {name: one.panel for name, one in state.items()})
            for state in (held, {**held, source: parsed})
        )
        for key in sorted({*before, *after}):
            self.changes += difference(
                key, before.get(key, EMPTY), after.get(key, EMPTY), issued_at
            )
        self.roster = updated(
            self.dataset, self.roster, source, parsed.attributes, issued_at, first=not held
        )
        if len(parsed.records):
            news, self.recorded = self.recorded.news(parsed.records)
            self.records.append(Added(source, issued_at, news))

    def _find(self, issued_at: datetime, findings: Iterable[Finding]) -> None:
        found = verdict.expected(self.dataset, findings)
        self.findings += [(issued_at, finding) for finding in found]


def _row(arrival: Arrival, source: str, last: date | None, before: str | None) -> Row:
    content = arrival.contents[source]
    return {
        "dataset": arrival.dataset,
        "vintage": arrival.name,
        "predecessor": before,
        "issued_at": arrival.issued_at,
        "kind": arrival.kind,
        "source": source,
        "sha256": content.sha256,
        "bytes": content.size,
        "last_date": last,
    }


def difference(key: Key, old: Grid, new: Grid, issued_at: datetime) -> Iterable[pa.Table]:
    """Rows for the values that are new, changed, or gone (NULL) from one grid to the next."""
    before, after = together(old, new)
    neither = np.isnan(before.values) & np.isnan(after.values)
    same = (before.values == after.values) | neither
    columns, rows = np.nonzero(~same.T)
    if not len(rows):
        return
    names = pa.DictionaryArray.from_arrays(pa.array(columns, pa.int32()), pa.array(after.series))
    yield pa.table(
        {
            "source": _repeat(key.source, len(rows)),
            "target": _repeat(key.target, len(rows)),
            "series": names,
            "date": pa.array(after.dates[rows].astype("datetime64[D]")),
            "value": pa.array(after.values[rows, columns], from_pandas=True),
            "issued_at": _repeat(issued_at, len(rows)),
        }
    )


def _repeat(value: object, count: int) -> pa.Array:
    """A column of one value, held once."""
    type_ = pa.timestamp("us", tz="UTC") if isinstance(value, datetime) else None
    return pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(count, np.int32)), pa.array([value], type_)
    )
