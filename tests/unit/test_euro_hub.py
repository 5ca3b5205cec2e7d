"""The hub benchmark: reads its files right, sees no later day, and is no worse than it was."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from benchmarks import euro_hub, hub

from conftest import REAL

START, END = "2021-10-04", "2021-10-18"
pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One fit a target, two weeks of warm-up."""
    monkeypatch.setattr(euro_hub, "WARM_UP", 2)
    monkeypatch.setattr(euro_hub, "REFIT", 9)


@pytest.mark.soak
def test_ours_beats_the_baseline_by_far_on_three_dates():
    """Deaths in October 2021: near the ensemble, a third below the baseline."""
    targets = hub.load(REAL / "euro_hub", START, END)
    made = euro_hub.report(
        euro_hub.scores("deaths", targets, euro_hub.forecasts("deaths", targets))
    )
    assert [made[str(week)]["n"] for week in (1, 2, 3, 4)] == [3 * 32] * 4
    assert made["overall"]["to_baseline"] < 0.67
    assert made["overall"]["ratio"] < 1.1
    assert made["1"]["coverage95"] > 0.8


@pytest.mark.soak
def test_what_became_known_later_changes_no_forecast(tmp_path):
    """Every row issued after the last forecast date is another number; so is the final state."""
    targets = hub.load(REAL / "euro_hub", START, START)
    before = euro_hub.forecasts("deaths", targets)
    shutil.copytree(REAL / "euro_hub", tmp_path / "hub", copy_function=shutil.copyfile)
    for name in targets:
        file = tmp_path / "hub" / f"{name}_as_known.parquet"
        file.chmod(0o600)
        rows = pq.read_table(file)
        later = pc.greater(rows["as_of"], START)
        assert pc.any(later).as_py()
        number = pc.if_else(later, pc.add(pc.multiply(rows["value"], 3.0), 77.0), rows["value"])
        pq.write_table(rows.set_column(rows.column_names.index("value"), "value", number), file)
    after = euro_hub.forecasts("deaths", hub.load(tmp_path / "hub", START, START))
    np.testing.assert_array_equal(before, after)


def test_the_experts_files_are_read_as_they_were_scored():
    """The ensemble's known ratio to the baseline, deaths, all places: 0.592 a week ahead."""
    target = hub.load(REAL / "euro_hub")["deaths"]
    truth = target.truth()
    ensemble, baseline = (
        np.nanmean(euro_hub.wis(target.quantiles(model), truth)[:, 0])
        for model in ("ensemble", "baseline")
    )
    assert ensemble / baseline == pytest.approx(0.592, abs=0.0006)


def test_dates_that_the_files_do_not_have_are_said():
    """With what is there."""
    with pytest.raises(SystemExit, match="no forecast date from 2030"):
        hub.load(REAL / "euro_hub", "2030-01-01")


def test_a_removed_value_is_not_known_any_more(tmp_path: Path):
    """A change log by hand: new, revised, removed."""
    rows = [
        ("2021-01-02", "A", "2021-01-01", 5.0, "initial"),
        ("2021-01-03", "A", "2021-01-02", 6.0, "new"),
        ("2021-01-04", "A", "2021-01-01", 4.0, "revised"),
        ("2021-01-05", "A", "2021-01-02", 6.0, "removed"),
    ]
    names = ("as_of", "location", "date", "value", "change")
    table = pa.table({n: [row[i] for row in rows] for i, n in enumerate(names)})
    pq.write_table(table, tmp_path / "x_as_known.parquet")
    target = hub.Target(tmp_path, "x", ("A",), ())
    assert target.known("2021-01-03").values[:, 0].tolist() == [5, 6]
    assert target.known("2021-01-04").values[:, 0].tolist() == [4, 6]
    assert target.known("2021-01-05").values[:, 0].tolist() == [4]
