"""Who serves: the champion that `heads` names, else the last good one, else the baseline."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from vigil import champion
from vigil.champion import Champion
from vigil.classify.classifier import Classifier
from vigil.cloud import Cloud
from vigil.commit import Head
from vigil.datasets import Dataset
from vigil.datasets.model import LATE
from vigil.errors import Rejected
from vigil.ledger import refusal
from vigil.quality import Finding

VERSION = "1"  # of the baselines
GOOD = (
    "SELECT version, digest, as_of FROM promotions WHERE dataset = @dataset AND promoted "
    "AND digest IS NOT NULL QUALIFY ROW_NUMBER() OVER "
    "(PARTITION BY version ORDER BY decided_at DESC) = 1 ORDER BY decided_at DESC"
)


@dataclass(frozen=True)
class Serving:
    """A model that was found whole, or none, and what is odd about that."""

    model: str  # the recipe's name
    version: str = VERSION
    champion: Champion | Classifier | None = None
    findings: list[Finding] = field(default_factory=list)


def serving(dataset: Dataset, head: Head, as_of: datetime, cloud: Cloud) -> Serving:
    """The first of them that is whole."""
    if head.champion is None:
        said = (head.forecast or "").endswith(f" {dataset.baseline} {VERSION}")
        found = [] if said else [_baseline(dataset, "no champion yet: vigil train")]
        return Serving(dataset.baseline, findings=found)  # nothing alerts twice
    findings = []
    for version, digest, known in _candidates(dataset, head, cloud):
        try:
            made = champion.load(cloud.vault.bundle(dataset.name, version, digest))
        except Rejected as reason:
            findings.append(refusal(reason))
            continue
        findings += _age(dataset, version, known, as_of)
        return Serving(made.recipe, version, made, findings)
    none = _baseline(dataset, "no champion that is whole")
    return Serving(dataset.baseline, findings=[*findings, none])


def _candidates(
    dataset: Dataset, head: Head, cloud: Cloud
) -> Iterator[tuple[str, str, datetime | None]]:
    """Version, digest, moment: the head's, then those promoted before, newest first."""
    if head.champion and head.champion_digest:
        yield head.champion, head.champion_digest, head.champion_as_of
    for row in cloud.warehouse.rows(GOOD, dataset=dataset.name):
        if row["version"] != head.champion:
            yield row["version"], row["digest"], row["as_of"]


def _age(
    dataset: Dataset, version: str, known: datetime | None, as_of: datetime
) -> Iterator[Finding]:
    """A finding when trainings have failed to bring a new one for too long."""
    if known is None or (age := as_of - known) <= dataset.schedules.late(as_of):
        return
    scope = f"{dataset.name}.champion"
    due = f"a champion of the last {LATE} trainings"
    said = f"{version} is {age.days} days old"
    yield Finding("stale_champion", "warning", scope, due, said, known.date())


def _baseline(dataset: Dataset, said: str) -> Finding:
    return Finding(
        "no_champion", "warning", f"{dataset.name}.champion", "a champion",
        f"{said}; {dataset.baseline.replace('_', ' ')} serves",
    )  # fmt: skip
