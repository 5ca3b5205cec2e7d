"""Sequences of deliveries and faults, each on a dataset of its own, and what comes of them."""

import os
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

from google.cloud import pubsub_v1
from hypothesis import strategies as st

from faults.delivery import Function, tick
from faults.harness import SMALL, TABLES, Tables, World, shown, started
from faults.proxy import answer, lost
from vigil.local import resources
from vigil.local.services import PROJECT

MOMENTS = ("2024-04-08", "2024-04-09", "2024-04-10")
CONTENTS = "ABC"
POINTS = ("ingest:1", "ingest:2", "ingest:3", "commit:1", "commit:2", "commit:3", "answer:1")
TROUBLE = ("storage's response lost", "bigquery's response lost", "storage busy", "bigquery busy")
FAULTS = ("none", "none", "none", "twice", "at once", *POINTS, *TROUBLE)

History = tuple[str, ...]  # what arrived at each moment; "" for nothing


@dataclass(frozen=True)
class Step:
    """Upstream holds a content; the Tick of a moment is delivered, and something happens."""

    upstream: str
    moment: int
    fault: str

    def __str__(self) -> str:
        return f"upstream {self.upstream}, Tick {MOMENTS[self.moment]}, {self.fault}"


@dataclass(frozen=True)
class Plan:
    """A sequence; what it leaves undelivered is delivered at its end, and then predict's Tick."""

    steps: tuple[Step, ...]
    predict: str  # what happens to predict's delivery; "" for no forecast

    def __str__(self) -> str:
        lines = [*map(str, self.steps), f"predict {self.predict}" if self.predict else "no predict"]
        return "\n".join(lines)


steps = st.builds(Step, st.sampled_from(CONTENTS), st.integers(0, 2), st.sampled_from(FAULTS))
forecasts = st.sampled_from(["none", "twice", "predict:1", "commit:3", TROUBLE[1]])
plans = st.builds(
    Plan,
    st.lists(steps, min_size=1, max_size=3).map(tuple),
    st.one_of(st.just(""), st.just(""), st.just(""), forecasts),  # each costs as much as two Ticks
)


def content(letter: str) -> bytes:
    """28 days of one town's visits, which differ in one of them."""
    lines = ["region;town;day;count"]
    for back in range(27, -1, -1):
        count = CONTENTS.index(letter) + 1 if back == 20 else 10 + back % 7
        lines.append(f"North;Town;{date(2024, 4, 6) - timedelta(back)};{count}")
    return ("\n".join(lines) + "\n").encode()


LETTERS = {sha256(content(letter)).hexdigest(): letter for letter in CONTENTS}


@dataclass
class Runner:
    """A world of its own in which sequences are run, one after another."""

    world: World
    twin: Function  # a second instance of ingest, for what comes at once
    possible: dict[str, dict[int, set[str]]] = field(default_factory=dict)  # by dataset, moment

    def run(self, plan: Plan) -> str:
        """A whole sequence; the name of its dataset."""
        name, delivered = self.world.dataset(yaml=SMALL), dict[int, bool]()
        held = self.possible[name] = defaultdict(set)
        for step in plan.steps:
            self.world.serve(name, content(step.upstream))
            if not delivered.get(step.moment):
                held[step.moment].add(step.upstream)
            done = self._deliver("ingest", name, MOMENTS[step.moment], step.fault)
            delivered[step.moment] = delivered.get(step.moment, False) or done
        for moment in (moment for moment, done in delivered.items() if not done):
            held[moment].add(step.upstream)
            assert self._deliver("ingest", name, MOMENTS[moment], "none")
        self._predict(name, plan.predict)
        return name

    def clean(self, history: History, *, predict: bool) -> str:
        """The same arrivals in order of time, and nothing happens."""
        name = self.world.dataset(yaml=SMALL)
        for moment, letter in zip(MOMENTS, history, strict=True):
            if letter:
                self.world.serve(name, content(letter))
                assert self._deliver("ingest", name, moment, "none")
        self._predict(name, "none" if predict else "")
        return name

    def _predict(self, name: str, fault: str) -> None:
        if fault and not self._deliver("predict", name, MOMENTS[-1], fault):
            assert self._deliver("predict", name, MOMENTS[-1], "none")

    def _deliver(self, step: str, name: str, moment: str, fault: str) -> bool:
        """Whether the delivery was acknowledged."""
        function, message = self.world.functions[step], tick(name, moment)
        storage, bigquery = self.world.storage, self.world.bigquery
        act = lost if fault.endswith("lost") else answer(503, "backendError")
        if fault.startswith("storage"):
            storage.rule("POST", "/upload/", act, name)
        if fault.startswith("bigquery"):
            bigquery.rule("POST", "/queries", act, "UPDATE heads", name)
        if fault == "at once":
            with ThreadPoolExecutor(2) as pool:
                said = list(pool.map(lambda one: one.push(message), (function, self.twin)))
        else:
            crash = fault if ":" in fault else ""
            times = 2 if fault == "twice" else 1
            said = [function.push(message, crash=crash) for _ in range(times)]
        storage.rules.clear()
        bigquery.rules.clear()
        return said[-1] == 200

    def histories(self) -> dict[str, History]:
        """What arrived, as the raw bucket has it, after each sequence."""
        lake, found = self.world.cloud.lake, {}
        for name, held in self.possible.items():
            arrivals = [lake.arrival(name, one) for one in lake.arrivals(name)]
            assert len(arrivals) == len(held), f"{name}: {len(arrivals)} arrivals"
            letters = {str(a.issued_at.date()): LETTERS[a.hashes["visits"]] for a in arrivals}
            for moment, possible in held.items():
                assert letters[MOMENTS[moment]] in possible, f"{name}: {letters}, {held}"
            found[name] = tuple(letters.get(moment, "") for moment in MOMENTS)
        return found

    def tables(self) -> dict[str, Tables]:
        """All that a reader can see, by dataset."""
        found: dict[str, Tables] = defaultdict(lambda: {name: [] for name in TABLES})
        for table, order in TABLES.items():
            rows = self.world.cloud.warehouse.arrow(
                f"SELECT * FROM {table} ORDER BY dataset, {order}"
            )
            for row in rows.to_pylist():
                found[row["dataset"]][table].append(shown(row, row["dataset"]))
        return dict(found)


_here: list[Runner] = []
_until_the_end = ExitStack()


def begin(folder: Path) -> None:
    """Start this process's own world."""
    os.environ["VIGIL_PUBSUB"], os.environ["VIGIL_BIGQUERY"] = "own", "memory"
    world = _until_the_end.enter_context(started(folder, alone=True))
    os.environ.update(world.surroundings)
    resources.make([])
    [twin] = world.start(["ingest"]).values()
    publisher = pubsub_v1.PublisherClient()  # nobody listens: predict's Ticks are the sequence's
    publisher.create_topic(name=f"projects/{PROJECT}/topics/vigil-predict")
    _here.append(Runner(world, twin))


def run(sequences: Iterable[Plan]) -> list[tuple[str, History]]:
    """Run them in this process's world: for each its dataset, and what arrived."""
    names = [_here[0].run(plan) for plan in sequences]
    histories = _here[0].histories()
    return [(name, histories[name]) for name in names]


def clean(wanted: Iterable[tuple[History, bool]]) -> list[str]:
    """Run these histories without a fault: the datasets, in order."""
    return [_here[0].clean(history, predict=predict) for history, predict in wanted]


def tables() -> dict[str, Tables]:
    """What all of them left."""
    return _here[0].tables()


def end() -> None:
    """End what was started."""
    _until_the_end.close()
