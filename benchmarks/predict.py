"""From a Tick to the report: the function, behind Pub/Sub, on real files, with a champion.

    python -m benchmarks.predict --data DIR [--only jhu,france,portugal,owid] [--json]

DIR holds the folders jhu_csse, france_spf, google_mobility_pt and owid_covid with their files as
upstream wrote them. For each dataset a local cloud of its own: the files are ingested, a model is
fitted and made champion, a Tick goes to the topic of predict, and the clock runs until the report
in the bucket shows the commit. Then the forecast is looked at: nothing negative, crossing,
incoherent, or missing without a word.
"""

import argparse
import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.coherence import problems
from benchmarks.train import School, apart
from vigil import datasets, engine, log
from vigil.champion import Champion
from vigil.cloud import Cloud
from vigil.commit import Commit
from vigil.deadline import Deadline
from vigil.local.up import local_cloud
from vigil.messages import Tick
from vigil.steps.ingest import ingest
from vigil.view import view

SECONDS = 1800.0
RUN = (
    "SELECT status, reason, `rows`, seconds, peak_mb, cpu_seconds FROM runs "
    "WHERE dataset = @dataset AND step = 'predict' ORDER BY started_at DESC LIMIT 1"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", default="jhu,france,portugal,owid")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    said = []
    for short in options.only.split(","):
        one = apart(measure, short, options.data)
        said.append(one)
        if not options.json:
            print("\n".join(f"{k:>20}: {v}" for k, v in one.items()) + "\n", flush=True)
    if options.json:
        print(json.dumps(said, default=str))


def measure(name: str, data: Path, folder: Path) -> dict[str, Any]:
    """One dataset."""
    os.environ |= {"VIGIL_HOME": str(folder / "home"), "VIGIL_DATASETS": str(folder / "datasets")}
    log.to(None)
    school = School.of(name, data, folder / "datasets")
    school.name_models(["lightgbm"])
    with local_cloud(functions=True):
        cloud = Cloud.from_env(Deadline(SECONDS))
        ingest(school.tick, cloud, school.sources)
        _serve(school, cloud)
        wall = _published(cloud, school.tick)
        [run] = cloud.warehouse.rows(RUN, dataset=school.name)
        again = Tick(school.name, school.tick.as_of + timedelta(seconds=1))
        _published(cloud, again, seen="unchanged")
        [peak] = cloud.warehouse.rows(RUN, dataset=school.name)
        report = cloud.reports.read(f"{school.name}/report.html")
        return {
            "dataset": name,
            "tick_to_report_s": round(wall, 1),
            "computed_s": run["seconds"],
            "peak_mb": peak["peak_mb"],  # of the process, the report included
            "report_mb": round(len(report) / 1e6, 2),
            **problems(datasets.load(school.name), cloud),
        }


def _serve(school: School, cloud: Cloud) -> None:
    """A champion that has learnt from all there is, and was judged by nobody."""
    dataset = datasets.load(school.name)
    panel = cloud.warehouse.panel(school.name, school.tick.as_of)
    seen = {key: view(dataset, panel, key) for key in engine.keys(dataset)}
    models = {key: engine.train(one, dataset.horizon) for key, one in seen.items() if one}
    bundle = Champion(dataset, "lightgbm", models).bundle()
    cloud.vault.restore(school.name, "1", bundle)
    said = {"champion": "1", "champion_recipe": "lightgbm", "champion_digest": bundle.digest}
    if not cloud.warehouse.commit(Commit(cloud.warehouse.head(school.name), said)):
        raise SystemExit(f"{school.name}: another commit came first")


def _published(cloud: Cloud, tick: Tick, seen: str = "done") -> float:
    """Send a Tick to predict, and wait until the report shows what came of it."""
    began, place = time.monotonic(), f"{tick.dataset}/report.html"
    cloud.bus.publish("predict", tick)
    while time.monotonic() - began < SECONDS:
        runs = cloud.warehouse.rows(RUN, dataset=tick.dataset)
        revision = str(cloud.warehouse.head(tick.dataset).revision)
        if runs and runs[0]["status"] == "failed":
            raise SystemExit(f"{tick.dataset}: {runs[0]['reason']}")
        stamp = cloud.reports.stamp(place) or ""
        if runs and runs[0]["status"] == seen and stamp.partition(" ")[0] == revision:
            return time.monotonic() - began
        time.sleep(0.2)
    raise SystemExit(f"{tick.dataset}: no report after {SECONDS:.0f} s")


if __name__ == "__main__":
    main()
