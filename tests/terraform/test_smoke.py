"""The smoke test of a deploy, against the local cloud: it sees what is well, and what is not."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from scripts.smoke import ROUNDS, Bad, awaited, race, ran
from tiny import WAVES, waves, write_dataset

from vigil.cloud import Cloud
from vigil.commit import Commit
from vigil.errors import Rejected
from vigil.messages import Tick, parse_moment
from vigil.steps.ingest import ingest
from vigil.steps.predict import predict
from vigil.warehouse import Warehouse

PATIENCE = 0.2


@pytest.fixture
def tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tick:
    """A Tick of a small dataset."""
    write_dataset(tmp_path / "datasets")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    (tmp_path / "visits.csv").write_bytes(waves(120))
    return Tick("tiny", parse_moment(str(WAVES.replace(year=2024)), "test"))


def test_racing_writers_commit_once_a_round(cloud: Cloud) -> None:
    """On the stand-in as on BigQuery."""
    race(cloud.warehouse, "smoke")
    assert cloud.warehouse.head("smoke").revision == ROUNDS


def test_a_commit_that_holds_nobody_back_is_found(cloud: Cloud) -> None:
    """Writers that read the head anew instead of keeping to theirs all win."""

    class Careless(Warehouse):
        def commit(self, commit: Commit) -> bool:
            return super().commit(replace(commit, head=self.head(commit.head.dataset))) or True

    own = cloud.warehouse
    careless = Careless(own.client, own.storage_api, own.name, own.deadline)
    with pytest.raises(Bad, match="racers committed; expected 1"):
        race(careless, "smoke")


def test_a_run_and_its_forecast_are_waited_for(cloud: Cloud, tick: Tick, tmp_path: Path) -> None:
    """A row of the ledger since the job was run, and a forecast."""
    since = datetime.now(UTC)
    ingest(tick, cloud, {"visits": str(tmp_path / "visits.csv")})
    with pytest.raises(Bad, match="no forecast after"):
        ran(cloud.warehouse, "tiny", since, PATIENCE)
    predict(tick, cloud)
    assert ran(cloud.warehouse, "tiny", since, PATIENCE) == "done"
    with pytest.raises(Bad, match="no run of ingest"):
        ran(cloud.warehouse, "tiny", datetime.now(UTC), PATIENCE)


def test_a_refused_input_fails_the_deploy(cloud: Cloud, tick: Tick, tmp_path: Path) -> None:
    """With the reason that the ledger gives."""
    since = datetime.now(UTC)
    (tmp_path / "visits.csv").write_text("<html>")
    with pytest.raises(Rejected):
        ingest(tick, cloud, {"visits": str(tmp_path / "visits.csv")})
    with pytest.raises(Bad, match="ingest tiny: refused"):
        ran(cloud.warehouse, "tiny", since, PATIENCE)


def test_patience_ends() -> None:
    """Nobody waits for ever."""
    with pytest.raises(Bad, match="no miracle after 0 s"):
        awaited(lambda: None, "miracle", 0.01)
