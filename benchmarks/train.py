"""How long real trainings take: the function, behind Pub/Sub, with a real MLflow server.

    python -m benchmarks.train --data DIR [--only france,jhu,portugal,owid] [--contest] [--json]

DIR holds the folders france_spf, jhu_csse, google_mobility_pt and owid_covid with their files as
upstream wrote them. For each dataset a local cloud of its own: the files are ingested, a Tick goes
to the topic of train, and the clock runs until predict has published the champion's forecast.
With --contest a second Tick follows after the other recipes were named: they are tried on 52
origins, which takes several deliveries where a function's 480 seconds do not do.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import yaml

from benchmarks.earlier import files
from vigil import datasets, log
from vigil.cloud import Cloud
from vigil.deadline import Deadline
from vigil.local.up import local_cloud
from vigil.messages import Tick, parse_moment
from vigil.panel import last_date
from vigil.steps.ingest import ingest
from vigil.steps.promote import history

FOLDERS = {
    "france": ("france_deaths", "france_spf"),
    "jhu": ("jhu_global", "jhu_csse"),
    "portugal": ("portugal_mobility", "google_mobility_pt"),
    "owid": ("owid", "owid_covid"),
}
SECONDS = 3600.0
RUNS = (
    "SELECT status, seconds, peak_mb FROM runs WHERE dataset = @d AND step = @step "
    "AND started_at >= @since ORDER BY started_at"
)


@dataclass(frozen=True)
class School:
    """A copy of a dataset whose candidates can be changed, and its files."""

    name: str
    fields: dict[str, Any]
    folder: Path
    sources: dict[str, str]
    tick: Tick

    @classmethod
    def of(cls, name: str, data: Path, folder: Path) -> "School":
        """From the shipped file and the newest file of every source."""
        shipped = Path(datasets.__file__).parent / f"{name}.yaml"
        fields = yaml.safe_load(shipped.read_text(encoding="utf-8"))
        spec, panel = files.load(data, name)
        found = {s: sorted(data.glob(one.files)) for s, one in spec.sources.items()}
        sources = {source: str(there[-1]) for source, there in found.items() if there}
        last = last_date(panel)
        if last is None:
            raise SystemExit(f"{data}: expected numbers, found none")
        moment = parse_moment(str(last + timedelta(days=1)), "the day after the last")
        return cls(f"{name}_copy", fields, folder, sources, Tick(f"{name}_copy", moment))

    def name_models(self, models: list[str]) -> None:
        """The dataset's file, with these recipes to choose from."""
        self.folder.mkdir(exist_ok=True)
        text = yaml.safe_dump({**self.fields, "models": models})
        (self.folder / f"{self.name}.yaml").write_text(text, encoding="utf-8")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", default=",".join(FOLDERS))
    parser.add_argument("--contest", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    said = []
    for short in options.only.split(","):
        said += apart(measure, short, options.data, options.contest)
        if not options.json:
            for one in said[-1 - options.contest :]:
                print("\n".join(f"{k:>16}: {v}" for k, v in one.items()) + "\n", flush=True)
    if options.json:
        print(json.dumps(said, default=str))


def apart[T](measure: Callable[..., T], short: str, data: Path, *more: object) -> T:
    """In a process of its own: Google's clients keep the address that they were made with."""
    name, place = FOLDERS[short]
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, get_context("spawn")) as alone,
    ):
        return alone.submit(measure, name, data / place, Path(folder), *more).result()


def measure(name: str, data: Path, folder: Path, contest: bool) -> list[dict[str, Any]]:
    """One dataset: its first training, and a contest after it where that is wanted."""
    os.environ |= {"VIGIL_HOME": str(folder / "home"), "VIGIL_DATASETS": str(folder / "datasets")}
    log.to(None)
    school = School.of(name, data, folder / "datasets")
    school.name_models(["seasonal_naive", "lightgbm"])
    with local_cloud(functions=True, mlflow=True):
        ingest(school.tick, Cloud.from_env(Deadline(SECONDS)), school.sources)
        said = [trained(school, "first")]
        if contest:
            school.name_models(["seasonal_naive", "damped_growth", "ridge", "lightgbm"])
            said.append(trained(school, "contest"))
    return said


def trained(school: School, what: str) -> dict[str, Any]:
    """Send the Tick, wait for the decision and the forecast, and say what the ledger says."""
    cloud = Cloud.from_env(Deadline(SECONDS))
    [now] = cloud.warehouse.rows("SELECT CURRENT_TIMESTAMP() AS now")
    before = len(history(school.name, cloud))
    cloud.bus.publish("train", school.tick)
    began = time.monotonic()
    while not _done(cloud, school.name, before):
        time.sleep(1)
    since = {"d": school.name, "since": now["now"]}
    runs = cloud.warehouse.rows(RUNS, step="train", **since)
    forecasts = cloud.warehouse.rows(RUNS, step="predict", **since)
    decided = history(school.name, cloud)[: -before or None]
    return {
        "dataset": school.name,
        "training": what,
        "wall_seconds": round(time.monotonic() - began, 1),
        "deliveries": [f"{run['status']} {run['seconds']:.0f} s" for run in runs],
        "seconds": round(sum(run["seconds"] for run in runs), 1),
        "peak_mb": max(run["peak_mb"] for run in runs),
        "predict_seconds": [run["seconds"] for run in forecasts],
        "decisions": [row["reason"] for row in decided],
    }


def _done(cloud: Cloud, name: str, before: int) -> bool:
    """Whether it is decided and, if it was promoted, forecast with."""
    head = cloud.warehouse.head(name)
    decided = len(history(name, cloud)) > before
    return decided and (head.champion is None or (head.forecast or "").endswith(head.champion))


if __name__ == "__main__":
    main()
