"""The tables are a function of the arrivals and of the dataset's file."""

import os
from itertools import count
from pathlib import Path

import pytest
from tiny import write_dataset, write_visits

from vigil.cloud import Cloud
from vigil.deadline import Deadline
from vigil.errors import Misconfigured
from vigil.local import resources
from vigil.messages import Tick, parse_moment
from vigil.steps.backfill import rebuild
from vigil.steps.ingest import ingest

STAMPS = count(1)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small dataset's file."""
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    return write_dataset(tmp_path / "datasets")


def change(file: Path, old: str, new: str) -> None:
    """Edit the dataset's file."""
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))
    os.utime(file, ns=(stamp := next(STAMPS), stamp))  # two writes may share a tick of the clock


def take(cloud: Cloud, visits: Path, day: int) -> None:
    """Ingest a file as known at the end of a day of May 2024."""
    tick = Tick("tiny", parse_moment(f"2024-05-{day:02d}", "test"))
    ingest(tick, cloud, {"visits": str(visits)})


def names(cloud: Cloud, table: str = "observations") -> set[str]:
    """The series that a table names."""
    return {row["series"] for row in cloud.warehouse.rows(f"SELECT DISTINCT series FROM {table}")}


def test_a_change_of_the_file_replays_all_that_ever_arrived(
    cloud: Cloud, file: Path, tmp_path: Path
) -> None:
    """A town gets another name: in the past, too, and no series is called new or lost."""
    visits = write_visits(tmp_path / "visits.csv")
    take(cloud, visits, 1)
    take(cloud, write_visits(tmp_path / "later.csv", first=6.0), 2)
    before = cloud.warehouse.rows("SELECT COUNT(*) AS count FROM observations")
    change(file, 'delimiter: ";"', 'entities: {North/Town 0: North/Old Town}, delimiter: ";"')
    take(cloud, tmp_path / "later.csv", 3)
    assert cloud.warehouse.rows("SELECT COUNT(*) AS count FROM observations") == before
    assert "North/Old Town" in names(cloud)
    assert "North/Town 0" not in names(cloud) | names(cloud, "series")
    findings = cloud.warehouse.rows("SELECT rule FROM findings")
    assert {row["rule"] for row in findings} & {"new_series", "lost_series"} == set()


def test_a_new_schedule_replays_nothing(cloud: Cloud, file: Path, tmp_path: Path) -> None:
    """The tables would be the same."""
    visits = write_visits(tmp_path / "visits.csv")
    take(cloud, visits, 1)
    change(file, '"15 6 * * *"', '"0 7 * * *"')
    take(cloud, visits, 2)
    reasons = [row["reason"] for row in cloud.warehouse.rows("SELECT reason FROM runs")]
    assert sorted(reasons) == ["1 vintage", "the sources hold what they held before"]


@pytest.fixture
def other(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The same warehouse beside another bucket, with nothing in it."""
    monkeypatch.setenv("VIGIL_RAW_BUCKET", f"{cloud.settings.raw_bucket}-other")
    other = Cloud.from_env(Deadline(120))
    resources.make_buckets(other.lake.store.client, [other.settings.raw_bucket])
    return other


@pytest.mark.parametrize("arrivals", [1, 2])
def test_a_bucket_with_fewer_arrivals_than_the_tables_show_stops_the_step(
    cloud: Cloud, other: Cloud, file: Path, tmp_path: Path, arrivals: int
) -> None:
    """The wrong bucket would empty the tables: nothing is put into it, and they stay."""
    visits = write_visits(tmp_path / "visits.csv")
    for day in range(1, arrivals + 1):
        take(cloud, visits, day)
    known = cloud.warehouse.rows("SELECT * FROM vintages")
    with pytest.raises(
        Misconfigured, match=rf"tiny: 0 arrivals in .*-other, and {arrivals} in the"
    ):
        take(other, write_visits(tmp_path / "later.csv", first=6.0), 3)
    assert other.lake.arrivals("tiny") == []
    assert cloud.warehouse.rows("SELECT * FROM vintages") == known
    take(cloud, write_visits(tmp_path / "later.csv", first=6.0), 3)
    assert len(cloud.warehouse.rows("SELECT * FROM vintages")) == 2


def test_whoever_means_another_bucket_rebuilds_from_it(
    cloud: Cloud, other: Cloud, file: Path, tmp_path: Path
) -> None:
    """The tables show what is there, which may be nothing, and go on from that."""
    visits = write_visits(tmp_path / "visits.csv")
    take(cloud, visits, 1)
    rebuild("tiny", parse_moment("2024-05-04", "test"), other, lambda *_: None)
    assert names(cloud) == set()
    take(other, visits, 5)
    [vintage] = cloud.warehouse.rows("SELECT issued_at FROM vintages")
    assert vintage["issued_at"].day == 5
