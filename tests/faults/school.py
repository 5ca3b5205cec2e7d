"""Where trainings happen: two instances of train, a registry of their own, datasets fast to fit."""

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
import subjects
import wards
from subjects import Subject
from tiny import WAVES, visits

from faults.delivery import Function, tick
from faults.harness import SMALL, World
from faults.proxy import Proxy
from vigil.cloud import Cloud
from vigil.local import services, topics
from vigil.local.services import Service
from vigil.messages import Tick, parse_moment
from vigil.steps.ingest import ingest
from vigil.steps.train import train
from vigil.tracking import MlflowClient

DAYS = 360
TODAY, LATER, LATEST = (str(WAVES + timedelta(days=DAYS + more)) for more in (0, 7, 14))
RIDGE = SMALL + subjects.RIDGE
SERIES = replace(subjects.SERIES, yaml=RIDGE, few=visits(), plain=SMALL)
NOBODY = {"yaml": wards.YAML, "plain": wards.YAML}  # people would fall into groups by dataset, too
RECORDS = replace(subjects.RECORDS, **NOBODY, few=wards.stays(120))
LONG = pytest.param(RECORDS, id="records", marks=pytest.mark.soak)
BOTH = pytest.mark.parametrize("subject", [pytest.param(SERIES, id="series"), LONG])
EACH = pytest.mark.parametrize("subject", [SERIES, RECORDS], ids=["series", "records"])
PROMOTIONS = "SELECT * FROM promotions WHERE dataset = @d ORDER BY decided_at"
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Clean:
    """A dataset to which nothing has happened, and what a reader saw of it."""

    name: str
    outcome: Any


@dataclass(repr=False)
class School:
    """What a test of trainings touches beside the world."""

    world: World
    proxy: Proxy  # before MLflow
    trainers: list[Function]
    clean: dict[str, tuple["Clean", "Clean"]] = field(default_factory=dict)  # by task
    subject: Subject = SERIES

    def taught(self, *days: str) -> str:
        """A new dataset that knows what was known on each of these days."""
        name = self.world.dataset(yaml=self.subject.yaml)
        for day in days or (TODAY,):
            self.learns(name, day)
        return name

    def begun(self) -> str:
        """A new dataset with a champion, trained in this process, which has no registry."""
        self.predict(name := self.taught())
        self.trains_here(name)
        self.predict(name)
        return name

    def trains_here(self, name: str) -> None:
        """Train in this process, which has no registry."""
        train(Tick(name, parse_moment(TODAY, "test")), Cloud.from_env())

    def learns(self, name: str, day: str) -> None:
        """What is known on a day is taken in, in this process: no message to predict follows."""
        self.world.serve(name, self.subject.file((date.fromisoformat(day) - WAVES).days))
        ingest(Tick(name, parse_moment(day, "test")), self.world.cloud)

    def train(self, name: str, day: str = TODAY, by: int = 0, **how: Any) -> int | None:
        """Deliver to the first or the second instance."""
        return self.trainers[by].push(tick(name, day), **how)

    def predict(self, name: str, day: str = TODAY) -> set[str]:
        """Whose answers are published once predict has been asked, by version."""
        assert self.world.push("predict", tick(name, day)) == 200
        return {row["version"] for row in self.answers(name)}

    def answers(self, name: str) -> Rows:
        """What is published, and serves."""
        rows = self.world.tables(name)[self.subject.answers]
        return [row for row in rows if row.get("serves", True)]

    def promotions(self, name: str) -> Rows:
        """Every decision, in order."""
        return self.world.cloud.warehouse.rows(PROMOTIONS, d=name)

    def champion(self, name: str) -> str | None:
        """Who serves, by the head."""
        return self.world.cloud.warehouse.head(name).champion

    def findings(self, name: str, rule: str) -> Rows:
        """Those of a rule."""
        return [row for row in self.world.tables(name)["findings"] if row["rule"] == rule]

    def statuses(self, name: str) -> list[str]:
        """What became of each attempt to train."""
        return [run["status"] for run in self.world.runs(name) if run["step"] == "train"]

    def checkpoints(self, name: str) -> list[str]:
        """What is kept of trainings that have not ended."""
        return self.world.cloud.vault.store.names(f"checkpoints/{name}/")

    @property
    def client(self) -> MlflowClient:
        """MLflow without a proxy."""
        return MlflowClient(f"http://{self.proxy.service}", f"http://{self.proxy.service}")

    def registered(self, name: str) -> list[str]:
        """The versions in the registry, first come first."""
        found = self.client.search_model_versions(f"name = 'vigil-{name}'")
        return [one.tags["vigil.version"] for one in sorted(found, key=lambda v: int(v.version))]

    def alias(self, name: str) -> str | None:
        """Who is the champion, by the registry."""
        number = self.client.get_registered_model(f"vigil-{name}").aliases.get("champion")
        found = number and self.client.get_model_version(f"vigil-{name}", number)
        return found.tags["vigil.version"] if found else None

    def mirrored(self, name: str) -> None:
        """One row a training and kind, one version a training, its run, the alias on the head's."""
        rows = self.promotions(name)
        assert len({(row["version"], row["kind"]) for row in rows}) == len(rows)
        trained = [row["version"] for row in rows if row["decided_by"] == "train"]
        assert self.registered(name) == trained
        assert self.alias(name) == self.champion(name)
        assert sorted(self._runs(name, orphans=False)) == sorted(trained)

    def orphans(self, name: str) -> list[str]:
        """The versions of runs in the registry that are none's."""
        return self._runs(name, orphans=True)

    def _runs(self, name: str, *, orphans: bool) -> list[str]:
        experiment = self.client.get_experiment_by_name(f"vigil-{name}").experiment_id
        tags = [run.data.tags for run in self.client.search_runs([experiment])]
        return [one["vigil.version"] for one in tags if ("vigil.orphan" in one) == orphans]

    def outcome(self, name: str) -> Any:
        """All that a reader can see, but for what the dataset's name decides, and the clock."""
        rows = self.promotions(name)
        said = [{key: row[key] for key in row if key not in {"dataset", "decided_at", "revision"}}
                for row in rows]  # fmt: skip
        text = json.dumps([self.world.tables(name), said], default=str, sort_keys=True)
        for number, row in enumerate(rows):
            for what in ("version", "digest"):
                text = text.replace(str(row[what]), f"{what} {number}")
        text = re.sub(r'"publication": "\w+"', '"publication": "of a version"', text)
        return json.loads(text.replace(name, "DATASET"))

    @contextmanager
    def no_registry(self) -> Iterator[None]:
        """MLflow is stopped: its socket takes connections, nobody answers."""
        group = self.world.processes.children["mlflow"].pid
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(group, signal.SIGCONT)


def opened(world: World) -> School:
    """MLflow, a proxy before it, and two instances of train that know it."""
    plan = services.plan(world.folder, functions=False, mlflow=True, mirror=None)
    [found] = [one for one in plan.services if one.name == "mlflow"]
    service = replace(found, command=[*found.command[:-1], str(world.folder / "artifacts")])
    world.processes.start([service], {})
    proxy = Proxy(plan.env["MLFLOW_TRACKING_URI"])
    trainers = [world.start(["train"], MLFLOW_TRACKING_URI=proxy.url)["train"] for _ in range(2)]
    topics.make([Service("train", trainers[0].port, [])])
    world.processes.wait_for([service])
    return School(world, proxy, trainers)
