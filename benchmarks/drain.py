"""How fast ten thousand queued duplicates drain, in how much memory, and what they leave.

    python -m benchmarks.drain [--messages 10000] [--bare] [--pubsub google] [--json]

A local cloud of its own; a small dataset; the ingest function stopped (SIGSTOP) while so many
Ticks for the same moment are published, then let go. With --bare the Ticks have no moment: their
times of publication differ. The clock stops when all are acknowledged.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from google.cloud import pubsub_v1

from vigil.cloud import Cloud
from vigil.local.services import PROJECT
from vigil.local.up import local_cloud, running
from vigil.messages import Tick, parse_moment
from vigil.settings import home

DATASET = "flooded"
YAML = """
title: Visits
producer: The benchmark
licence: none
citation: none
homepage: https://example.org/
horizon: 7
grain: day
schedules: {ingest: "15 6 * * *", train: "0 20 * * 1", predict: "45 6 * * *"}
sources:
  visits: {url: "https://example.org/visits.csv", files: "visits*", layout: long, date: day,
           series: [town]}
targets:
  visits: {sources: {visits: count}, unit: visits a day, settle_days: 7}
"""
SECONDS = 1800.0
MAY_GROW = 10.0  # MiB, from a tenth of the messages to the last
ENDS = {"done", "unchanged"}


@dataclass
class Seen:
    """The ingest function's log: how many messages it has dealt with, and its memory on the way."""

    messages: int
    acknowledged: int = 0
    early_mb: float = 0.0
    drained: threading.Event = field(default_factory=threading.Event)

    def line(self, service: str, line: str) -> None:
        """One line of a process's log."""
        if service != "ingest" or not line.startswith("{"):
            return
        event = json.loads(line)
        if event["message"] == "duplicate" or event.get("status") in ENDS:
            self.acknowledged += 1
        if self.acknowledged == self.messages // 10:
            self.early_mb = self.early_mb or resident_mb()
        if self.acknowledged >= self.messages:
            self.drained.set()


def main() -> None:
    """Measure, print, and fail where a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--pubsub", choices=["own", "google"], default="own")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        said = drain(Path(folder), options.messages, bare=options.bare, pubsub=options.pubsub)
    lines = [json.dumps(said)] if options.json else [f"{k:>15}: {v}" for k, v in said.items()]
    print("\n".join(lines))
    whole = said["acknowledged"] >= options.messages and said["vintages"] == said["done"] == 1
    sys.exit(not (whole and said["grown_mb"] <= MAY_GROW))


def drain(folder: Path, messages: int, *, bare: bool, pubsub: str) -> dict[str, Any]:
    """The figures of one flood."""
    prepare(folder, pubsub)
    seen = Seen(messages)
    mirror = str(folder / "mirror")
    with local_cloud(functions=True, mirror=mirror, show=seen.line):
        with stopped():
            publish(messages, bare=bare)
        started = time.monotonic()
        seen.drained.wait(SECONDS)
        seconds, late_mb = time.monotonic() - started, resident_mb()
        return {
            "acknowledged": seen.acknowledged,
            "seconds": round(seconds, 1),
            "per_second": round(seen.acknowledged / seconds),
            "rss_mb_at_10%": seen.early_mb,
            "rss_mb_at_end": late_mb,
            "grown_mb": round(late_mb - seen.early_mb, 1),
            **left(),
        }


def prepare(folder: Path, pubsub: str) -> None:
    """A dataset, a mirror that holds its file, and a home."""
    (folder / "datasets").mkdir()
    (folder / "datasets" / f"{DATASET}.yaml").write_text(YAML)
    (folder / "mirror" / DATASET).mkdir(parents=True)
    days = [date.today() - timedelta(days=n) for n in range(90)]  # noqa: DTZ011  a local file
    rows = [f"Hill,{day},{10 + day.day}" for day in sorted(days)]
    text = "\n".join(["town,day,count", *rows])
    (folder / "mirror" / DATASET / "visits.csv").write_text(text)
    own = {"VIGIL_HOME": str(folder / "home"), "VIGIL_DATASETS": str(folder / "datasets")}
    os.environ.update(own, VIGIL_PUBSUB=pubsub)


def publish(messages: int, *, bare: bool) -> None:
    """So many Ticks for the same moment, or for none."""
    publisher = pubsub_v1.PublisherClient()
    topic = publisher.topic_path(PROJECT, "vigil-ingest")
    moment = parse_moment(date.today().isoformat(), "today")  # noqa: DTZ011
    data = Tick(DATASET, moment, declared=not bare).to_json()
    for sent in [publisher.publish(topic, data) for _ in range(messages)]:
        sent.result(timeout=120)


@contextmanager
def stopped() -> Iterator[None]:
    """The ingest function's processes, deaf for a while."""
    here = [pid for pid, _, _ in ingest_processes()]
    for pid in here:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in here:
        os.kill(pid, signal.SIGCONT)


def processes() -> list[tuple[int, float, str]]:
    """Process id, resident MiB and command of every process."""
    said = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,rss=,command="], capture_output=True, check=True
    )
    lines = [line.split(maxsplit=2) for line in said.stdout.decode().splitlines()]
    return [(int(pid), int(rss) / 1024, command) for pid, rss, command in lines]


def ingest_processes() -> list[tuple[int, float, str]]:
    """The ingest function of this benchmark's local cloud, which alone has this port."""
    up = running(home())
    mine = f"--port {up.functions['ingest']} " if up else "nowhere"
    return [one for one in processes() if mine in one[2]]


def resident_mb() -> float:
    """The memory of the ingest function's largest process."""
    return round(max(mb for _, mb, _ in ingest_processes()), 1)


def left() -> dict[str, int]:
    """What the flood has left in the tables."""
    sql = (
        "SELECT (SELECT COUNT(*) FROM vintages) AS vintages, "
        "(SELECT COUNTIF(status = 'done') FROM runs WHERE step = 'ingest') AS done, "
        "(SELECT COUNT(*) FROM runs WHERE step = 'ingest') AS runs, "
        "(SELECT MAX(revision) FROM heads) AS revision"
    )
    return dict(Cloud.from_env().warehouse.rows(sql)[0])


if __name__ == "__main__":
    main()
