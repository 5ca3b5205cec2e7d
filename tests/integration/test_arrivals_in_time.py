"""An unchanged look at the sources is knowledge, too."""

from pathlib import Path

import pytest
from tiny import write_dataset, write_visits

from vigil.cloud import Cloud
from vigil.messages import Tick, parse_moment
from vigil.steps.ingest import ingest


def test_a_late_vintage_does_not_undo_what_was_seen_after_it(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A on day 1 and again on day 3, then B comes late for day 2: today's data are A's."""
    write_dataset(tmp_path / "datasets")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    a = write_visits(tmp_path / "a.csv", first=1.0)
    b = write_visits(tmp_path / "b.csv", first=2.0)
    for day, file in (("1", a), ("3", a), ("2", b)):
        tick = Tick("tiny", parse_moment(f"2024-05-0{day}", "test"))
        ingest(tick, cloud, {"visits": str(file)})
    sql = "SELECT value FROM latest_observations WHERE series = 'North/Town 0' "
    [row] = cloud.warehouse.rows(sql + "AND date = '2024-01-01'")
    assert row["value"] == 1.0
    assert len(cloud.warehouse.rows("SELECT vintage FROM vintages")) == 3
