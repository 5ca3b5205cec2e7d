"""What came of forecasts: frozen when it settles, scored once, in SQL as in Python."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tiny

from vigil import datasets, outcomes, tables
from vigil.cloud import Cloud
from vigil.commit import Commit
from vigil.forecasts import QUANTILES
from vigil.messages import Tick
from vigil.paths import LEVELS
from vigil.steps.ingest import ingest
from vigil.steps.outlook import measures
from vigil.steps.predict import predict
from vigil.steps.settling import Settling

FIRST = date(2024, 1, 1)
SETTLES = 7
KEYS = "publication, source, target, series, period, horizon"
AGGREGATES = "aggregates: {whole: All, parents: true}\n"
ANOMALY = (
    "anomalies:\n  - {target: visits, series: North/Town 1, first: 2024-03-20, "
    "last: 2024-03-21, reason: a fair}\n"
)


def moment(day: date) -> datetime:
    """The end of a day."""
    return datetime.combine(day, time.max, UTC)


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small dataset with sums and a day that does not count."""
    folder = tmp_path / "datasets"
    tiny.write_dataset(folder, "tiny", AGGREGATES + ANOMALY)
    monkeypatch.setenv("VIGIL_DATASETS", str(folder))
    return tmp_path


def day_of(number: int) -> date:
    """The file's last date, with so many days in it."""
    month, rest = divmod(number - 1, 28)
    return date(2024, month + 1, rest + 1)


def taken(cloud: Cloud, folder: Path, days: int, at: date, first: float = 5.0) -> None:
    """A file of so many days, as known at the end of a day."""
    file = tiny.write_visits(folder / f"{days}-{first}.csv", days=days, first=first)
    ingest(Tick("tiny", moment(at)), cloud, {"visits": str(file)})


def due(cloud: Cloud) -> list[tuple]:
    """Every published forecast of which the outcome had settled by the last look."""
    sql = f"""SELECT {KEYS} FROM forecasts WHERE serves AND target_date <= (
        SELECT DATE_SUB(DATE(scored_at), INTERVAL {SETTLES} DAY) FROM heads) ORDER BY {KEYS}"""
    return [tuple(row.values()) for row in cloud.warehouse.rows(sql)]


def scored(cloud: Cloud) -> list[tuple]:
    """What has a row in scores."""
    rows = cloud.warehouse.rows(f"SELECT {KEYS} FROM scores ORDER BY {KEYS}")
    return [tuple(row.values()) for row in rows]


def test_every_forecast_is_scored_once_in_whatever_order_ticks_come(
    cloud: Cloud, trial: Path
) -> None:
    """In time, late, twice, and for a moment long ago: each settled forecast has one score."""
    for days in (60, 64, 75):
        taken(cloud, trial, days, day_of(days))
    seen = []
    for days in (60, 75, 75, 64):
        predict(Tick("tiny", moment(day_of(days))), cloud)
        assert scored(cloud) == due(cloud)
        seen.append(len(due(cloud)))
    assert seen == sorted(seen)
    assert 0 < seen[1] < seen[3]
    for days in (80, 86):  # nothing new has come: what was published goes on to settle
        predict(Tick("tiny", moment(day_of(days))), cloud)
        assert scored(cloud) == due(cloud)
    [last] = cloud.warehouse.rows(
        "SELECT status, reason FROM runs ORDER BY started_at DESC LIMIT 1"
    )
    assert "scored" in last["reason"]
    published = cloud.warehouse.rows("SELECT COUNT(*) AS n FROM publications")
    assert published == [{"n": 3}]


def test_an_outcome_is_frozen_as_it_was_known_when_it_settled(cloud: Cloud, trial: Path) -> None:
    """A revision after that changes what is known now, and no score."""
    taken(cloud, trial, 60, day_of(60))
    predict(Tick("tiny", moment(day_of(60))), cloud)
    taken(cloud, trial, 66, day_of(66))
    predict(Tick("tiny", moment(day_of(70))), cloud)
    sql = (
        "SELECT target_date, actual FROM outcomes WHERE series = 'North/Town 0' "
        "AND period = 'day' AND target_date > '2024-03-04' ORDER BY 1"
    )
    before = cloud.warehouse.rows(sql)
    assert [row["target_date"] for row in before] == [day_of(61), day_of(62), day_of(63)]
    revised = trial / "revised.csv"
    revised.write_text(tiny.visits(days=66).decode().replace("2024-03-05;14,0", "2024-03-05;99,0"))
    ingest(Tick("tiny", moment(day_of(71))), cloud, {"visits": str(revised)})
    predict(Tick("tiny", moment(day_of(72))), cloud)
    assert cloud.warehouse.rows(sql)[:3] == before
    now = cloud.warehouse.rows(
        "SELECT value FROM actuals WHERE series = 'North/Town 0' AND period = 'day' "
        "AND date = '2024-03-05'"
    )
    assert now == [{"value": 99.0}]


def test_what_says_nothing_is_flagged_counted_and_not_scored(cloud: Cloud, trial: Path) -> None:
    """An anomaly listed in the file, in the sums that hold it, too; and what never came."""
    taken(cloud, trial, 76, day_of(76))
    predict(Tick("tiny", moment(day_of(76))), cloud)
    taken(cloud, trial, 80, day_of(80))
    predict(Tick("tiny", moment(day_of(80) + timedelta(days=30))), cloud)
    rows = cloud.warehouse.rows(
        "SELECT series, period, target_date, flag, wis, naive_wis, actual FROM scores"
    )
    flags = {(row["series"], row["period"], row["target_date"]): row for row in rows}
    assert flags["North/Town 1", "day", date(2024, 3, 21)]["flag"] == "anomaly"
    assert flags["All", "day", date(2024, 3, 21)]["flag"] == "anomaly"
    assert flags["North/Town 2", "day", date(2024, 3, 21)]["flag"] is None
    assert flags["North/Town 1", "day", date(2024, 3, 24)]["flag"] is None
    assert flags["North/Town 2", "day", date(2024, 3, 26)]["flag"] == "missing"
    assert flags["North/Town 1", "week", date(2024, 3, 23)]["flag"] == "anomaly"
    for row in rows:
        assert (row["wis"] is None) == (row["naive_wis"] is None) == (row["flag"] is not None)
        assert (row["actual"] is None) == (row["flag"] == "missing")


RANDOM = 400


def cases() -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Forecasts of one day for many series, seasonal naive's beside them, and what came."""
    draw = np.random.default_rng(7)
    scale = 10.0 ** draw.uniform(-3, 7, RANDOM)
    said = np.sort(draw.gamma(2.0, 1.0, (2, len(LEVELS), RANDOM)) * scale, axis=1)
    said[:, :12, ::7] = 0
    came = draw.gamma(2.0, 1.0, RANDOM) * scale
    came[::5] = said[0, 11, ::5]  # exactly the median
    came[1::11] = 0
    names = [f"Place {number:03d}" for number in range(RANDOM)]
    parts = []
    for number, model in enumerate(("lightgbm", "seasonal_naive")):
        columns = {
            "series": pa.array(names),
            **{name: said[number, at] for at, name in enumerate(QUANTILES)},
            "mean": said[number].mean(axis=0),
        }
        parts.append(
            tables.load("forecasts").filled(
                pa.table(columns),
                dataset="tiny", source="visits", target="visits", period="day",
                reference_date=FIRST, horizon=1, target_date=FIRST + timedelta(days=1),
                phase="flat", model=model, version="1", vintage="v", issued_at=moment(FIRST),
                run_id="r", publication="p", serves=number == 0,
            )
        )  # fmt: skip
    return pa.concat_tables(parts), said, came


def test_scores_in_sql_are_those_in_python(cloud: Cloud, trial: Path) -> None:
    """To a relative 1e-9, on numbers from a thousandth to ten millions, ties and zeros."""
    rows, said, came = cases()
    dataset = datasets.load("tiny")
    settling = Settling(dataset, cloud.warehouse.head("tiny"), moment(FIRST + timedelta(days=20)),
                        "p", (FIRST, FIRST))  # fmt: skip
    observed = pa.table({"series": rows["series"][:RANDOM], "value": came})
    observed = tables.load("observations").filled(
        observed, dataset="tiny", source="visits", target="visits",
        date=FIRST + timedelta(days=1), issued_at=moment(FIRST + timedelta(days=2)),
    )  # fmt: skip
    added = {"forecasts": rows, "observations": observed, "measures": measures(dataset)}
    commit = Commit(settling.head, {}, added, then=[*settling.statements(cloud.warehouse)])
    assert cloud.warehouse.commit(commit)
    found = cloud.warehouse.arrow("SELECT * FROM scores ORDER BY series")
    assert found.num_rows == RANDOM
    for number, prefix in enumerate(("", "naive_")):
        python = outcomes.scores(said[number], came, logs=True)
        for name in ("median", "wis", "wis_log", "ae", "covered50", "covered80", "covered95"):
            sql = found[prefix + name].to_numpy().astype(float)
            np.testing.assert_allclose(sql, python[name].to_numpy(), rtol=1e-9, atol=0)
        logs = np.abs(np.log1p(python["median"].to_numpy()) - np.log1p(came))
        sql = found[prefix + "ale"].to_numpy()
        np.testing.assert_allclose(sql, logs, rtol=1e-9, atol=1e-15)
