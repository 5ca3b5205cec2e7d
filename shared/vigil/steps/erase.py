"""Erase: a person goes from the bucket and the tables, the raw bytes included.

The order makes it safe to stop anywhere: a note of whom to erase comes first and goes last, the
tables follow the files, and nothing is removed that the tables still show.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from vigil import crash, datasets
from vigil.cloud import Cloud
from vigil.datasets import Dataset
from vigil.erasure import Person
from vigil.errors import Rejected, Transient
from vigil.lake import sha256
from vigil.ledger import Run, attempt
from vigil.messages import Tick
from vigil.records import Whom
from vigil.steps.history import History
from vigil.steps.traces import Erased, Traces

PASSES = 20  # so often may somebody else come in between
TABLES = ("records", "classifications")


@dataclass
class Eraser:
    """One person, to be erased from one dataset's bucket and tables."""

    dataset: Dataset
    cloud: Cloud  # the restricted one
    traces: Traces
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def person(self) -> Person:
        """Whom."""
        return self.traces.person

    @property
    def records(self) -> int:
        """How many of the table's rows are about them."""
        return self.held()["records"]

    def held(self) -> dict[str, int]:
        """How many rows of each table are about them."""
        warehouse, name = self.cloud.warehouse, self.dataset.name
        return {one: self.person.holds(warehouse.people(name, one)) for one in TABLES}

    def erase(self) -> Erased:
        """Remove them everywhere; once more, until a look finds nothing."""
        self.note()
        crash.point("erase:1")
        tick = Tick(self.dataset.name, self.began, declared=False)
        with attempt("erase", tick, lambda: self.cloud.warehouse) as run:
            for _ in range(PASSES):
                if self.once(run):
                    break
            else:
                raise Transient(f"{self.dataset.name}: others keep writing: erase again")
        self.cloud.lake.store.delete(self.noted)
        return self.traces.erased

    def once(self, run: Run) -> bool:
        """One pass over all places; whether there was nothing to do."""
        before = self.person, asdict(self.traces.erased)
        history = History(self.dataset, self.cloud)
        history.head()  # read before all else: a commit in between wins, and this one begins anew
        self.traces.learn()
        self.note()
        moved = self.traces.rewrite()
        crash.point("erase:2")  # new files lie beside the old ones
        if not self.traces.rename(moved):
            return False
        crash.point("erase:3")  # the arrivals name the new files, the tables show the old ones
        if not self._commit(history, run):
            return False
        crash.point("erase:4")  # the tables follow, the old files are there yet
        self.traces.clear()
        crash.point("erase:5")  # all is done but to forget whom it was about
        return not self.traces.busy and before == (self.person, asdict(self.traces.erased))

    def _commit(self, history: History, run: Run) -> bool:
        """Replay what is left into the tables; the first time always, for others look at it."""
        held = self.held()
        if run.recorded and not any(held.values()):
            return True
        commit = history.anew(run)
        commit.changes["erased_at"] = now = datetime.now(UTC)
        if not self.cloud.warehouse.commit(commit):
            return False
        run.recorded, self.traces.since = True, now
        self.cloud.warehouse.clear_staged()
        self.traces.erased.records += held["records"]
        self.traces.erased.classifications += held["classifications"]
        return True

    @property
    def noted(self) -> str:
        """The object that says whom an unfinished erasure is about."""
        return f"erasures/{self.dataset.name}/{sha256(self.person.case.encode())[:32]}.json"

    def note(self) -> None:
        """Keep what is known of them until all is done: soon nothing else will say it."""
        said = {name: sorted(all_) for name, all_ in asdict(self.person).items() if name != "case"}
        body = json.dumps({"case": self.person.case, **said}).encode()
        self.cloud.lake.store.replace(self.noted, body, kind="application/json", stamp="")

    def recall(self) -> bool:
        """Go on with an erasure that was not finished, if there is one."""
        store = self.cloud.lake.store
        if self.noted not in store.names(self.noted):
            return False
        said = json.loads(store.read(self.noted))
        sets = {name: frozenset(all_) for name, all_ in said.items() if name != "case"}
        self.traces.person = Person(self.person.case, **sets)
        return True


def find(name: str, case: str, cloud: Cloud) -> Eraser:
    """Whom a case is about; refused where nothing of it is anywhere."""
    dataset, where = datasets.load(name), f"{name}: --case"
    if not (dataset.personal and dataset.task == "classify"):
        expected = "a dataset of people's records, with `personal: true`"
        raise Rejected(where, rule="name", expected=expected, found="one without people")
    cloud = cloud.of(name)
    eraser = Eraser(dataset, cloud, Traces(dataset, cloud, Person(case)))
    if eraser.recall():
        return eraser
    newest = [Whom(*row, "") for row in cloud.warehouse.people(name, "latest_records")]
    eraser.traces.person = eraser.person.named(newest).grown(newest)
    if not (any(eraser.held().values()) or eraser.traces.any()):
        columns = sorted({one.record for one in dataset.sources.values() if one.record})
        raise Rejected(
            where,
            rule="name",
            expected=f"a case as the files name it (column {', '.join(columns)})",
            found=f"none of that name in the tables' {len(newest)} records, nor in any file",
            remedy=_remedy(len(eraser.cloud.lake.store.names(f"erasures/{name}/"))),
        )
    return eraser


def _remedy(unfinished: int) -> str:
    if unfinished:
        return f"{unfinished} erasures were stopped: give the cases again that they were begun by."
    return "If it was erased before, nothing is left of it."
