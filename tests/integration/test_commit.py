"""One commit, whoever races for it; tests/faults has what happens when processes die."""

import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from tiny import write_dataset, write_visits

from sizes import sized
from vigil.cloud import Cloud
from vigil.messages import Tick, parse_moment
from vigil.steps.ingest import ingest
from vigil.steps.predict import predict

RACERS = sized(test=2, soak=12)
ROUNDS = sized(test=2, soak=20)


@pytest.fixture(autouse=True)
def _tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dataset(tmp_path / "datasets")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))


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
def test_row_13_racers_commit_one_vintage_a_round(cloud: Cloud, tmp_path: Path) -> None:
    """Processes with the same Tick: one commits, the others leave cleanly."""
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
