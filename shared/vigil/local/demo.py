"""The demo: one Tick through Pub/Sub and the real functions, on simulated files."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vigil import datasets, screen
from vigil.cloud import Cloud
from vigil.deadline import Deadline
from vigil.errors import VigilError
from vigil.local.sample import write
from vigil.local.up import local_cloud
from vigil.messages import Tick, parse_moment
from vigil.settings import home

DATASET, SERIES = "jhu_global", "Italy"
MOMENT = "2023-03-10"
SECONDS = 120.0
QUERIES = """
SELECT series, median, low95, high95 FROM latest_forecasts \
WHERE target = 'deaths' AND period = 'week' AND horizon = 1 ORDER BY median DESC LIMIT 5
SELECT series, date, value AS total FROM latest_observations \
WHERE target = 'cases' AND date = '2023-03-09' ORDER BY value DESC LIMIT 5
SELECT severity, rule, scope, found FROM findings
"""


def run() -> None:
    """Everything from an empty folder to a forecast."""
    folder = home() / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    os.environ["VIGIL_HOME"] = str(folder)
    files = write(folder / "upstream")
    _say(f"simulated files in the formats of upstream: {len(files)} in {folder / 'upstream'}")
    started = time.monotonic()
    with local_cloud(functions=True, mirror=str(folder / "upstream")):
        _say(f"the local cloud is up after {time.monotonic() - started:.1f} s")
        cloud = Cloud.from_env(Deadline(SECONDS))
        tick = Tick(DATASET, parse_moment(MOMENT, "demo"))
        cloud.bus.publish("ingest", tick)
        _say(f"Cloud Scheduler's part: a Tick for {DATASET} to topic vigil-ingest")
        _say("ingest: " + _landed(cloud, "ingest"))
        _say("predict: " + _landed(cloud, "predict"))
        _show(cloud, tick)
    _say("try next, in this folder:")
    for query in QUERIES.strip().splitlines():
        line = f'  VIGIL_HOME={_short(folder)} .venv/bin/vigil query "{query}"'
        screen.out.print(line, soft_wrap=True, highlight=False)


def _landed(cloud: Cloud, step: str) -> str:
    """Wait for the step's row in the ledger, and say what it says."""

    def look() -> list[dict[str, Any]]:
        sql = "SELECT status, reason, `rows`, seconds FROM runs WHERE step = @step"
        return cloud.warehouse.rows(sql, step=step)

    with screen.busy(f"waiting for {step}"):
        [run] = _until(look, f"{step} left no row in the ledger: see {home()}/logs/{step}.log")
    if run["status"] != "done":
        raise VigilError(f"{step}: {run['status']}: {run['reason']}")
    return f"{run['rows']:,} rows committed in {run['seconds']:.1f} s"


def _until(look: Callable[[], list[dict[str, Any]]], complaint: str) -> list[dict[str, Any]]:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.2)
    raise VigilError(complaint)


def _show(cloud: Cloud, tick: Tick) -> None:
    found = cloud.warehouse.forecast(DATASET, tick.as_of, SERIES)
    panel = cloud.warehouse.panel(DATASET, tick.as_of)
    screen.show_forecast(screen.forecast_rows(found, SERIES), panel, datasets.load(DATASET))


def _say(text: str) -> None:
    screen.out.print(text, soft_wrap=True, highlight=False)


def _short(folder: Path) -> str:
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)
