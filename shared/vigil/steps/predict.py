"""Predict: what was known at a moment is answered and published once; what settled is scored."""

from collections.abc import Callable
from datetime import datetime

from vigil import crash, datasets
from vigil.cloud import Cloud
from vigil.commit import Commit, Head
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.ledger import Run, attempt
from vigil.messages import Tick
from vigil.steps.classifications import Classifications
from vigil.steps.edition import Content, Edition
from vigil.steps.forecasts import Forecasts
from vigil.steps.gauges import gauge
from vigil.steps.outlook import measures
from vigil.steps.publish import publish
from vigil.steps.serving import serving
from vigil.steps.settling import Settling
from vigil.warehouse import Warehouse

CONTENTS: dict[str, Callable[[Edition, Warehouse], Content]] = {
    "forecast": Forecasts.of,
    "classify": Classifications.of,
}


def predict(tick: Tick, cloud: Cloud) -> None:
    """Publish what follows from what is known at the Tick's moment, unless it has been."""
    cloud = cloud.of(tick.dataset)
    with attempt("predict", tick, lambda: cloud.warehouse) as run:
        dataset = datasets.load(tick.dataset)
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
    published = f"what follows from vintage {vintage} is published"
    if edition.key == head.forecast or warehouse.published(dataset.name, edition.name):
        settling = Settling(dataset, head, tick.as_of)
        if not settling.due:
            run.unchanged(published)
            return True
        run.reason = f"{published}; what settled since is scored"
        commit = Commit(head, {}, then=[*settling.statements(warehouse)])
    else:
        crash.point("predict:1")  # nothing is computed
        content = CONTENTS[dataset.task](edition, warehouse)
        run.findings = [*edition.serves.findings, *content.findings]
        run.rows = content.rows[1].num_rows
        commit = _publishing(edition, content, head, warehouse)
    commit.changes["scored_at"] = max(tick.as_of, head.scored_at or tick.as_of)
    commit.added |= {"measures": measures(dataset), **run.rows_to_add()}
    commit.replaced = {**commit.replaced, "measures": "TRUE"}
    run.recorded = warehouse.commit(commit)
    return run.recorded


def _publishing(edition: Edition, content: Content, head: Head, warehouse: Warehouse) -> Commit:
    """Its rows, what is shown of it if it is the newest, and what came of the past."""
    (table, rows), references, moment = content.rows, content.references, edition.run.tick.as_of
    settling = Settling(edition.dataset, head, moment, edition.name, references)
    published = edition.publication(rows.num_rows, references)
    commit = Commit(head, {}, {table: rows, "publications": published})
    if references:
        last = [references[1], *([head.reference_date] if head.reference_date else [])]
        commit.changes["reference_date"] = max(last)
    if head.forecast_at is None or moment >= head.forecast_at:
        shown = content.shown()
        commit.changes |= {"forecast": edition.key, "forecast_at": moment}
        commit.added |= shown
        commit.replaced = dict.fromkeys(shown, "TRUE")
        commit.then = content.statements(warehouse.name)
    commit.then = [*commit.then, *settling.statements(warehouse)]
    return commit


def _vintage(dataset: Dataset, tick: Tick, head: Head, warehouse: Warehouse) -> str:
    """The newest vintage known at the Tick's moment."""
    if head.vintage and head.issued_at and head.issued_at <= tick.as_of:
        return head.vintage
    if vintage := warehouse.vintage(dataset.name, tick.as_of):
        return vintage
    raise nothing_known(dataset.name, tick.as_of)


def nothing_known(dataset: str, as_of: datetime) -> Rejected:
    """There is nothing to answer from."""
    return Rejected(
        dataset,
        rule="no_data",
        expected=f"observations or records known by {as_of}",
        found="none",
        remedy=f"Run `vigil ingest {dataset}` first.",
    )
