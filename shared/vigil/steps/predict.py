"""Predict: what was known at a moment becomes forecasts, published once."""

from datetime import datetime

import pyarrow as pa

from vigil import crash, datasets, tables
from vigil.cloud import Cloud
from vigil.commit import Commit, Head
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.forecasts import Part, forecast
from vigil.ledger import Run, attempt
from vigil.messages import Tick
from vigil.models import seasonal_naive
from vigil.panel import Panel
from vigil.steps.serving import Serving, serving
from vigil.warehouse import Warehouse


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


def _publish(dataset: Dataset, tick: Tick, cloud: Cloud, run: Run) -> bool:
    """One attempt at a commit; False when another came first."""
    warehouse = cloud.warehouse
    head = warehouse.head(dataset.name)
    vintage = _vintage(dataset, tick, head, warehouse)
    serves = serving(dataset, head, tick.as_of, cloud)
    key = f"{vintage} {serves.model} {serves.version}"
    if key == head.forecast or warehouse.published(
        dataset.name, vintage, serves.model, serves.version
    ):
        run.unchanged(f"the forecast from vintage {vintage} is published")
        return True
    crash.point("predict:1")  # nothing is computed
    parts = _made(dataset, _known(dataset, tick, serves, warehouse), serves)
    run.findings = [*serves.findings, *(one for part in parts for one in part.findings)]
    rows = [_signed(part, serves, dataset, vintage, run) for part in parts if part.rows]
    run.rows = sum(one.num_rows for one in rows)
    newest = head.forecast_at is None or tick.as_of >= head.forecast_at
    moved = {"forecast": key, "forecast_at": tick.as_of, "forecast_run": run.run_id}
    made = {"forecasts": pa.concat_tables(rows)} if rows else {}
    commit = Commit(head, moved if newest else {}, added={**made, **run.rows_to_add()})
    run.recorded = warehouse.commit(commit)
    return run.recorded


def _made(dataset: Dataset, known: Panel, serves: Serving) -> list[Part]:
    models = serves.champion.models if serves.champion else {}
    return forecast(dataset, known, serves.model, models)


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


def _known(dataset: Dataset, tick: Tick, serves: Serving, warehouse: Warehouse) -> Panel:
    """All as it was known at the Tick's moment; seasonal naive needs no more than the targets."""
    measures = [] if serves.champion else list(dataset.targets)
    return warehouse.panel(dataset.name, tick.as_of, measures)


def _signed(part: Part, serves: Serving, dataset: Dataset, vintage: str, run: Run) -> pa.Table:
    """The same for every row: what made it, from what, when."""
    naive = part.model == seasonal_naive.NAME
    same = {
        "dataset": dataset.name,
        "model": part.model,
        "version": seasonal_naive.VERSION if naive else serves.version,
        "vintage": vintage,
        "issued_at": run.tick.as_of,
        "run_id": run.run_id,
    }
    rows = part.rows
    for name, value in same.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
    return rows.select(tables.load("forecasts").columns)
