"""`vigil train`, `models`, `promote`, `rollback` as people and machines use them."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tiny import WAVES, waves, write_dataset

from vigil.cloud import Cloud

DAYS = 330
DAY = str(WAVES + timedelta(days=DAYS))


@pytest.fixture
def told(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A dataset whose numbers are in the warehouse."""
    write_dataset(tmp_path / "datasets", more="recipe: damped_growth\n")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    file = tmp_path / "visits.csv"
    file.write_bytes(waves(DAYS))
    said = vigil("ingest", "tiny", "--as-of", DAY, "--source", f"visits={file}", "--json")
    assert said["status"] == "done"
    return cloud


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, in the cloud that runs."""
    env = {name: value for name, value in os.environ.items() if name != "VIGIL_PROJECT"}
    whole = [sys.executable, "-c", "from vigil.cli import main; main()", *words]
    return subprocess.run(whole, env=env, capture_output=True, text=True, check=False)


def vigil(*words: str) -> Any:
    """What a command that goes well prints as JSON."""
    ended = command(*words)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_from_a_first_training_to_a_rollback(told: Cloud) -> None:
    """Train, look, forecast, roll back, promote again: each says what it did."""
    said = vigil("train", "tiny", "--as-of", DAY, "--json")
    assert (said["status"], said["tick_sent"]) == ("done", False)
    [decided] = said["decisions"]
    assert decided["promoted"]
    version = decided["version"]
    shown = vigil("models", "tiny", "--json")
    assert shown["serves"]["version"] == version
    assert [(one["version"], one["alias"]) for one in shown["versions"]] == [(version, "champion")]
    today = datetime.now(UTC).date()
    assert [row["version"] for row in vigil("models", "tiny", "--on", str(today), "--json")] == [
        version
    ]
    [before] = vigil("models", "tiny", "--on", "2023-01-01", "--json")
    assert (before["version"], before["recipe"]) == (None, "seasonal_naive")
    back = vigil("rollback", "tiny", "--reason", "it jumped", "--json")
    assert (back["kind"], back["version"], back["before"]) == ("rollback", None, version)
    assert told.warehouse.head("tiny").champion is None
    again = vigil("promote", "tiny", version, "--reason", "it did not", "--json")
    assert (again["version"], again["decided_by"]) == (version, back["decided_by"])
    assert told.warehouse.head("tiny").champion == version


@pytest.mark.soak
def test_people_read_sentences(told: Cloud) -> None:
    """The decision, what comes next, who serves and why; progress on stderr."""
    trained = command("train", "tiny", "--as-of", DAY)
    assert "damped_growth is promoted (first)" in trained.stdout
    assert "vigil predict tiny" in trained.stdout
    assert "origins: 1 of" in trained.stderr
    shown = command("models", "tiny").stdout
    assert "champion" in shown
    assert "serves since" in shown
    refused = command("rollback", "tiny", "--to", "20200101-none", "--reason", "why")
    assert refused.returncode == 2
    assert "expected a version that was trained" in refused.stderr
    missing = command("rollback", "tiny")
    assert missing.returncode == 1
    assert "--reason" in missing.stderr


def test_the_local_ui_is_not_for_googles_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    """There MLflow is private: the message says how to reach it."""
    whole = [sys.executable, "-c", "from vigil.cli import main; main()", "ui"]
    env = {**os.environ, "VIGIL_PROJECT": "somewhere"}
    ended = subprocess.run(whole, env=env, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "gcloud run services proxy" in ended.stderr
