"""What Cloud Monitoring reads from the log: a line for every Tick of predict."""

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from pathlib import Path

import pytest
from tiny import WAVES, waves, write_dataset

from vigil import datasets, log, tables
from vigil.cloud import Cloud
from vigil.messages import Tick, parse_moment
from vigil.steps.gauges import ENOUGH, gauges
from vigil.steps.ingest import ingest
from vigil.steps.predict import predict

DAYS = 120
MONITORING = Path(__file__).parents[2] / "terraform" / "monitoring.tf"


@pytest.fixture
def tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> Tick:
    """Four months are known; the Tick comes five days after the last of them."""
    write_dataset(tmp_path / "datasets")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    (tmp_path / "visits.csv").write_bytes(waves(DAYS))
    at = Tick("tiny", parse_moment(str(WAVES + timedelta(days=DAYS + 4)), "test"))
    ingest(at, cloud, {"visits": str(tmp_path / "visits.csv")})
    return at


def told(tick: Tick, cloud: Cloud) -> list[dict[str, object]]:
    """The lines of gauges that predict writes."""
    log.to(lines := StringIO())
    predict(tick, cloud)
    events = [json.loads(line) for line in lines.getvalue().splitlines()]
    return [event for event in events if event["message"] == "gauges"]


def test_every_tick_of_predict_says_how_old_the_data_are(tick: Tick, cloud: Cloud) -> None:
    """Also the second, which has nothing to forecast; without a champion it has no age."""
    for _ in range(2):
        [line] = told(tick, cloud)
        assert (line["dataset"], line["stale_days"]) == ("tiny", 5)
        assert not {"model_days", "coverage95"} & set(line)
    counted = set(re.findall(r'field = "(\w+)"', MONITORING.read_text()))  # misspelt: no alert ever
    assert counted == {"seconds", *gauges(datasets.load("tiny"), tick.as_of, cloud.warehouse)}


def test_coverage_is_told_when_there_are_enough_scores(tick: Tick, cloud: Cloud) -> None:
    """Nine of ten bands held; scores of long ago do not count."""
    recent, old = tick.as_of.date() - timedelta(days=7), tick.as_of.date() - timedelta(days=99)
    rows = [score(recent, number, held=number % 10 > 0) for number in range(ENOUGH)]
    rows += [score(old, number, held=False) for number in range(ENOUGH)]
    cloud.warehouse.append("scores", tables.load("scores").rows(rows))
    assert gauges(datasets.load("tiny"), tick.as_of, cloud.warehouse)["coverage95"] == 0.9


def score(day: date, horizon: int, *, held: bool) -> dict[str, object]:
    """A row of scores, whatever else it has to say."""
    midnight = datetime.combine(day, time.min, UTC)
    empty = {"STRING": "", "INT64": 0, "FLOAT64": 0.0, "BOOL": False, "DATE": day}
    kinds = {**empty, "TIMESTAMP": midnight}
    row = {one["name"]: kinds[one["type"]] for one in tables.load("scores").schema}
    return {**row, "dataset": "tiny", "horizon": horizon, "covered95": held}


def test_trouble_with_a_number_is_a_warning_and_fails_nothing(
    tick: Tick, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The forecast is published by then."""
    monkeypatch.setattr("vigil.steps.gauges.NEWEST", "SELECT nothing")
    assert told(tick, cloud) == []
    [row] = cloud.warehouse.rows("SELECT COUNT(*) AS n FROM forecasts")
    assert row["n"] > 0
