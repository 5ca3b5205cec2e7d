"""Restore: who serves, from the history of decisions; lost models, from MLflow."""

from typing import Any

from vigil import datasets
from vigil.cloud import Cloud
from vigil.commit import Commit
from vigil.errors import Rejected
from vigil.registry import Registry

DECIDED = (
    "SELECT version, champion, recipe, digest, as_of, promoted, decided_by FROM promotions "
    "WHERE dataset = @dataset ORDER BY decided_at"
)


def restore(dataset: str, cloud: Cloud) -> str | None:
    """Let the version serve that was promoted last, if the head has forgotten; it is returned."""
    name, cloud = datasets.load(dataset).name, cloud.of(dataset)
    while True:
        head = cloud.warehouse.head(name)
        rows = cloud.warehouse.rows(DECIDED, dataset=name)
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
    last = promoted[-1] if promoted else {}
    return {
        "champion": last.get("champion"),
        "champion_recipe": last.get("recipe") if last.get("champion") else None,
        "champion_digest": last.get("digest"),
        "champion_as_of": last.get("as_of") if last.get("champion") else None,
    }


def _recover(dataset: str, served: dict[str, Any], cloud: Cloud) -> None:
    """Its models: where they lie, else out of MLflow."""
    version, digest = served["champion"], served["champion_digest"]
    try:
        cloud.vault.bundle(dataset, version, digest)
    except Rejected:
        if not cloud.settings.mlflow:
            raise
        found = Registry.at(cloud.settings.mlflow, cloud.deadline).bundle(dataset, version, digest)
        if found is None:
            raise
        cloud.vault.restore(dataset, version, found)
