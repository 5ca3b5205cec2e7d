"""`vigil predict --dry-run`: the engine, trained on what is known; nothing is published."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from tiny import write_dataset

from vigil.cloud import Cloud
from vigil.errors import Rejected
from vigil.messages import Tick, parse_moment
from vigil.steps.ingest import ingest
from vigil.steps.rehearsal import rehearse

FIRST = date(2024, 1, 1)


@pytest.fixture(autouse=True)
def _tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dataset(tmp_path / "datasets")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))


def known(cloud: Cloud, folder: Path, count: int) -> Tick:
    """Two towns for so many days; the Tick of the day after."""
    draw = np.random.default_rng(1)
    lines = ["region;town;day;count"]
    for n in range(count):
        for town, size in (("Hill", 300), ("Dale", 100)):
            expected = size * np.exp(np.sin(n / 15))
            lines.append(f"North;{town};{FIRST + timedelta(days=n)};{draw.poisson(expected)}")
    file = folder / "visits.csv"
    file.write_text("\n".join(lines) + "\n")
    tick = Tick("tiny", parse_moment(str(FIRST + timedelta(days=count)), "test"))
    ingest(tick, cloud, {"visits": str(file)})
    return tick


def test_the_engine_forecasts_and_publishes_nothing(cloud: Cloud, tmp_path: Path) -> None:
    """Days and weeks of both towns from the boosted model; the table of forecasts stays empty."""
    tick = known(cloud, tmp_path, 260)
    found, models = rehearse(tick, cloud)
    assert models == {"visits.visits": "lightgbm"}
    assert set(found["period"].to_pylist()) == {"day", "week"}
    assert set(found["series"].to_pylist()) == {"North/Hill", "North/Dale"}
    low, middle, high = (np.array(found[name].to_pylist()) for name in ("q025", "q500", "q975"))
    assert (low >= 0).all()
    assert (low <= middle).all()
    assert (middle < high).all()
    [stored] = cloud.warehouse.rows("SELECT COUNT(*) AS n FROM forecasts WHERE dataset = 'tiny'")
    assert stored["n"] == 0


def test_too_little_to_learn_from_leaves_seasonal_naive(cloud: Cloud, tmp_path: Path) -> None:
    """Fifty days teach no tree: said, and forecast all the same."""
    found, models = rehearse(known(cloud, tmp_path, 50), cloud)
    assert models == {"visits.visits": "seasonal_naive"}
    assert found.num_rows


def test_nothing_known_and_nothing_to_forecast_are_refused(cloud: Cloud) -> None:
    """With what to do."""
    with pytest.raises(Rejected, match="vigil ingest tiny"):
        rehearse(Tick("tiny", parse_moment("2024-06-01", "test")), cloud)
    with pytest.raises(Rejected, match="to forecast"):
        rehearse(Tick("hospital_stay", parse_moment("2024-06-01", "test")), cloud)
