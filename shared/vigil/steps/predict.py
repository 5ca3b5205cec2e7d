"""Predict: what was known at a moment becomes forecasts, published once."""

from datetime import date, datetime

import numpy as np
import pyarrow as pa

from vigil import crash, datasets, tables
from vigil.cloud import Cloud
from vigil.commit import Commit, Head
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.ledger import Run, attempt
from vigil.messages import Tick
from vigil.models import seasonal_naive
from vigil.panel import EMPTY, Grid, Key, Panel, daily
from vigil.paths import LEVELS, Paths, Quantiles, days, weeks
from vigil.quality import Finding
from vigil.warehouse import Warehouse

MODEL, VERSION = seasonal_naive.NAME, seasonal_naive.VERSION
QUANTILES = [f"q{level * 1000:03.0f}" for level in LEVELS]
NOTHING = pa.table({})


def predict(tick: Tick, cloud: Cloud) -> None:
    """Publish the forecast of what is known at the Tick's moment, unless it has been."""
    cloud = cloud.of(tick.dataset)
    with attempt("predict", tick, lambda: cloud.warehouse) as run:
        dataset = datasets.load(tick.dataset)
        if dataset.task == "classify":
            run.unchanged("nothing to forecast: the task is to classify")
            return
        while not _publish(dataset, tick, cloud, run):
            pass  # the dataset moved on meanwhile: start again from what it is now


def forecast(dataset: Dataset, panel: Panel) -> tuple[pa.Table, list[Finding]]:
    """The forecasts of every target as rows, and what could not be forecast."""
    made, findings = [], []
    for target, measure in dataset.targets.items():
        for line in dataset.lines(target):
            key, scope = Key(line, target), f"{dataset.name}.{line}.{target}"
            found = daily(panel.get(key, EMPTY), cumulative=measure.cumulative)
            if (reference := found.last_date()) is None:
                findings.append(_none(scope, "nothing is known", None))
                continue
            future = futures(found.until(reference), dataset.horizon, measure.non_negative)
            if without := sorted(set(found.series) - set(future.series)):
                said = f"too little of {len(without)} series is known: {without[:8]}"
                findings.append(_none(scope, said, reference.astype(date)))
            if future.series:
                steps = days(future), weeks(future, adds_up=measure.adds_up)
                made += [rows_of(target, future, one) for one in steps]
    return pa.concat_tables(made) if made else NOTHING, findings


def futures(known: Grid, horizon: int, non_negative: bool) -> Paths:
    """Sample paths of the series of which enough is known."""
    values = seasonal_naive.sample_paths(known.values, horizon, non_negative=non_negative)
    able = np.isfinite(values).all(axis=(0, 1)) & (len(values) > 0)
    reported = seasonal_naive.possible(known.values, non_negative=non_negative)
    before = seasonal_naive.last_week_for_missing(reported)[-6:]
    series = tuple(np.array(known.series, str)[able].tolist())
    return Paths(known.dates[-1], series, values[:, :, able], before[:, able])


def rows_of(target: str, future: Paths, steps: Quantiles) -> pa.Table:
    """A row a series and step, for the table of forecasts."""
    count, horizons = len(steps.target_dates), np.arange(1, len(steps.target_dates) + 1)
    names = np.array(future.series, dtype=object)
    columns = {
        "target": np.repeat(target, count * len(names)),
        "series": pa.array(np.tile(names, count), pa.string()),  # also when there is no step
        "period": np.repeat(steps.period, count * len(names)),
        "reference_date": np.repeat(future.reference_date, count * len(names)),
        "horizon": np.repeat(horizons, len(names)),
        "target_date": np.repeat(steps.target_dates, len(names)),
        **{name: values.ravel() for name, values in zip(QUANTILES, steps.values, strict=True)},
        "mean": steps.mean.ravel(),
    }
    return pa.table(columns)


def _none(scope: str, found: str, since: date | None) -> Finding:
    return Finding("no_forecast", "warning", scope, "a forecast for every series", found, since)


def _publish(dataset: Dataset, tick: Tick, cloud: Cloud, run: Run) -> bool:
    """One attempt at a commit; False when another came first."""
    warehouse = cloud.warehouse
    head = warehouse.head(dataset.name)
    vintage = _vintage(dataset, tick, head, warehouse)
    key = f"{vintage} {MODEL} {VERSION}"
    if key == head.forecast or warehouse.published(dataset.name, vintage, MODEL, VERSION):
        run.unchanged(f"the forecast from vintage {vintage} is published")
        return True
    crash.point("predict:1")  # nothing is computed
    rows, findings = forecast(dataset, _known(dataset, tick, warehouse))
    run.rows, run.findings = rows.num_rows, findings
    newest = head.forecast_at is None or tick.as_of >= head.forecast_at
    moved = {"forecast": key, "forecast_at": tick.as_of, "forecast_run": run.run_id}
    made = {"forecasts": _signed(rows, dataset, vintage, run)} if rows.num_rows else {}
    commit = Commit(head, moved if newest else {}, added={**made, **run.rows_to_add()})
    run.recorded = warehouse.commit(commit)
    return run.recorded


def _vintage(dataset: Dataset, tick: Tick, head: Head, warehouse: Warehouse) -> str:
    """The newest vintage known at the Tick's moment."""
    if head.vintage and head.issued_at and head.issued_at <= tick.as_of:
        return head.vintage
    if vintage := warehouse.vintage(dataset.name, tick.as_of):
        return vintage
    raise nothing_known(dataset.name, tick.as_of)


def nothing_known(dataset: str, as_of: datetime) -> Rejected:
    """There is nothing to forecast from."""
    return Rejected(
        dataset,
        rule="no_data",
        expected=f"observations known by {as_of}",
        found="none",
        remedy=f"Run `vigil ingest {dataset}` first.",
    )


def _known(dataset: Dataset, tick: Tick, warehouse: Warehouse) -> Panel:
    """The targets as they were known at the Tick's moment: seasonal naive needs no more."""
    return warehouse.panel(dataset.name, tick.as_of, list(dataset.targets))


def _signed(rows: pa.Table, dataset: Dataset, vintage: str, run: Run) -> pa.Table:
    """The same for every row: what made it, from what, when."""
    same = {
        "dataset": dataset.name,
        "model": MODEL,
        "version": VERSION,
        "vintage": vintage,
        "issued_at": run.tick.as_of,
        "run_id": run.run_id,
    }
    for name, value in same.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows.select(tables.load("forecasts").columns)
