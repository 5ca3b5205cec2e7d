"""`vigil up` and what it starts: real processes, real messages, no orphans."""

import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from google.cloud import pubsub_v1
from tiny import write_dataset, write_visits

from vigil.local.services import PROJECT

VIGIL = str(Path(sys.executable).with_name("vigil"))


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A local cloud of its own, a sixth dataset, and a mirror that holds its file."""
    folder = tmp_path_factory.mktemp("up")
    write_dataset(folder / "datasets", "sixth")
    write_visits(folder / "mirror" / "sixth" / "visits.csv")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VIGIL_")}
    return {
        **clean,
        "VIGIL_HOME": str(folder / "home"),
        "VIGIL_DATASETS": str(folder / "datasets"),
        "VIGIL_MIRROR": str(folder / "mirror"),
        "VIGIL_PUBSUB": "own",
        "COLUMNS": "200",
    }


def start(env: dict[str, str]) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """`vigil up` in the background, once it says that it is up."""
    command = [VIGIL, "up", "--mirror", env["VIGIL_MIRROR"]]
    up = subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    state = Path(env["VIGIL_HOME"]) / "cloud.json"
    until = time.monotonic() + 90
    while not (state.exists() and json.loads(state.read_text())["pid"] == up.pid):
        assert up.poll() is None, up.stderr.read() if up.stderr else ""
        assert time.monotonic() < until, "vigil up did not come up"
        time.sleep(0.1)
    return up, json.loads(state.read_text())


def vigil(env: dict[str, str], *words: str, code: int = 0) -> Any:
    """A command, its exit code, its JSON."""
    run = subprocess.run(
        [VIGIL, *words, "--json"], env=env, capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == code, run.stderr
    return json.loads(run.stdout)


def asked(env: dict[str, str], sql: str) -> int:
    """How many rows there are, without the two seconds of a command."""
    state = json.loads((Path(env["VIGIL_HOME"]) / "cloud.json").read_text())
    url = f"{state['env']['BIGQUERY_EMULATOR_HOST']}/bigquery/v2/projects/{PROJECT}/queries"
    default = {"projectId": PROJECT, "datasetId": "vigil"}
    body = {"query": sql, "useLegacySql": False, "defaultDataset": default}
    return int(requests.post(url, json=body, timeout=60).json()["totalRows"])


@pytest.fixture(scope="module")
def up(env: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The local cloud of most of these tests, ended by Ctrl-C."""
    process, state = start(env)
    try:
        yield state
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def publish(env: dict[str, str], topic: str, *bodies: bytes) -> None:
    """Send these bytes, in a process that knows the address."""
    code = (
        "import sys; from google.cloud import pubsub_v1; client = pubsub_v1.PublisherClient(); "
        "[client.publish(sys.argv[1], body.encode()).result(30) for body in sys.argv[2:]]"
    )
    path = pubsub_v1.PublisherClient.topic_path(PROJECT, topic)
    command = [sys.executable, "-c", code, path, *(body.decode() for body in bodies)]
    subprocess.run(command, env=env, check=True, timeout=60)


def wait_for(env: dict[str, str], sql: str) -> list[dict[str, Any]]:
    """Ask until there is an answer."""
    until = time.monotonic() + 60
    while not asked(env, sql):
        assert time.monotonic() < until, f"nothing came of: {sql}"
        time.sleep(0.1)
    return list(vigil(env, "query", sql))


def test_a_sixth_dataset_is_one_yaml_and_no_code(env: dict[str, str], up: dict[str, Any]) -> None:
    """A Tick goes through Pub/Sub, ingest and predict; the forecast is in the view."""
    vigil(env, "tick", "sixth", "--as-of", "2024-04-10")
    [row] = wait_for(env, "SELECT * FROM runs WHERE dataset = 'sixth' AND step = 'predict'")
    assert row["status"] == "done"
    sql = "SELECT target_date, median FROM latest_forecasts WHERE dataset = 'sixth' "
    found = vigil(
        env, "query", sql + "AND series = 'North/Town 1' AND period = 'day' AND actual IS NULL"
    )
    # 90 days from 2024-01-01 in months of 28 days end on 2024-04-06; a week later is the same.
    assert len(found) == 14
    [week_later] = [row for row in found if row["target_date"] == "2024-04-13"]
    assert week_later["median"] == pytest.approx(2 * (10 + 89 % 7))


def deliver(up: dict[str, Any], data: bytes, headers: dict[str, str] | None = None) -> int:
    """The status with which the ingest function answers a push of these data."""
    url = f"http://127.0.0.1:{up['functions']['ingest']}/projects/vigil-local/topics/vigil-ingest"
    message = {"data": data.decode(), "messageId": "1", "publishTime": "2024-04-10T00:00:00Z"}
    body = {"message": message, "subscription": "projects/vigil-local/subscriptions/vigil-ingest"}
    return requests.post(url, json=body, headers=headers, timeout=60).status_code


CLOUD_EVENT = {
    "ce-id": "1",
    "ce-source": "//pubsub.googleapis.com/projects/vigil-local/topics/vigil-ingest",
    "ce-specversion": "1.0",
    "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
}


@pytest.mark.parametrize("headers", [{}, CLOUD_EVENT], ids=["push body", "cloud event"])
def test_both_forms_of_delivery_are_understood(
    headers: dict[str, str], env: dict[str, str], up: dict[str, Any]
) -> None:
    """A raw push body and a binary CloudEvent bring the same Tick; the ledger shows each."""
    count = "SELECT COUNT(*) AS n FROM runs WHERE dataset = 'sixth' AND step = 'ingest'"
    [before] = vigil(env, "query", count)
    tick = b64encode(b'{"dataset": "sixth", "as_of": "2024-04-10"}')
    assert deliver(up, tick, headers) < 300
    assert vigil(env, "query", count) == [{"n": before["n"] + 1}]


@pytest.mark.parametrize("data", [b"not base64!", b64encode(b"[1]"), b64encode(b"{"), b""])
def test_row_41_garbage_is_acknowledged(data: bytes, up: dict[str, Any]) -> None:
    """What nobody can ever read must not come again."""
    assert deliver(up, data) < 300


def test_row_44_a_path_as_a_dataset_is_acknowledged_and_refused(up: dict[str, Any]) -> None:
    """Names that could leave their folder are rejected when the message is parsed."""
    for name in ("../../etc/passwd", "%2e%2e", "a\\u0000b"):
        assert deliver(up, b64encode(f'{{"dataset": "{name}"}}'.encode())) < 300


def test_row_49_a_newer_message_comes_again(up: dict[str, Any]) -> None:
    """An envelope of a later version is for later code: 5xx, so that it is redelivered."""
    assert deliver(up, b64encode(b'{"v": 2, "dataset": "sixth"}')) == 500


def test_commands_say_what_they_did_and_exit_as_documented(
    env: dict[str, str], up: dict[str, Any], tmp_path: Path
) -> None:
    """0 done, 2 refused input, 1 the rest; JSON says the same."""
    file = write_visits(tmp_path / "visits.csv")
    source = f"visits={file}"
    vigil(env, "ingest", "sixth", "--as-of", "2024-04-19", "--source", source)
    write_visits(file, first=7.0)
    said = vigil(env, "ingest", "sixth", "--as-of", "2024-04-20", "--source", source)
    assert (said["status"], said["rows"]) == ("done", 1)
    file.write_text("<html></html>\n")
    said = vigil(env, "ingest", "sixth", "--as-of", "2024-04-21", "--source", source, code=2)
    assert "found an HTML page" in said["refused"]
    said = vigil(env, "ingest", "no_such", code=2)
    assert "jhu_global" in said["refused"]
    vigil(env, "query", "SELECT nonsense FROM nowhere", code=1)
    vigil(env, "predict", "sixth", "--wrong-option", code=1)
    status = vigil(env, "status")
    assert "sixth" in {row["dataset"] for row in status["datasets"]}  # others may be due just now


def children(up: dict[str, Any]) -> list[int]:
    """The processes that a local cloud started."""
    out = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True)
    pairs = [line.split() for line in out.stdout.splitlines()[1:]]
    return [int(pid) for pid, parent in pairs if int(parent) == up["pid"]]


@pytest.mark.soak
def test_nothing_is_left_behind(env: dict[str, str], tmp_path: Path) -> None:
    """Neither Ctrl-C nor kill -9 leaves an orphan, and the next one starts at once."""
    own = {**env, "VIGIL_HOME": str(tmp_path / "home")}
    for number in (signal.SIGINT, signal.SIGKILL):
        process, state = start(own)
        started = children(state)
        assert len(started) >= 6  # storage, bigquery, pubsub, two functions, the undertaker
        process.send_signal(number)
        process.wait(timeout=30)
        until = time.monotonic() + 15
        while any(Path(f"/proc/{pid}").exists() for pid in started) and time.monotonic() < until:
            time.sleep(0.02)
        assert not [pid for pid in started if Path(f"/proc/{pid}").exists()], number
    again, _ = start(own)
    try:
        again.send_signal(signal.SIGTERM)  # at once: it has hardly said hello
        assert again.wait(timeout=30) == 0
    finally:
        again.kill()


def test_jobs_are_paused_resumed_and_run(env: dict[str, str], up: dict[str, Any]) -> None:
    """A job that is run publishes a Tick without a moment: ingest asks the source for it."""
    assert [one["state"] for one in vigil(env, "jobs", "pause", "--dataset", "sixth")] == [
        "paused"
    ] * 3
    vigil(env, "jobs", "resume", "vigil-ingest-sixth")
    found = {one["name"]: one for one in vigil(env, "jobs", "list")}
    assert found["vigil-train-sixth"]["state"] == "paused"
    assert found["vigil-ingest-sixth"]["state"] == "enabled"
    assert found["vigil-ingest-sixth"]["next_run"] > datetime.now(UTC).isoformat()
    [ran] = vigil(env, "jobs", "run", "--dataset", "sixth", "--step", "ingest")
    assert ran["last_status"] == "ok"
    sql = f"SELECT status FROM runs WHERE as_of >= '{ran['last_attempt']}' AND step = 'ingest'"
    [row] = wait_for(env, sql)
    assert row["status"] != "failed"
    assert "--dataset" in vigil(env, "jobs", "run", code=2)["refused"]


@pytest.mark.soak
def test_dead_letters_are_looked_at_and_sent_again(env: dict[str, str], up: dict[str, Any]) -> None:
    """What the topic of dead letters holds; sent once more, it is refused as it says."""
    publish({**env, **up["env"]}, "vigil-predict-dead", b"no tick")
    [letter] = vigil(env, "redrive", "--step", "predict", "--dry-run")["letters"]
    assert letter["step"] == "predict"
    assert "expected a JSON object" in letter["unreadable"]
    said = vigil(env, "redrive", "--step", "predict")
    assert not said["dry_run"]
    assert [one["message"] for one in said["letters"]] == [letter["message"]]
    refused = "SELECT status FROM runs WHERE STARTS_WITH(run_id, 'predict/-/')"
    assert wait_for(env, refused) == [{"status": "refused"}]
