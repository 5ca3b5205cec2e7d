"""History: the tables brought up to the arrivals, whatever order those came in."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from vigil import layouts, tables
from vigil.arrivals import Arrival, Contents, moment_name, sources_of
from vigil.cloud import Cloud
from vigil.commit import Commit, Head, Statement
from vigil.datasets import Dataset
from vigil.errors import Misconfigured, Transient
from vigil.layouts import Parsed
from vigil.ledger import Run, finding_row
from vigil.log import log
from vigil.recorded import Additions
from vigil.records import Pseudonym, keyed_hash
from vigil.roster import Rows
from vigil.steps.progress import Progress, quiet
from vigil.store import Gone
from vigil.vintages import Replay, pending

# What was said of records that there are none of any more. The statement names nobody.
ORPHANS = Statement(
    "DELETE FROM classifications WHERE dataset = @dataset "
    "AND CONCAT(record, ' ', COALESCE(person, '')) NOT IN "
    "(SELECT CONCAT(record, ' ', COALESCE(person, '')) FROM records WHERE dataset = @dataset)",
    {},
)
REPLACED = {
    "observations": "TRUE",
    "records": "TRUE",
    "vintages": "TRUE",
    "series": "TRUE",
    "findings": "STARTS_WITH(run_id, 'ingest/') AND severity != 'error'",
}


@dataclass
class History:
    """One dataset's arrivals and tables, with what this attempt has read of them already."""

    dataset: Dataset
    cloud: Cloud
    progress: Progress = quiet
    parsed: dict[tuple[str, str], Parsed] = field(default_factory=dict)
    seen: Head | None = None
    whole: bool = False  # the bucket has been found to hold all that the tables show

    def read(self, source: str, digest: str) -> Parsed:
        """A content by its hash, parsed once."""
        if (source, digest) not in self.parsed:
            body = self.cloud.lake.read(self.dataset.name, digest)
            self.keep(source, digest, self.parse(source, body))
        return self.parsed[source, digest]

    def parse(self, source: str, body: bytes) -> Parsed:
        """What a source's bytes say."""
        parsed = layouts.parse(self.dataset, source, body, self.pseudonym)
        pa.default_memory_pool().release_unused()  # a file's cells take thrice what is kept of them
        return parsed

    @property
    def pseudonym(self) -> Pseudonym | None:
        """What makes a hash of a person, where there is a key."""
        key = self.cloud.settings.hash_key
        return keyed_hash(key, self.dataset.name) if key else None

    def keep(self, source: str, digest: str, parsed: Parsed) -> None:
        """Remember the last two contents of each source: a long replay stays flat in memory."""
        own = [key for key in self.parsed if key[0] == source]
        for key in own[:-1]:
            del self.parsed[key]
        self.parsed[source, digest] = parsed

    def held(self, source: str, moment: datetime) -> dict[str, Parsed]:
        """What the sources of a source's line held at a moment."""
        head = self.head()
        members = set(self.dataset.members(self.dataset.line(source)))
        contents = head.hashes
        if head.issued_at and head.issued_at > moment:
            contents = self._earlier(members, moment)
        return {name: self.read(name, sha) for name, sha in contents.items() if name in members}

    def _earlier(self, members: set[str], moment: datetime) -> Contents:
        """The newest contents by a moment in the past, from the arrival records."""
        found: Contents = {}
        latest = moment_name(moment) + "~"  # after every name of that moment
        for name in reversed(self.cloud.lake.arrivals(self.dataset.name)):
            if name < latest and (members & sources_of(name)) - set(found):
                hashes = self.cloud.lake.arrival(self.dataset.name, name).hashes
                found = {**hashes, **found}
            if members <= set(found):
                break
        return found

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
            if not anew:
                self._check_bucket(names, head)
            if anew or (head.arrivals and head.spec != self.dataset.digest):
                todo, in_order = names, False
            if in_order and not todo:
                run.unchanged("nothing has arrived since the last commit")
                return head
            replay = self._start(head) if in_order else Replay(self.dataset, self.read)
            before = replay.roster if in_order else None
            self._add(replay, todo)
            commit = self._commit(head, names, replay, run, before)
            if self.cloud.warehouse.commit(commit):
                run.recorded = True
                return replace(head, revision=head.revision + 1, **commit.changes)
            self.seen = None  # another came first: start again from what it left

    def anew(self, run: Run) -> Commit:
        """All arrivals, replayed from the first; it is for the caller to commit it."""
        names = self.cloud.lake.arrivals(self.dataset.name)
        replay = Replay(self.dataset, self.read)
        self._add(replay, names)
        return self._commit(self.head(), names, replay, run, None)

    def _start(self, head: Head) -> Replay:
        """A replay that goes on from what the tables show."""
        name, lake, warehouse = self.dataset.name, self.cloud.lake, self.cloud.warehouse
        replay = Replay(self.dataset, self.read, head.hashes, predecessor=head.vintage)
        if head.arrival:
            replay.last = lake.arrival(name, head.arrival)
        if head.vintage:
            replay.roster = warehouse.series(name)
            replay.seen = warehouse.contents(name)
        if head.vintage and self.dataset.task == "classify":
            replay.recorded = warehouse.recorded(name)
        return replay

    def check_bucket(self) -> None:
        """Stop before anything arrives in a bucket that holds less than the tables show."""
        if not self.whole:
            head = self.head()
            self._check_bucket(self.cloud.lake.arrivals(self.dataset.name), head)
            self.whole = True

    def check_unerased(self) -> None:
        """Stop if a person was erased since the head was read: what came since may hold them."""
        if not self.dataset.personal:
            return
        if self.cloud.warehouse.head(self.dataset.name).erased_at != self.head().erased_at:
            raise Transient(f"{self.dataset.name}: a person was erased meanwhile: read it again")

    def _check_bucket(self, names: list[str], head: Head) -> None:
        """Fewer arrivals than the tables show mean the wrong bucket, but where they expire."""
        if len(names) < head.arrivals and not self.dataset.personal:
            raise Misconfigured(
                f"{self.dataset.name}: {len(names)} arrivals in {self.cloud.settings.raw_bucket}, "
                f"and {head.arrivals} in the tables: is VIGIL_RAW_BUCKET the right one? "
                f"`vigil rebuild {self.dataset.name}` makes the tables from what is there."
            )

    def _add(self, replay: Replay, names: list[str]) -> None:
        """Fold arrivals into a replay, inside the deadline."""
        for number, name in enumerate(names, 1):
            self.cloud.deadline.left()
            try:
                replay.add(self.cloud.lake.arrival(self.dataset.name, name))
            except Gone as gone:  # personal bytes expire, also those that came again later
                if not self.dataset.personal:
                    raise
                log(str(gone), severity="WARNING", dataset=self.dataset.name)
            self.progress(number, len(names))

    def _commit(
        self, head: Head, names: list[str], replay: Replay, run: Run, before: Rows | None
    ) -> Commit:
        """What a replay changes; *before* is the roster that it went on from, if it did."""
        added = self._rows(replay)
        replaced: dict[str, str] = REPLACED
        if before is not None:
            moved = replay.roster != before
            replaced = {"series": "TRUE"} if moved else {}
            added = added if moved else {**added, "series": added["series"].slice(0, 0)}
        changes: dict[str, Any] = {
            "arrival": names[-1] if names else "",
            "arrivals": len(names),
            "checked_at": _looked(replay.last),
            "spec": self.dataset.digest,
        }
        if replay.vintages or before is None:
            changes |= {
                "vintage": replay.predecessor,
                "issued_at": replay.issued_at,
                "contents": json.dumps(replay.contents, sort_keys=True),
            }
            run.rows = added["observations"].num_rows + added["records"].num_rows
            run.reason = _counted(len({row["vintage"] for row in replay.vintages}))
            run.reason += ", replayed from the first" if before is None else ""
        else:
            run.unchanged("the sources hold what they held before")
        for table, rows in run.rows_to_add().items():
            added[table] = pa.concat_tables([added[table], rows]) if table in added else rows
        then = [ORPHANS] if before is None and self.dataset.task == "classify" else []
        return Commit(head, changes, added, replaced, then)

    def _rows(self, replay: Replay) -> dict[str, Any]:
        """The rows that a replay leaves, by table."""
        name = self.dataset.name
        rows = {
            "vintages": replay.vintages,
            "series": list(replay.roster.values()),
            "findings": [finding_row(found, "ingest", name, at) for at, found in replay.findings],
        }
        added = {table: tables.load(table).rows(found) for table, found in rows.items()}
        records = Additions(name, replay.records)
        return {"observations": observations(name, replay.changes), "records": records, **added}


def _looked(last: Arrival | None) -> datetime | None:
    """When the sources were last asked."""
    return (last.checked_at or last.issued_at) if last else None


def _counted(vintages: int) -> str:
    return f"{vintages} vintage{'' if vintages == 1 else 's'}"


def observations(dataset: str, changes: list[pa.Table]) -> pa.Table:
    """All changes as rows of the table."""
    schema = tables.load("observations").arrow
    if not changes:
        return schema.empty_table()
    rows = pa.concat_tables([change.cast(_without_dataset(schema)) for change in changes])
    named = pa.repeat(pa.scalar(dataset), rows.num_rows)
    return rows.add_column(0, schema.field("dataset"), named)


def _without_dataset(schema: pa.Schema) -> pa.Schema:
    return schema.remove(schema.get_field_index("dataset"))
