"""Train: a recipe fitted to all that is known takes over on evidence, or does not."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pyarrow as pa

from vigil import crash, datasets, tables
from vigil.cloud import Cloud
from vigil.commit import Commit, Head, serves
from vigil.datasets import Dataset
from vigil.errors import Paused
from vigil.ledger import Run, attempt
from vigil.messages import Tick, moment_text
from vigil.shelf import code
from vigil.steps.classifying import Classifying
from vigil.steps.decisions import Decided, decisions
from vigil.steps.forecasting import Forecasting, Pause
from vigil.steps.mirror import mirror
from vigil.steps.progress import Progress, quiet
from vigil.steps.training import Training

TRAININGS: dict[str, Callable[[Dataset, Tick, Cloud, Pause], Training]] = {
    "forecast": Forecasting.of,
    "classify": Classifying.of,
}
RESERVE = 120.0  # seconds: the last fits, the commit, the registry
DONE = (
    "SELECT 1 FROM promotions WHERE dataset = @dataset AND version = @version "
    "AND kind IN ('first', 'refresh', 'switch') LIMIT 1"
)


def train(tick: Tick, cloud: Cloud, progress: Progress = quiet) -> Tick | None:
    """Decide who serves from now on; what follows is the Tick for predict."""
    cloud = cloud.of(tick.dataset)
    with attempt("train", tick, lambda: cloud.warehouse) as run:
        dataset = datasets.load(tick.dataset)
        looked = partial(_looked, cloud, progress)
        training = TRAININGS[dataset.task](dataset, tick, cloud, looked)
        while not _decide(training, tick, cloud, run):
            pass  # the dataset moved on meanwhile: decide again from what it is now
    crash.point("train:4")  # committed, not mirrored
    mirror(dataset, tick, cloud)
    if run.recorded:
        cloud.vault.checkpoints(dataset.name).clear()
        _prune(dataset, cloud)
    head = cloud.warehouse.head(dataset.name)
    if head.champion and not (head.forecast or "").endswith(f" {head.champion}"):
        return Tick(dataset.name, tick.as_of)
    return None


def _looked(cloud: Cloud, progress: Progress, done: int, total: int) -> None:
    """Stop before the platform does: what is done is kept, the message comes again."""
    progress(done, total)
    if not cloud.deadline.remains(RESERVE):
        raise Paused(f"{done} of {total} are done and kept: the rest when it comes again")


def _decide(training: Training, tick: Tick, cloud: Cloud, run: Run) -> bool:
    """One attempt at a commit; False when another came first."""
    dataset, warehouse = training.dataset, cloud.warehouse
    head = warehouse.head(dataset.name)
    if head.trained_as_of and tick.as_of < head.trained_as_of:
        newer = moment_text(head.trained_as_of)
        run.unchanged(f"refused: older than the training as of {newer}, which is decided")
        return True
    recipe = head.champion_recipe or dataset.recipe
    version = training.version(recipe)
    if warehouse.rows(DONE, dataset=dataset.name, version=version):
        run.unchanged(f"version {version} is decided")
        return True
    crash.point("train:1")  # nothing is computed
    decided = list(decisions(training, head, tick, cloud))
    crash.point("train:2")  # all is computed, nothing kept
    for one in decided:
        if one.dossier:
            cloud.vault.keep(one.dossier)
    crash.point("train:3")  # the models are kept, nothing is decided
    run.rows = sum(one.dossier.scores.num_rows for one in decided if one.dossier)
    rows = tables.load("promotions").rows([*_rows(decided, head, run, cloud)])
    added = {"promotions": rows, **_shown(decided, training, run), **run.rows_to_add()}
    run.recorded = warehouse.commit(Commit(head, _moved(decided, tick), added=added))
    return run.recorded


def _moved(decided: list[Decided], tick: Tick) -> dict[str, Any]:
    """What changes in the head."""
    moved: dict[str, Any] = {"trained_as_of": tick.as_of}
    for one in decided:
        if one.decision.promoted:
            moved |= serves(one.version, one.decision.recipe, one.digest, tick.as_of)
    return moved


def _rows(decided: list[Decided], head: Head, run: Run, cloud: Cloud) -> Iterator[dict[str, Any]]:
    """A row a decision."""
    for one in decided:
        numbers = one.decision.numbers
        said = one.dossier.said if one.dossier else {}
        yield {
            "dataset": head.dataset,
            "decided_at": datetime.now(UTC),
            "kind": one.decision.kind,
            "promoted": one.decision.promoted,
            "version": one.version,
            "recipe": one.decision.recipe,
            "digest": one.digest,
            "as_of": run.tick.as_of,
            "champion": one.version if one.decision.promoted else head.champion,
            "before": head.champion,
            "reason": one.decision.reason,
            "decided_by": "train",
            "vintage": said.get("vintage"),
            "vintage_kind": numbers.get("vintage_kind"),
            "origins": numbers.get("origins"),
            "relative_wis": numbers.get("ratio"),
            "relative_low": numbers.get("low"),
            "relative_high": numbers.get("high"),
            "judged_against": one.decision.rival,
            "data_digest": said.get("data_digest"),
            "code": code(),
            "revision": cloud.settings.revision,
            "numbers": json.dumps(numbers, sort_keys=True),
            "run_id": run.run_id,
        }


def _shown(decided: list[Decided], training: Training, run: Run) -> dict[str, pa.Table]:
    """How each version that is kept was judged."""
    found: dict[str, list[pa.Table]] = {}
    same = {"dataset": run.tick.dataset, "decided_at": datetime.now(UTC), "run_id": run.run_id}
    for one in decided:
        columns = training.shown(one.dossier) if one.dossier else {}
        for name, rows in columns.items():
            filled = tables.load(name).filled(rows, version=one.version, **same)
            found.setdefault(name, []).append(filled)
    return {name: pa.concat_tables(parts) for name, parts in found.items()}


def _prune(dataset: Dataset, cloud: Cloud) -> None:
    """Remove models that were never promoted and are not among the last."""
    rows = cloud.warehouse.rows(
        "SELECT DISTINCT version FROM promotions WHERE dataset = @dataset AND promoted "
        "AND version IS NOT NULL",
        dataset=dataset.name,
    )
    cloud.vault.prune(dataset.name, [row["version"] for row in rows])
