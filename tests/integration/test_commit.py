"""One commit: whoever races, whatever dies, the tables end up the same."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny import write_dataset, write_visits

from vigil.cloud import Cloud
from vigil.messages import Tick, parse_moment
from vigil.steps.ingest import ingest
from vigil.steps.predict import predict

RACERS = 12
ROUNDS = int(os.environ.get("VIGIL_ROUNDS", "2"))  # 20 by hand
TABLES = {
    "observations": "issued_at, series, date",
    "vintages": "vintage, source",
    "series": "series",
    "findings": "run_id, rule, scope",
    "forecasts": "target, series, period, horizon",
    "heads": "dataset",
}
MOMENT = "2024-05-01"
WORK = """
import sys
from vigil.cloud import Cloud
from vigil.messages import Tick, parse_moment
from vigil.steps.ingest import ingest
from vigil.steps.predict import predict
step, moment, file = sys.argv[1:]
tick = Tick("tiny", parse_moment(moment, "test"))
if step == "ingest":
    ingest(tick, Cloud.from_env(), {"visits": file})
else:
    predict(tick, Cloud.from_env())
"""


@pytest.fixture(autouse=True)
def _tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dataset(tmp_path / "datasets")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))


def tables(cloud: Cloud) -> dict[str, list[dict[str, Any]]]:
    """All that a reader can see; the heads without the count of commits that led there."""
    found = {
        table: cloud.warehouse.rows(f"SELECT * FROM {table} ORDER BY {order}")
        for table, order in TABLES.items()
    }
    for head in found["heads"]:
        del head["revision"]
    return found


def race(moments: list[tuple[str, str]], barrier: Any, failed: Any) -> None:
    """One racer: at every start shot it ingests the same file for the same Tick."""
    cloud = Cloud.from_env()
    for moment, file in moments:
        barrier.wait(timeout=180)
        try:
            ingest(Tick("tiny", parse_moment(moment, "test")), cloud, {"visits": file})
        except BaseException as error:
            failed.put(f"{moment}: {type(error).__name__}: {error}")
            barrier.abort()
            raise


@pytest.mark.slow
def test_row_13_twelve_racers_commit_one_vintage_a_round(cloud: Cloud, tmp_path: Path) -> None:
    """Twelve processes with the same Tick: one commits, the others leave cleanly."""
    moments = []
    for number in range(ROUNDS):
        file = write_visits(tmp_path / f"visits_{number}.csv", first=100.0 + number)
        moments.append((f"2024-05-{number + 1:02d}", str(file)))
    context = multiprocessing.get_context("spawn")
    barrier, failed = context.Barrier(RACERS), context.Queue()
    racers = [context.Process(target=race, args=(moments, barrier, failed)) for _ in range(RACERS)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(timeout=300)
    assert [racer.exitcode for racer in racers] == [0] * RACERS, failed.get(timeout=1)
    found = cloud.warehouse.rows("SELECT vintage FROM vintages ORDER BY vintage")
    assert len(found) == ROUNDS
    [count] = cloud.warehouse.rows("SELECT COUNT(*) AS n FROM observations")
    assert count["n"] == 4 * 90 + ROUNDS - 1  # then one value changes each round
    assert cloud.warehouse.head("tiny").revision == ROUNDS
    [done] = cloud.warehouse.rows("SELECT COUNTIF(status = 'done') AS n FROM runs")
    assert done["n"] == ROUNDS


def killed(step: str, file: Path, point: str) -> int:
    """One delivery in a process of its own, which dies on the way."""
    command = [sys.executable, "-c", WORK, step, MOMENT, str(file)]
    env = {**os.environ, "VIGIL_CRASH_AT": point}
    return subprocess.run(command, env=env, check=False, timeout=120).returncode


def deliver(step: str, file: Path) -> None:
    """One delivery in this process."""
    tick, cloud = Tick("tiny", parse_moment(MOMENT, "test")), Cloud.from_env()
    if step == "ingest":
        ingest(tick, cloud, {"visits": str(file)})
    else:
        predict(tick, cloud)


@pytest.fixture
def clean(cloud: Cloud, tmp_path: Path) -> dict[str, list[dict[str, Any]]]:
    """The tables after one clean run of both steps, in a warehouse of their own."""
    file = write_visits(tmp_path / "visits.csv")
    for step in POINTS:
        deliver(step, file)
    return tables(cloud)


POINTS = {
    "ingest": ("ingest:1", "ingest:2", "ingest:3", "commit:1", "commit:2", "commit:3"),
    "predict": ("predict:1", "commit:1", "commit:2", "commit:3"),
}


@pytest.mark.slow
@pytest.mark.parametrize("step", POINTS)
def test_rows_6_to_10_killed_at_any_point_and_delivered_again(
    step: str,
    clean: dict[str, list[dict[str, Any]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SIGKILL at each numbered point, then the same message again: the tables of a clean run."""
    from vigil.local import resources

    file = tmp_path / "visits.csv"
    for number, point in enumerate(POINTS[step]):
        monkeypatch.setenv("VIGIL_WAREHOUSE", f"killed_{step}_{number}")
        monkeypatch.setenv("VIGIL_RAW_BUCKET", f"killed-{step}-{number}-{tmp_path.name}")
        resources.make([], restricted=False)
        for each in POINTS:
            if each == step:
                assert killed(each, file, point) == -signal.SIGKILL, point
            deliver(each, file)
        assert tables(Cloud.from_env()) == clean, point


def test_row_2_a_second_message_for_the_same_news_commits_nothing(
    cloud: Cloud, tmp_path: Path
) -> None:
    """The key is in heads, not in the message: another moment, the same content, no new rows."""
    file = write_visits(tmp_path / "visits.csv")
    for day in ("2024-05-01", "2024-05-02"):
        tick = Tick("tiny", parse_moment(day, "test"))
        ingest(tick, cloud, {"visits": str(file)})
        predict(tick, cloud)
    found = cloud.warehouse.rows("SELECT step, status FROM runs ORDER BY started_at")
    assert [tuple(row.values()) for row in found] == [
        ("ingest", "done"),
        ("predict", "done"),
        ("ingest", "unchanged"),
        ("predict", "unchanged"),
    ]


def test_row_9_the_next_tick_asks_for_the_forecast_that_is_missing(
    cloud: Cloud, tmp_path: Path
) -> None:
    """A commit whose message was lost: the next, unchanged ingest sends it."""
    file = write_visits(tmp_path / "visits.csv")
    first, second = (Tick("tiny", parse_moment(f"2024-05-0{n}", "test")) for n in (1, 2))
    assert ingest(first, cloud, {"visits": str(file)}) == first
    assert ingest(second, cloud, {"visits": str(file)}) == second
    predict(second, cloud)
    third = Tick("tiny", parse_moment("2024-05-03", "test"))
    assert ingest(third, cloud, {"visits": str(file)}) is None
