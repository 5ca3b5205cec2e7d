"""Poison, dead letters and floods through `vigil up`, with both Pub/Sub servers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_local_cloud import asked, publish, start, vigil
from tiny import write_dataset, write_visits

from vigil.local.services import google_emulator

SERVERS = [
    pytest.param("own", id="our own server"),
    pytest.param(
        "google",
        id="Google's emulator",
        marks=pytest.mark.skipif(google_emulator() is None, reason="gcloud or Java is not there"),
    ),
]
POISON = b'{"v": 2, "dataset": "eighth"}'
GARBAGE = b"no tick"


@pytest.fixture(scope="module", params=SERVERS)
def env(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The environment of a local cloud that runs."""
    folder = tmp_path_factory.mktemp(request.param)
    write_dataset(folder / "datasets", "eighth")
    write_visits(folder / "mirror" / "eighth" / "visits.csv")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VIGIL_")}
    own = {"VIGIL_HOME": "home", "VIGIL_DATASETS": "datasets", "VIGIL_MIRROR": "mirror"}
    paths = {name: str(folder / value) for name, value in own.items()}
    env = {**clean, **paths, "VIGIL_PUBSUB": request.param, "COLUMNS": "200"}
    process, state = start(env)
    yield {**env, "PUBSUB_EMULATOR_HOST": state["env"]["PUBSUB_EMULATOR_HOST"]}
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 0


def until[T](look: Callable[[], T], seconds: float = 90.0) -> T:
    """Ask until there is an answer."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, f"nothing in {seconds} s"
        time.sleep(0.5)  # a look is a process
    return found


@pytest.mark.soak
def test_row_40_poison_is_set_aside_and_redriven_while_others_flow(env: dict[str, str]) -> None:
    """Five attempts, then a dead letter; it can be looked at, sent again, and dies again."""
    publish(env, "vigil-ingest", POISON)
    publish(env, "vigil-predict-dead", GARBAGE)
    vigil(env, "tick", "eighth", "--as-of", "2024-04-10")
    runs = "SELECT status FROM runs WHERE dataset = 'eighth' AND step = 'predict'"
    until(lambda: asked(env, runs))
    assert vigil(env, "query", runs) == [{"status": "done"}]

    def dead(step: str) -> list[dict[str, Any]]:
        letters: list[dict[str, Any]] = vigil(env, "redrive", "--dry-run")["letters"]
        return [letter for letter in letters if letter["step"] == step]

    [first] = until(lambda: dead("ingest"))
    assert "version 2" in first["unreadable"]
    assert len(dead("predict")) == 1
    said = vigil(env, "redrive")
    assert not said["dry_run"]
    assert [letter["step"] for letter in said["letters"]] == ["ingest", "predict"]
    assert "expected a JSON object" in said["letters"][1]["unreadable"]
    refused = "SELECT status FROM runs WHERE STARTS_WITH(run_id, 'predict/-/')"
    until(lambda: asked(env, refused))
    assert vigil(env, "query", refused) == [{"status": "refused"}]
    [again] = until(lambda: dead("ingest"))
    assert again["message"] != first["message"]
    assert dead("predict") == []


@pytest.mark.soak
@pytest.mark.parametrize("moment", [[], ["--bare"]], ids=["one moment", "no moment"])
@pytest.mark.parametrize("server", SERVERS)
def test_ten_thousand_duplicates_drain_in_flat_memory_with_one_commit(
    server: str, moment: list[str]
) -> None:
    """Ten thousand queued at once, by either server."""
    drains(10_000, "--pubsub", server, *moment)


@pytest.mark.soak
def test_a_flood_of_duplicates_drains_in_flat_memory_with_one_commit() -> None:
    """Five hundred; they have no moment, so that the times of publication differ."""
    drains(500, "--bare")


def drains(count: int, *options: str) -> None:
    """So many are all acknowledged, and one of them commits."""
    command = [sys.executable, "-m", "benchmarks.drain", "--messages", str(count), "--json"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VIGIL_")}
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [*command, *options],
        env=clean,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    said = json.loads(run.stdout)
    assert (said["vintages"], said["done"], said["acknowledged"]) == (1, 1, count)
    assert said["revision"] <= 2  # the data, the forecast
    assert said["runs"] < 20
