"""History: the tables brought up to the arrivals, whatever order those came in."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from vigil import layouts, tables
from vigil.cloud import Cloud
from vigil.commit import Commit, Head
from vigil.datasets import Dataset
from vigil.layouts import Attributes, Parsed
from vigil.ledger import Run, finding_row
from vigil.panel import Panel
from vigil.vintages import Replay, pending

REPLACED = {
    "observations": "TRUE",
    "vintages": "TRUE",
    "series": "TRUE",
    "findings": "STARTS_WITH(run_id, 'ingest/') AND severity != 'error'",
}


Series = dict[str, dict[str, Any]]  # series -> its row


def _quiet(_done: int, _total: int) -> None:
    """No progress."""


@dataclass
class History:
    """One dataset's arrivals and tables, with what this attempt has read of them already."""

    dataset: Dataset
    cloud: Cloud
    progress: Callable[[int, int], None] = _quiet
    parsed: dict[tuple[str, str], Parsed] = field(default_factory=dict)
    shown: dict[int, Panel] = field(default_factory=dict)  # by revision of the head
    seen: Head | None = None

    def read(self, source: str, digest: str) -> Parsed:
        """A content by its hash, parsed once."""
        if (source, digest) not in self.parsed:
            body = self.cloud.lake.read(self.dataset.name, digest)
            self.keep(source, digest, layouts.parse(self.dataset, source, body))
        return self.parsed[source, digest]

    def keep(self, source: str, digest: str, parsed: Parsed) -> None:
        """Remember the last content of each source: a long replay stays flat in memory."""
        self.parsed = {key: one for key, one in self.parsed.items() if key[0] != source}
        self.parsed[source, digest] = parsed

    def at(self, head: Head) -> Panel:
        """What the tables show at that revision."""
        if head.issued_at is None:
            return {}
        if head.revision not in self.shown:
            self.shown = {
                head.revision: self.cloud.warehouse.panel(self.dataset.name, head.issued_at)
            }
        return dict(self.shown[head.revision])

    def head(self) -> Head:
        """What the tables show; read before the arrivals are listed, so that none is missed."""
        if self.seen is None:
            self.seen = self.cloud.warehouse.head(self.dataset.name)
        return self.seen

    def catch_up(self, run: Run, *, anew: bool = False) -> Head:
        """Commit what the arrivals say and the tables do not show yet; *anew*: all of it."""
        while True:
            head = self.head()
            names = self.cloud.lake.arrivals(self.dataset.name)
            todo, in_order = pending(names, head.arrival, head.arrivals)
            if anew:
                todo, in_order = names, False
            if not todo:
                run.unchanged("nothing has arrived since the last commit")
                return head
            replay = self._replay(head, todo, in_order=in_order)
            commit = self._commit(head, names, replay, run, in_order=in_order)
            if self.cloud.warehouse.commit(commit):
                run.recorded = True
                return replace(head, revision=head.revision + 1, **commit.changes)
            self.seen = None  # another came first: start again from what it left

    def _replay(self, head: Head, todo: list[str], *, in_order: bool) -> Replay:
        replay = Replay(self.dataset, self.read)
        if in_order:
            replay.known = lambda: self.at(head)
            replay.contents, replay.predecessor = head.hashes, head.vintage
        for number, name in enumerate(todo, 1):
            self.cloud.deadline.left()
            replay.add(self.cloud.lake.arrival(self.dataset.name, name))
            self.progress(number, len(todo))
        return replay

    def _commit(
        self, head: Head, names: list[str], replay: Replay, run: Run, *, in_order: bool
    ) -> Commit:
        last = self.cloud.lake.arrival(self.dataset.name, names[-1])
        changes: dict[str, Any] = {
            "arrival": names[-1],
            "arrivals": len(names),
            "checked_at": last.checked_at or last.issued_at,
        }
        added: dict[str, pa.Table] = {}
        replaced: dict[str, str] = {}
        if replay.vintages:
            changes |= {
                "vintage": replay.predecessor,
                "issued_at": replay.issued_at,
                "contents": json.dumps(replay.contents, sort_keys=True),
            }
            before = self.cloud.warehouse.series(self.dataset.name) if in_order else {}
            series = said_of_series(self.dataset, before, replay.attributes)
            added = self._rows(replay, series if series != before else {})
            replaced = (
                ({"series": "TRUE"} if added["series"].num_rows else {}) if in_order else REPLACED
            )
            count = len({row["vintage"] for row in replay.vintages})
            run.rows = added["observations"].num_rows
            run.reason = f"{count} vintage{'s' if count > 1 else ''}"
            run.reason += "" if in_order else ", replayed from the first"
        else:
            run.unchanged("the sources hold what they held before")
        for table, rows in run.rows_to_add().items():
            added[table] = pa.concat_tables([added[table], rows]) if table in added else rows
        return Commit(head, changes, added=added, replaced=replaced)

    def _rows(self, replay: Replay, series: Series) -> dict[str, pa.Table]:
        """The rows to add, by table."""
        name = self.dataset.name
        rows = {
            "vintages": replay.vintages,
            "series": list(series.values()),
            "findings": [finding_row(found, "ingest", name, at) for at, found in replay.findings],
        }
        added = {table: tables.load(table).rows(found) for table, found in rows.items()}
        return {"observations": observations(name, replay.changes), **added}


def said_of_series(dataset: Dataset, before: Series, attributes: Attributes) -> Series:
    """What was known of each series, and what is said of it now."""
    nothing = dict.fromkeys(tables.load("series").columns)
    now = {
        name: {**nothing, **before.get(name, {}), **named(dataset, name), **said}
        for name, said in attributes.items()
    }
    return {**before, **now}


def named(dataset: Dataset, name: str) -> dict[str, Any]:
    """What a series' name says of it."""
    parent, _, own = name.rpartition("/")
    return {
        "dataset": dataset.name,
        "series": name,
        "parent": parent or None,
        "name": own,
        "place": name not in dataset.not_places,
    }


def observations(dataset: str, changes: list[pa.Table]) -> pa.Table:
    """All changes as rows of the table."""
    schema = tables.load("observations").arrow
    rows = pa.concat_tables([change.cast(_without_dataset(schema)) for change in changes])
    named = pa.repeat(pa.scalar(dataset), rows.num_rows)
    return rows.add_column(0, schema.field("dataset"), named)


def _without_dataset(schema: pa.Schema) -> pa.Schema:
    return schema.remove(schema.get_field_index("dataset"))
