"""What people open follows each commit: whole, harmless, and made good for when it failed."""

import base64
import csv
import gzip
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
import tiny
import wards

from vigil import datasets
from vigil.cloud import Cloud
from vigil.messages import Tick
from vigil.steps.ingest import ingest
from vigil.steps.predict import predict
from vigil.steps.publish import fetch
from vigil.steps.train import train

FORMULA = '=HYPERLINK("evil","x")'
FILES = ("report.html", "forecasts.csv", "hub.csv")


@pytest.fixture
def known(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Numbers of four towns in a region that is called like a formula."""
    tiny.write_dataset(tmp_path / "datasets")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.setenv("VIGIL_HOME", str(tmp_path))
    name = FORMULA.replace('"', '""')
    file = tmp_path / "visits.csv"
    file.write_bytes(tiny.visits().replace(b"North", f'"{name}"'.encode()))
    ingest(tick(6), cloud, {"visits": str(file)})
    return Cloud.from_env()


def tick(day: int) -> Tick:
    """The end of a day in April."""
    return Tick("tiny", datetime.combine(datetime(2024, 4, day, tzinfo=UTC), time.max, UTC))


def stamps(cloud: Cloud) -> list[str | None]:
    """What each file says it shows."""
    return [cloud.reports.stamp(f"tiny/{name}") for name in FILES]


def test_row_45_the_files_follow_the_commit_and_hold_no_formula(known: Cloud) -> None:
    """One state of the tables in all of them; a name that would be a formula is text."""
    predict(tick(7), known)
    revision = known.warehouse.head("tiny").revision
    assert {stamp.split()[0] for stamp in stamps(known) if stamp} == {str(revision)}
    for name in FILES[1:]:
        text = known.reports.read(f"tiny/{name}").decode()
        rows = [*csv.DictReader(io.StringIO(text))]
        places = {row.get("series") or row.get("location") for row in rows}
        assert places == {f"'{FORMULA}/Town {number}" for number in range(4)}
    page = known.reports.read("tiny/report.html").decode()
    assert FORMULA not in page


def test_a_report_that_cannot_be_written_is_a_finding_and_the_next_tick_writes_it(
    known: Cloud,
) -> None:
    """The forecast is published all the same, and is not computed again."""
    gone = replace(known, settings=replace(known.settings, reports_bucket="not-there"))
    predict(tick(7), gone)
    [finding] = known.warehouse.rows("SELECT severity, found FROM findings WHERE rule = 'report'")
    assert finding["severity"] == "warning"
    assert stamps(known) == [None, None, None]
    published = known.warehouse.rows("SELECT run_id, `rows` FROM publications")
    assert published[0]["rows"] > 0
    predict(tick(8), known)
    assert None not in stamps(known)
    assert known.warehouse.rows("SELECT run_id, `rows` FROM publications") == published


def test_what_shows_the_newest_state_is_left_alone(known: Cloud, tmp_path: Path) -> None:
    """A Tick with nothing new writes no file; the command fetches the one that is there."""
    predict(tick(7), known)
    before = [known.reports.bucket.get_blob(f"tiny/{name}").generation for name in FILES]
    predict(tick(7), known)
    file = fetch(datasets.load("tiny"), known, tmp_path / "here" / "tiny.html")
    after = [known.reports.bucket.get_blob(f"tiny/{name}").generation for name in FILES]
    assert after == before
    assert file.read_bytes() == known.reports.read("tiny/report.html")


@pytest.fixture
def stays(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A year of admissions, the newest of them still in hospital."""
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "tiny.yaml").write_text(wards.PERSONAL)
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.setenv("VIGIL_RESTRICTED_WAREHOUSE", cloud.settings.warehouse)
    monkeypatch.setenv("VIGIL_RESTRICTED_BUCKET", cloud.settings.raw_bucket)
    monkeypatch.setenv("VIGIL_HASH_KEY", "a secret of the tests")
    file = tmp_path / "visits.csv"
    file.write_bytes(wards.stays(330))
    ingest(tick(6), Cloud.from_env(), {"visits": str(file)})
    return Cloud.from_env()


def shown(page: bytes) -> dict[str, Any]:
    """The data that a page holds."""
    found = re.search(rb'id="data">([^<]*)<', page)
    assert found
    said: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found[1])))
    return said


def test_a_classified_dataset_has_a_report_of_counts_and_nothing_of_anybody(stays: Cloud) -> None:
    """First by the base rate, then by a model; no other file, and no name, hash or case in it."""
    predict(tick(6), stays)
    said = shown(stays.reports.read("tiny/report.html"))
    assert said["notices"][0].startswith("No trained model serves: all visits")
    assert (said["model"], said["judged"], said["drivers"]) == (None, None, [])
    train(tick(6), stays)
    predict(tick(7), stays)
    said = shown(stays.reports.read("tiny/report.html"))
    assert (said["published"]["model"], said["model"]["recipe"]) == ("trees", "trees")
    assert (said["judged"]["n"], said["judged"]["model"]) == (300, "trees")
    assert sum(row["n"] for row in said["bands"][0]["rows"]) == wards.OPEN
    assert said["drivers"][0]["feature"] == "severity"
    assert len(said["curves"]["reliability"]) == 20
    text = json.dumps(said)
    people = {row["person"] for row in stays.warehouse.rows("SELECT person FROM latest_records")}
    assert len(people) > 100
    assert not [name for name in people if name in text]
    assert not re.search(r"\bc\d+\b|\bp\d+\b", text)
    assert [stamp is None for stamp in stamps(stays)] == [False, True, True]
    assert not stays.warehouse.rows("SELECT 1 AS one FROM findings WHERE rule = 'report'")


def test_the_report_of_a_classified_dataset_is_fetched(stays: Cloud, tmp_path: Path) -> None:
    """Also before anything has been classified: it says so."""
    file = fetch(datasets.load("tiny"), stays, tmp_path / "here" / "tiny.html")
    assert shown(file.read_bytes())["notices"][0].startswith("There is nothing to show yet")
