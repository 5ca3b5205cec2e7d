"""Predict: what was known at a moment becomes forecasts, published once; what settled is scored."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from vigil import crash, datasets
from vigil.cloud import Cloud
from vigil.commit import Commit, Head
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.forecasts import Part, forecast
from vigil.ledger import Run, attempt
from vigil.messages import Tick
from vigil.panel import Panel
from vigil.steps.edition import Edition
from vigil.steps.gauges import gauge
from vigil.steps.outlook import measures, outlook
from vigil.steps.publish import publish
from vigil.steps.serving import Serving, serving
from vigil.steps.settling import Settling
from vigil.warehouse import Warehouse

REPLACED = ("outlook", "contributions", "members")  # by the newest edition
Changes = dict[str, Any]


def predict(tick: Tick, cloud: Cloud) -> None:
    """Publish the forecast of what is known at the Tick's moment, unless it has been."""
    cloud = cloud.of(tick.dataset)
    with attempt("predict", tick, lambda: cloud.warehouse) as run:
        dataset = datasets.load(tick.dataset)
        if dataset.task == "classify":
            run.unchanged("nothing to forecast: the task is to classify")
            return
        while not _work(dataset, tick, cloud, run):
            pass  # the dataset moved on meanwhile: start again from what it is now
    crash.point("predict:2")  # committed, not shown
    publish(dataset, tick, cloud)
    gauge(dataset, tick, cloud)


def _work(dataset: Dataset, tick: Tick, cloud: Cloud, run: Run) -> bool:
    """One attempt at a commit; False when another came first."""
    warehouse = cloud.warehouse
    head = warehouse.head(dataset.name)
    vintage = _vintage(dataset, tick, head, warehouse)
    edition = Edition(dataset, vintage, serving(dataset, head, tick.as_of, cloud), run)
    published = f"the forecast from vintage {vintage} is published"
    if edition.key == head.forecast or warehouse.published(dataset.name, edition.name):
        settling = Settling(dataset, head, tick.as_of)
        if not settling.due:
            run.unchanged(published)
            return True
        run.reason = f"{published}; what settled since is scored"
        commit = Commit(head, {}, then=[*settling.statements(warehouse)])
    else:
        crash.point("predict:1")  # nothing is computed
        parts = _parts(dataset, _known(dataset, tick, edition.serves, warehouse), edition.serves)
        edition = replace(edition, parts=parts)
        run.findings, run.rows = edition.findings, edition.forecasts.num_rows
        commit = _publishing(edition, head, tick, warehouse)
    commit.changes["scored_at"] = max(tick.as_of, head.scored_at or tick.as_of)
    commit.added |= {"measures": measures(dataset), **run.rows_to_add()}
    commit.replaced = {**commit.replaced, "measures": "TRUE"}
    run.recorded = warehouse.commit(commit)
    return run.recorded


def _publishing(edition: Edition, head: Head, tick: Tick, warehouse: Warehouse) -> Commit:
    """The forecast's rows, what is shown of it if it is the newest, and what came of the past."""
    settling = Settling(edition.dataset, head, tick.as_of, edition.name, edition.references)
    commit = Commit(
        head, {}, {"forecasts": edition.forecasts, "publications": edition.publication()}
    )
    if edition.references:
        last = [edition.references[1], *([head.reference_date] if head.reference_date else [])]
        commit.changes["reference_date"] = max(last)
    if head.forecast_at is None or tick.as_of >= head.forecast_at:
        commit.changes |= {"forecast": edition.key, "forecast_at": tick.as_of}
        commit.added |= {"members": edition.members(), "contributions": edition.drivers()}
        commit.replaced = dict.fromkeys(REPLACED, "TRUE")
        if edition.references:
            shown = outlook(edition.name, edition.references, tick.as_of, warehouse.name)
            commit.then = [shown]
    commit.then = [*commit.then, *settling.statements(warehouse)]
    return commit


def _parts(dataset: Dataset, known: Panel, serves: Serving) -> list[Part]:
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
