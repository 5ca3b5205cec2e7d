"""The world that faults happen in: real functions, a real bus, and proxies before the services."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from google.cloud import pubsub_v1
from tiny import YAML

from faults.delivery import Function
from faults.proxy import Proxy
from faults.upstream import Answer, Upstream
from vigil.cloud import Cloud
from vigil.local import services, topics
from vigil.local.processes import Processes
from vigil.local.services import PROJECT, Service

TABLES = {
    "observations": "issued_at, source, target, series, date",
    "vintages": "vintage, source",
    "series": "series",
    "findings": "run_id, rule, scope, found",
    "forecasts": "issued_at, vintage, target, series, period, horizon, model",
    "outlook": "target, series, period, date",
    "outcomes": "target, series, period, target_date",
    "scores": "issued_at, vintage, target, series, period, horizon",
    "heads": "dataset",
}

RECORDED = {  # where a dataset of records has others
    "vintages": "vintage, source",
    "series": "series",
    "findings": "run_id, rule, scope, found",
    "records": "issued_at, record",
    "classifications": "issued_at, version, record",
    "drift": "feature",
    "assessments": "version, model, split, field, value",
    "heads": "dataset",
}
ORDERS = {"forecast": TABLES, "classify": RECORDED}
CLOCK = {"decided_at"}

SMALL = YAML.replace("horizon: 14", "horizon: 2")  # days: forecasts are few
MOMENT = "2024-04-08"  # the file of visits ends two days before

DIRECT = ("STORAGE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST", "VIGIL_BIGQUERY_STORAGE_HOST")
Tables = dict[str, list[dict[str, Any]]]


def until[T](condition: Callable[[], T], seconds: float = 30.0) -> T:
    """Ask until it holds; what it gave is returned."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"not in {seconds} s"
        time.sleep(0.05)
    return found


@dataclass(repr=False)
class World:
    """Everything a fault test touches. Tests keep apart by the name of their dataset."""

    folder: Path
    env: dict[str, str]  # of the functions
    direct: dict[str, str]  # the services' own addresses, without proxies
    processes: Processes
    storage: Proxy
    bigquery: Proxy
    upstream: Upstream
    functions: dict[str, Function] = field(default_factory=dict)  # train is started where asked
    numbers: Iterator[int] = field(default_factory=count)
    clean: dict[str, Tables] = field(default_factory=dict)  # by task, after both steps at MOMENT
    records: set[str] = field(default_factory=set)  # datasets to classify

    @property
    def cloud(self) -> Cloud:
        """The same cloud, without proxies."""
        return Cloud.from_env()

    def push(self, step: str, body: bytes | dict[str, Any], **how: Any) -> int | None:
        """Deliver to the step's function, as Pub/Sub does."""
        return self.functions[step].push(body, **how)

    def publish(self, step: str, data: bytes) -> None:
        """Send a message through Pub/Sub."""
        publisher = pubsub_v1.PublisherClient()
        publisher.publish(publisher.topic_path(PROJECT, f"vigil-{step}"), data).result(timeout=30)

    @property
    def surroundings(self) -> dict[str, str]:
        """The environment of a test: the same cloud, without proxies."""
        return {**self.env, **self.direct}

    def subscribed(self, function: Function, ack_seconds: int = 60) -> Callable[[bytes], object]:
        """A topic of its own for that function; what is returned publishes to it."""
        topic = f"projects/{PROJECT}/topics/vigil-own-{next(self.numbers)}"
        service = Service(function.step, function.port, [])
        subscription = topics.push_subscription(service, topic, f"{function.topic}-dead")
        subscription.ack_deadline_seconds = ack_seconds
        publisher = pubsub_v1.PublisherClient()
        publisher.create_topic(name=topic)
        pubsub_v1.SubscriberClient().create_subscription(subscription)
        return lambda data: publisher.publish(topic, data).result(timeout=30)

    def dead_letters(self, step: str) -> list[dict[str, Any]]:
        """The messages that were given up, taken from the dead-letter subscription."""
        subscriber = pubsub_v1.SubscriberClient()
        name = subscriber.subscription_path(PROJECT, f"vigil-{step}-dead")
        pull = {"subscription": name, "max_messages": 100, "return_immediately": True}
        found = subscriber.pull(request=pull, timeout=30).received_messages
        if found:
            subscriber.acknowledge(subscription=name, ack_ids=[one.ack_id for one in found])
        return [json.loads(one.message.data) for one in found]

    def dataset(self, content: bytes | Answer = b"", yaml: str = SMALL) -> str:
        """A new dataset, a name of its own; upstream serves its one source `visits`."""
        name = f"d{os.getpid()}_{next(self.numbers)}"
        (self.folder / "datasets" / f"{name}.yaml").write_text(yaml)
        if "task: classify" in yaml:
            self.records.add(name)
        if content:
            self.serve(name, content)
        return name

    def forget(self, dataset: str) -> None:
        """Remove a dataset's file."""
        (self.folder / "datasets" / f"{dataset}.yaml").unlink()

    def serve(self, dataset: str, content: bytes | Answer, source: str = "visits") -> None:
        """From now on, this is what upstream holds."""
        self.upstream.serve(f"/{dataset}/{source}.csv", content)

    def tables(self, dataset: str) -> Tables:
        """All that a reader can see of a dataset, with its name left out."""
        warehouse, found = self.cloud.warehouse, {}
        for table, order in ORDERS["classify" if dataset in self.records else "forecast"].items():
            sql = f"SELECT * FROM {table} WHERE dataset = @d ORDER BY {order}"
            rows = warehouse.rows(sql, d=dataset)
            found[table] = [shown(row, dataset) for row in rows]
        return found

    def forecast(self, dataset: str) -> Tables:
        """The tables, once the newest vintage has its forecast."""
        warehouse = self.cloud.warehouse

        def published() -> bool:
            head = warehouse.head(dataset)
            return bool(head.vintage and (head.forecast or "").startswith(head.vintage))

        until(published)
        return self.tables(dataset)

    def runs(self, dataset: str) -> list[dict[str, Any]]:
        """Every attempt, in order."""
        sql = "SELECT * FROM runs WHERE dataset = @d ORDER BY started_at"
        return self.cloud.warehouse.rows(sql, d=dataset)

    def raw(self, dataset: str) -> list[str]:
        """The names of everything the raw bucket holds of a dataset."""
        blobs = self.cloud.lake.store.client.list_blobs(self.env["VIGIL_RAW_BUCKET"])
        return sorted(blob.name for blob in blobs if f"/{dataset}/" in blob.name)

    @contextmanager
    def process(self, step: str, **env: str) -> Iterator[Function]:
        """One more function, with settings of its own."""
        [function] = self.start([step], **env).values()
        try:
            yield function
        finally:
            child = self.processes.children.pop(f"{step}-{function.port}")
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def start(self, steps: list[str], **env: str) -> dict[str, Function]:
        """Function processes, once they answer."""
        plan = services.plan(self.folder, functions=True, mlflow=False, mirror=self.upstream.url)
        chosen = [one for one in plan.functions if one.name in steps]
        made = [replace(one, name=f"{one.name}-{one.port}") for one in chosen]
        functions = {}
        for service in made:
            crash = self.folder / f"crash-{service.port}"
            self.processes.start([service], {**self.env, "VIGIL_CRASH_AT": str(crash), **env})
            step, pid = service.name.partition("-")[0], self.processes.children[service.name].pid
            functions[step] = Function(step, service.port, pid, crash)
        self.processes.wait_for(made)
        return functions


def shown(row: dict[str, Any], dataset: str) -> dict[str, Any]:
    """A row without its dataset's name and without the count of commits that led to it."""
    return {
        name: re.sub(rf"\b{dataset}\b", "DATASET", value) if isinstance(value, str) else value
        for name, value in row.items()
        if name not in {"dataset", "revision", *CLOCK}
    }


@contextmanager
def started(folder: Path, *, alone: bool = False) -> Iterator[World]:
    """Functions and bus beside the storage and BigQuery that run, or *alone* with its own."""
    (folder / "datasets").mkdir(parents=True)
    upstream = Upstream()
    plan = services.plan(folder, functions=True, mlflow=False, mirror=upstream.url)
    own = [one for one in plan.services if alone or one.name == "pubsub"]
    direct = {name: plan.env[name] if alone else os.environ[name] for name in DIRECT}
    storage, bigquery = (Proxy(direct[name]) for name in DIRECT[:2])
    env = plan.env | {
        **dict(zip(DIRECT, (storage.url, bigquery.url, direct[DIRECT[2]]), strict=True)),
        "VIGIL_DATASETS": str(folder / "datasets"),
        "VIGIL_WAREHOUSE": "faults",
        "VIGIL_RAW_BUCKET": "faults-raw",
        "VIGIL_MODELS_BUCKET": "faults-models",
        "VIGIL_REPORTS_BUCKET": "faults-reports",
    }
    with (folder / "lock").open("w") as lock, Processes(folder, lambda *_: None, lock) as processes:
        world = World(folder, env, direct, processes, storage, bigquery, upstream)
        processes.start(own, env)
        world.functions = world.start(["ingest", "predict"])
        processes.wait_for(own)
        yield world
