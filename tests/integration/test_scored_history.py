"""Past days published one by one: their stored scores are those of the engine on the same days."""

import os
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.hub import Target, load

from conftest import REAL
from vigil import champion, datasets, engine, outcomes
from vigil.champion import Champion
from vigil.cloud import Cloud
from vigil.commit import Commit
from vigil.datasets import Dataset
from vigil.forecasts import QUANTILES
from vigil.messages import Tick
from vigil.models.table import choose
from vigil.panel import DAY, Floats, Grid, Key, Panel, daily
from vigil.steps.ingest import ingest
from vigil.steps.predict import predict
from vigil.view import view

pytestmark = [pytest.mark.real, pytest.mark.soak]
DAYS = 60
FIRST = date(2021, 9, 6)
SETTLES = 28
RECIPE = os.environ.get("VIGIL_HISTORY_RECIPE", "ridge")
TAKEN = [FIRST + timedelta(days=n) for n in (*range(DAYS), *range(DAYS, DAYS + 36, 5))]
SOURCES = {"confirmed": "cases", "deaths": "deaths"}
NAMED = ("reference_date", "target", "series", "period", "target_date")
SCORES = ("median", "wis", "wis_log", "ae", "covered50", "covered80", "covered95")


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """jhu_global as it ships, but of the places that the hub has."""
    shipped = Path(datasets.__file__).with_name("jhu_global.yaml").read_text(encoding="utf-8")
    text = shipped.replace("{series: 250}", "{series: 30, shrink: 0.5, retreat_days: 60}")
    folder = tmp_path / "datasets"
    folder.mkdir()
    (folder / "jhu_places.yaml").write_text(text.replace("ended: 2023-03-09", ""))
    monkeypatch.setenv("VIGIL_DATASETS", str(folder))
    return datasets.load("jhu_places")


def moment(day: date) -> datetime:
    """The end of a day."""
    return datetime.combine(day, time.max, UTC)


@pytest.fixture(scope="module")
def hub() -> dict[str, Target]:
    """The change logs."""
    targets = load(REAL / "euro_hub")
    return {source: targets[name] for source, name in SOURCES.items()}


def known(hub: dict[str, Target], day: date) -> Panel:
    """Running totals as they were known on a day."""
    grids = {Key(source, target.name): target.known(str(day)) for source, target in hub.items()}
    return {
        key: Grid(one.dates, one.series, np.nancumsum(one.values, axis=0))
        for key, one in grids.items()
    }


def written(panel: Panel, folder: Path) -> dict[str, str]:
    """As files in the layout of Johns Hopkins."""
    files = {}
    for key, grid in panel.items():
        days = [f"{d.month}/{d.day}/{d:%y}" for d in grid.dates.astype(object)]
        lines = [",".join(["Province/State", "Country/Region", "Lat", "Long", *days])]
        for column, name in enumerate(grid.series):
            numbers = [f"{value:.0f}" for value in grid.values[:, column]]
            lines.append(",".join(["", name, "0", "0", *numbers]))
        file = folder / f"{key.source}.csv"
        file.write_text("\n".join(lines) + "\n")
        files[key.source] = str(file)
    return files


def trained(dataset: Dataset, panel: Panel) -> Champion:
    """One champion for all days."""
    views = {key: view(dataset, panel, key) for key in engine.keys(dataset)}
    fit = choose(RECIPE)
    models = {key: engine.train(seen, dataset.horizon, fit) for key, seen in views.items() if seen}
    return Champion(dataset, RECIPE, models)


def serve(made: Champion, cloud: Cloud) -> None:
    """Let it serve."""
    bundle = made.bundle()
    cloud.vault.restore(made.dataset.name, "1", bundle)
    said = {"champion": "1", "champion_recipe": made.recipe, "champion_digest": bundle.digest}
    assert cloud.warehouse.commit(Commit(cloud.warehouse.head(made.dataset.name), said))


def truth(dataset: Dataset, panel: Panel, key: Key, period: str) -> Grid:
    """What had come by then, as the backtest sees it; of all places together, too."""
    days = panel[key] if period == "total" else daily(panel[key], cumulative=True)
    both = Grid(days.dates, (*days.series, "World"), _with_sums(days.values))
    if period != "week":
        return both
    measure = dataset.targets[key.target].model_copy(update={"cumulative": False})
    plain = dataset.model_copy(update={"targets": {key.target: measure}})
    seen = view(plain, {key: both}, key)
    assert seen is not None
    return Grid(days.dates, both.series, outcomes.outcome(seen, days.dates, both.series))


def _with_sums(values: Floats) -> Floats:
    return np.column_stack([values, np.nansum(values, axis=1)])


def expected(
    dataset: Dataset, hub: dict[str, Target], served: Champion, until: date
) -> dict[tuple[Any, ...], dict[str, float]]:
    """The scores of what the champion says of each day, by forecast; none of what is negative."""
    found = {}

    @cache
    def came(key: Key, day: date, period: str) -> dict[str, float]:
        """Of every place."""
        settled = max(one for one in TAKEN if one <= day + timedelta(days=SETTLES))
        grid = truth(dataset, known(hub, settled), key, period)
        row = int((np.datetime64(day) - grid.dates[0]) / DAY)
        return dict(zip(grid.series, grid.values[row].tolist(), strict=True))

    for number in range(DAYS):
        for part in served.forecast(known(hub, FIRST + timedelta(days=number))):
            rows = [row for row in part.served.to_pylist() if row["target_date"] <= until]
            said = np.array([[row[name] for row in rows] for name in QUANTILES])
            true = np.array(
                [came(part.key, row["target_date"], row["period"])[row["series"]] for row in rows]
            )
            numbers = outcomes.scores(said, true, logs=True)
            for at in np.flatnonzero(true >= 0):
                own = {score: numbers[score][at].as_py() for score in SCORES}
                found[tuple(rows[at][name] for name in NAMED)] = own
    return found


def test_stored_scores_are_those_of_the_engine(
    cloud: Cloud, dataset: Dataset, hub: dict[str, Target], tmp_path: Path
) -> None:
    """Vintages in, forecasts out, day by day; then a month in which they settle."""
    served = trained(dataset, known(hub, FIRST))
    for day in TAKEN:
        ingest(Tick("jhu_places", moment(day)), cloud, written(known(hub, day), tmp_path))
        if day == FIRST:
            serve(served, cloud)
        if day in TAKEN[:DAYS] or day == TAKEN[-1]:
            predict(Tick("jhu_places", moment(day)), cloud)
    until = TAKEN[-1] - timedelta(days=SETTLES)
    wanted = expected(dataset, hub, champion.load(served.bundle()), until)
    columns = ", ".join((*NAMED, *SCORES))
    rows = cloud.warehouse.rows(f"SELECT {columns} FROM scores WHERE flag IS NULL")
    found = {tuple(row[name] for name in NAMED): row for row in rows}
    assert len(found) == len(rows)
    assert set(found) == set(wanted)
    assert {name[2] for name in found} >= {"World", "FR"}
    for name, numbers in wanted.items():
        for score in SCORES:
            assert float(found[name][score]) == pytest.approx(numbers[score], rel=1e-9, abs=1e-12)
