"""Restore: who serves, from the history of decisions; lost models, from MLflow."""

from typing import Any

from vigil import datasets
from vigil.cloud import Cloud
from vigil.commit import Commit, serves
from vigil.errors import Rejected
from vigil.steps.promote import HISTORY


def restore(dataset: str, cloud: Cloud) -> str | None:
    """Let the version serve that was promoted last, if the head has forgotten; it is returned."""
    name, cloud = datasets.load(dataset).name, cloud.of(dataset)
    while True:
        head = cloud.warehouse.head(name)
        rows = cloud.warehouse.rows(HISTORY, dataset=name)
        if head.trained_as_of or not rows:
            return None
        served = _served(rows)
        if served["champion"]:
            _recover(name, served, cloud)
        trained = [row["as_of"] for row in rows if row["decided_by"] == "train"]
        if cloud.warehouse.commit(Commit(head, {**served, "trained_as_of": max(trained)})):
            version: str | None = served["champion"]
            return version


def _served(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The champion's columns of the head, as the last promotion left them."""
    promoted = [row for row in rows if row["promoted"]]
    if not promoted or promoted[-1]["champion"] is None:
        return serves()
    last = promoted[-1]
    return serves(last["champion"], last["recipe"], last["digest"], last["as_of"])


def _recover(dataset: str, served: dict[str, Any], cloud: Cloud) -> None:
    """Its models: where they lie, else out of MLflow."""
    version, digest = served["champion"], served["champion_digest"]
    try:
        cloud.vault.bundle(dataset, version, digest)
    except Rejected:
        if not cloud.settings.mlflow:
            raise
        from vigil.registry import Registry  # noqa: PLC0415  MLflow takes seconds, most need none

        found = Registry.at(cloud.settings.mlflow, cloud.deadline).bundle(dataset, version, digest)
        if found is None:
            raise
        cloud.vault.restore(dataset, version, found)
