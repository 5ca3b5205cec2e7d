"""The roster: which series a dataset has, since when, and what is said of each."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from vigil import tables
from vigil.datasets import Dataset
from vigil.places import Attributes

Rows = dict[str, dict[str, Any]]  # series -> its row
KNOWN, PROVISIONAL, VANISHED = "known", "provisional", "vanished"


def updated(
    dataset: Dataset, rows: Rows, source: str, said: Attributes, issued_at: datetime, *, first: bool
) -> Rows:
    """The roster after a source's new content; *first*: nothing was there before it.

    A series that comes later is provisional for a while; one that no source names any more has
    vanished, and is kept.
    """
    now = {}
    for name, attributes in said.items():
        status = KNOWN if first else PROVISIONAL
        row = rows.get(name) or _new(dataset, name, {"status": status, "since": issued_at})
        sources = "+".join(sorted({*_sources(row), source}))
        now[name] = {**row, **_status(dataset, row, issued_at), **attributes, "sources": sources}
    gone = {name for name, row in rows.items() if source in _sources(row) and name not in said}
    return {**rows, **now, **{name: _without(rows[name], source, issued_at) for name in gone}}


def _status(dataset: Dataset, row: Mapping[str, Any], issued_at: datetime) -> dict[str, Any]:
    """The status of a series that a source names: back, settled, or as before."""
    if row["status"] == VANISHED:
        return {"status": KNOWN, "since": issued_at}
    settled = issued_at - row["since"] >= timedelta(days=dataset.provisional_days)
    return {"status": KNOWN} if settled else {}


def _without(row: Mapping[str, Any], source: str, issued_at: datetime) -> dict[str, Any]:
    """The row of a series that a source names no more."""
    left = [name for name in _sources(row) if name != source]
    ended = {} if left else {"status": VANISHED, "since": issued_at}
    return {**row, **ended, "sources": "+".join(left)}


def _sources(row: Mapping[str, Any]) -> list[str]:
    return [name for name in (row["sources"] or "").split("+") if name]


def _new(dataset: Dataset, name: str, status: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a series as its name tells it."""
    parent, _, own = name.rpartition("/")
    return {
        **dict.fromkeys(tables.load("series").columns),
        **status,
        "dataset": dataset.name,
        "series": name,
        "parent": parent or None,
        "name": own,
        "place": name not in dataset.not_places,
        "aggregate": False,
    }
