"""Everything but raw files, MLflow and the history of decisions is lost, and comes back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import mlflow_server
import pytest
from subjects import RECORDS, SERIES, Subject
from tiny import WAVES

from vigil import tables
from vigil.cloud import Cloud
from vigil.errors import Rejected
from vigil.messages import Tick, parse_moment
from vigil.steps.backfill import rebuild
from vigil.steps.ingest import ingest
from vigil.steps.predict import predict
from vigil.steps.restore import restore
from vigil.steps.train import train

DAYS = 330
KEYS = {
    "observations": "source, target, series, date, issued_at",
    "forecasts": "source, target, series, period, model, horizon",
    "records": "record, issued_at",
    "classifications": "record, issued_at",
}
MADE_ANEW = {"run_id"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mlflow_server.Server]:
    """MLflow."""
    with mlflow_server.started(tmp_path_factory.mktemp("mlflow")) as one:
        one.wait()
        yield one


def tick() -> Tick:
    """The Tick of the day after."""
    return Tick("tiny", parse_moment(str(WAVES + timedelta(days=DAYS)), "test"))


def told(cloud: Cloud, table: str) -> list[dict[str, Any]]:
    """The rows of a table, in order."""
    rows = cloud.warehouse.rows(f"SELECT * FROM {table} ORDER BY {KEYS[table]}")
    return [{k: v for k, v in row.items() if k not in MADE_ANEW} for row in rows]


@pytest.fixture(params=[SERIES, RECORDS], ids=lambda one: one.task)
def subject(request: pytest.FixtureRequest) -> Subject:
    """What is lost: series, or records of people."""
    found: Subject = request.param
    return found


@pytest.fixture
def lost(
    cloud: Cloud,
    subject: Subject,
    server: mlflow_server.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Cloud, dict[str, list[dict[str, Any]]]]:
    """A year of two vintages, a champion and its answers; then all but what must stay is gone."""
    subject.write(tmp_path / "datasets")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.setenv("VIGIL_RESTRICTED_WAREHOUSE", cloud.settings.warehouse)
    monkeypatch.setenv("VIGIL_RESTRICTED_BUCKET", cloud.settings.raw_bucket)
    monkeypatch.setenv("VIGIL_HASH_KEY", "a secret of the tests")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
    cloud = Cloud.from_env()
    for days in (DAYS - 5, DAYS):
        file = tmp_path / f"visits_{days}.csv"
        file.write_bytes(subject.file(days))
        at = Tick("tiny", parse_moment(str(WAVES + timedelta(days=days)), "test"))
        ingest(at, cloud, {"visits": str(file)})
    train(tick(), cloud)
    predict(tick(), cloud)
    before = {name: told(cloud, name) for name in KEYS}
    for name in tables.names():
        if name != "promotions":
            cloud.warehouse.query(f"DELETE FROM {name} WHERE TRUE")
    cloud.vault.store.clear("models/")
    cloud.reports.clear("")
    return cloud, before


@pytest.mark.soak
def test_all_is_made_anew_and_the_same_model_says_the_same(
    lost: tuple[Cloud, dict[str, list[dict[str, Any]]]],
    subject: Subject,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Observations or records from raw files, the champion from MLflow: each number as it was.

    Without MLflow nothing serves that is not whole, and the head stays as it was.
    """
    cloud, before = lost
    assert before[subject.kept]
    assert {row["model"] for row in before[subject.answers]} >= {subject.recipe}
    rebuild("tiny", tick().as_of, cloud, lambda *_: None)
    with monkeypatch.context() as alone:
        alone.delenv("MLFLOW_TRACKING_URI")
        with pytest.raises(Rejected, match="packed model"):
            restore("tiny", Cloud.from_env())
    assert cloud.warehouse.head("tiny").champion is None
    version = restore("tiny", cloud)
    assert version == cloud.warehouse.head("tiny").champion
    assert restore("tiny", cloud) is None
    predict(tick(), cloud)
    assert {name: told(cloud, name) for name in KEYS} == before
    assert cloud.reports.read("tiny/report.html")
