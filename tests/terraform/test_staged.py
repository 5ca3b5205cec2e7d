"""Each function as it is deployed: its zip and its requirements alone, serving an event."""

import base64
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from google.cloud import pubsub_v1
from google.pubsub_v1.types import Topic
from scripts.staged import Staged, clean, files, installed, linked, staged
from servers import listening
from tiny import WAVES, waves, write_dataset

from sizes import SOAK
from vigil.cloud import Cloud
from vigil.local.processes import answers
from vigil.local.services import PROJECT, free_ports
from vigil.messages import Tick, parse_moment
from vigil.steps.ingest import ingest

DAYS = 330
NAMES = ("ingest", "train", "predict")
LEFT = {  # function -> a query that tells what it did
    "ingest": "SELECT COUNT(*) AS n FROM observations",
    "train": "SELECT COUNT(*) AS n FROM promotions WHERE promoted",
    "predict": "SELECT COUNT(*) AS n FROM forecasts",
}
ONCE = {"Connection": "close"}  # else the server waits for more before it ends
OURS = ("VIGIL_", "BIGQUERY_", "STORAGE_", "PUBSUB_", "OMP_")  # what leads to the local cloud
WHENCE = """
import sys
sys.path.insert(0, ".")
import main
print(*{one.__file__ for name, one in sys.modules.items() if name.startswith("vigil.")}, sep="\\n")
"""

pytestmark = pytest.mark.skipif(
    shutil.which("terraform") is None,
    reason="no terraform: it says what a zip holds (https://developer.hashicorp.com/terraform)",
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Staged]:
    """The functions in folders of their own, each unpacked once; installed anew in the soak."""
    folder = tmp_path_factory.mktemp("staged")
    environment = installed if SOAK else linked
    return {name: staged(name, folder, environment) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_zip_holds_the_function_its_lock_and_the_package(name: str) -> None:
    """And neither the command line nor the local cloud."""
    held = set(files()[name])
    assert {"main.py", "requirements.txt", "vigil/datasets/owid.yaml"} <= held
    assert not {one for one in held if one.startswith("vigil/local/") or one == "vigil/cli.py"}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_imports_from_its_zip_alone(name: str, stage: dict[str, Staged]) -> None:
    """Nothing of the checkout is in reach: all of the package comes from the folder."""
    one = stage[name]
    found = one.run("-I", "-c", WHENCE).stdout.split()
    assert found
    assert all(Path(file).resolve().is_relative_to(one.folder.resolve()) for file in found)


@pytest.fixture(scope="module")
def bus() -> Iterator[str]:
    """Pub/Sub's stand-in, with the topic that the others publish to."""
    with listening("-m", "vigil.local.pubsub") as (_, port), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
        publisher = pubsub_v1.PublisherClient()
        publisher.create_topic(Topic(name=publisher.topic_path(PROJECT, "vigil-predict")))
        yield f"127.0.0.1:{port}"


@pytest.fixture
def numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small dataset, and a mirror with eleven months of it."""
    write_dataset(tmp_path / "datasets", more="recipe: ridge\nmodels: [seasonal_naive, ridge]\n")
    file = tmp_path / "mirror" / "tiny" / "visits.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(waves(DAYS))
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.setenv("VIGIL_MIRROR", str(tmp_path / "mirror"))
    return file


@contextmanager
def serving(one: Staged, log: Path, **env: str) -> Iterator[str]:
    """The function behind functions-framework, as the platform starts it."""
    [port] = free_ports(1)
    command = [one.python, "-m", "functions_framework", "--target", one.name, "--port", str(port)]
    with log.open("w") as file:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1"], cwd=one.folder, env=clean(env),
            stdout=file, stderr=file,
        )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


def push(tick: Tick) -> dict[str, object]:
    """What Pub/Sub posts."""
    data = base64.b64encode(tick.to_json()).decode()
    return {"message": {"data": data, "messageId": "1"}, "subscription": "test"}


@pytest.mark.soak
@pytest.mark.parametrize("name", NAMES)
def test_a_function_serves_an_event(
    name: str, stage: dict[str, Staged], numbers: Path, bus: str, cloud: Cloud
) -> None:
    """A push through a real server: 200, and the rows that the step leaves."""
    at = Tick("tiny", parse_moment(str(WAVES + timedelta(days=DAYS)), "test"))
    if name != "ingest":
        ingest(at, cloud, {"visits": str(numbers)})
    passed = {key: value for key, value in os.environ.items() if key.startswith(OURS)}
    with serving(stage[name], log := numbers.with_suffix(".log"), **passed) as address:
        answer = requests.post(address, json=push(at), headers=ONCE, timeout=200)
    assert answer.status_code == 200, log.read_text()
    [row] = cloud.warehouse.rows(LEFT[name])
    assert row["n"] > 0
