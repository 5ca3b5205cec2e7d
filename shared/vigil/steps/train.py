"""Train: a recipe fitted to all that is known takes over on evidence, or does not."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from vigil import crash, datasets, promotion, tables
from vigil.champion import Champion
from vigil.cloud import Cloud
from vigil.commit import Commit, Head
from vigil.dossier import Dossier
from vigil.errors import Paused
from vigil.ledger import Run, attempt
from vigil.messages import Tick, moment_text
from vigil.models.seasonal_naive import NAME as BASELINE
from vigil.promotion import ORIGINS, Decision
from vigil.shelf import code
from vigil.steps.archive import Archive
from vigil.steps.mirror import mirror, prune
from vigil.steps.serving import serving
from vigil.steps.training import CONTEST, REFRESH, Span, Training

RESERVE = 120.0  # seconds: the last fits, the commit, the registry
AGAIN = timedelta(weeks=12)  # after which other recipes are tried again
LEAST = ORIGINS + 8  # origins: those that judge, and some before them that choose
DONE = (
    "SELECT 1 FROM promotions WHERE dataset = @dataset AND version = @version "
    "AND kind IN ('first', 'refresh', 'switch') LIMIT 1"
)
LAST_CONTEST = (
    "SELECT as_of, numbers FROM promotions WHERE dataset = @dataset AND kind = 'switch' "
    "ORDER BY decided_at DESC LIMIT 1"
)


Progress = Callable[[int, int], None]


def quiet(_done: int, _total: int) -> None:
    """No progress."""


@dataclass(frozen=True)
class Decided:
    """A decision, and the version that it is about."""

    decision: Decision
    version: str
    dossier: Dossier | None = None

    @property
    def digest(self) -> str | None:
        """Of its bundle."""
        return self.dossier.bundle.digest if self.dossier else None


def train(tick: Tick, cloud: Cloud, progress: Progress = quiet) -> Tick | None:
    """Decide who serves from now on; what follows is the Tick for predict."""
    cloud = cloud.of(tick.dataset)
    with attempt("train", tick, lambda: cloud.warehouse) as run:
        dataset = datasets.load(tick.dataset)
        if dataset.task == "classify":
            run.unchanged("nothing to train: the task is to classify")
            return None
        archive = Archive(dataset, tick.as_of, cloud.warehouse)
        files = cloud.vault.checkpoints(dataset.name)
        looked = partial(_looked, cloud, progress)
        training = Training(archive, files, looked, cloud.settings.revision)
        while not _decide(training, tick, cloud, run):
            pass  # the dataset moved on meanwhile: decide again from what it is now
    crash.point("train:4")  # committed, not mirrored
    mirror(dataset, tick, cloud)
    if run.recorded:
        files.clear()
        prune(dataset, cloud)
    head = cloud.warehouse.head(dataset.name)
    if head.champion and not (head.forecast or "").endswith(f" {head.champion}"):
        return Tick(dataset.name, tick.as_of)
    return None


def _looked(cloud: Cloud, progress: Progress, done: int, total: int) -> None:
    """Stop before the platform does: what is done is kept, the message comes again."""
    progress(done, total)
    if not cloud.deadline.remains(RESERVE):
        raise Paused(f"{done} of {total} origins are done and kept: the rest when it comes again")


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
    decided = list(_decisions(training, head, tick, cloud))
    crash.point("train:2")  # all is computed, nothing kept
    for one in decided:
        if one.dossier:
            cloud.vault.keep(one.dossier)
    crash.point("train:3")  # the models are kept, nothing is decided
    run.rows = sum(one.dossier.scores.num_rows for one in decided if one.dossier)
    rows = tables.load("promotions").rows([*_rows(decided, head, run, cloud)])
    added = {"promotions": rows, **run.rows_to_add()}
    run.recorded = warehouse.commit(Commit(head, _moved(decided, tick), added=added))
    return run.recorded


def _decisions(training: Training, head: Head, tick: Tick, cloud: Cloud) -> Iterator[Decided]:
    """A contest of recipes where one is due; then, unless it was lost, the refresh."""
    recipe = head.champion_recipe or training.dataset.recipe
    contest = head.champion is not None and _contest_due(training, tick, cloud)
    span = CONTEST if contest else REFRESH
    recipes = [recipe, BASELINE]
    training.walk(recipes, span)
    if contest and (other := _contest(training, recipe)):
        yield other
        if other.decision.promoted:
            return
    scores = training.scores(recipes, span)
    new = training.champion(recipe)
    block = training.archive.ahead.days
    if head.champion is None:
        bad, _ = training.compared(new, None)
        decision = promotion.first(scores, recipe, BASELINE, block, bad)
    else:
        old = serving(training.dataset, head, tick.as_of, cloud).champion
        bad, outside = training.compared(new, old)
        decision = promotion.refresh(scores, recipe, BASELINE, block, outside=outside, bad=bad)
    yield _with_dossier(training, decision, new, recipes, span)


def _contest_due(training: Training, tick: Tick, cloud: Cloud) -> bool:
    """When there are recipes to try, and they have not been of late, with enough past to do it."""
    if len(training.candidates) < 2:
        return False
    settled = [training.settled(key, CONTEST.judged) for key in training.views]
    if not settled or min(map(len, settled)) < LEAST:
        return False
    last = cloud.warehouse.rows(LAST_CONTEST, dataset=training.dataset.name)
    if not last:
        return True
    same = json.loads(last[0]["numbers"]).get("candidates") == training.candidates
    return not same or tick.as_of - last[0]["as_of"] >= AGAIN


def _contest(training: Training, champion: str) -> Decided | None:
    """The best of the recipes on older origins, judged on the newest against the champion."""
    recipes = [champion, *(one for one in training.candidates if one != champion)]
    training.walk([*recipes, BASELINE], CONTEST)
    scores = training.scores([*recipes, BASELINE], CONTEST)
    chosen = promotion.choose(scores, recipes, champion)
    block = training.archive.ahead.days
    if chosen is None:
        return None
    if chosen == champion:
        said = f"no switch: {champion} is the best of {', '.join(recipes)} on older origins"
        decision = Decision("switch", False, champion, champion, said, {})
        return Decided(_of(decision, training), training.version(champion) + "-contest")
    decision = promotion.switch(scores, chosen, champion, block)
    if decision.promoted:
        bad, _ = training.compared(training.champion(chosen), None)
        decision = promotion.switch(scores, chosen, champion, block, bad)
    if not decision.promoted:
        return Decided(_of(decision, training), training.version(chosen))
    new = training.champion(chosen)
    return _with_dossier(training, _of(decision, training), new, [*recipes, BASELINE], CONTEST)


def _of(decision: Decision, training: Training) -> Decision:
    """A contest's decision names those that took part."""
    decision.numbers["candidates"] = training.candidates
    return decision


def _with_dossier(
    training: Training, decision: Decision, new: Champion, recipes: list[str], span: Span
) -> Decided:
    """Without a model of any measure there is nothing to keep."""
    version = training.version(decision.recipe)
    if not new.models:
        return Decided(decision, version)
    said = {
        "dataset": training.dataset.name,
        "version": version,
        "recipe": decision.recipe,
        "vintage_kind": decision.numbers.get("vintage_kind"),
        "decisions": [
            {
                "kind": decision.kind,
                "promoted": decision.promoted,
                "reason": decision.reason,
                "recipe": decision.recipe,
                "rival": decision.rival,
                "numbers": decision.numbers,
            }
        ],
        **training.told(decision.recipe),
    }
    scores, fan = training.scores(recipes, span), training.fan(decision.recipe)
    return Decided(
        decision, version, Dossier(training.dataset.name, version, new.bundle(), said, scores, fan)
    )


def _moved(decided: list[Decided], tick: Tick) -> dict[str, Any]:
    """What changes in the head."""
    moved: dict[str, Any] = {"trained_as_of": tick.as_of}
    for one in decided:
        if one.decision.promoted:
            moved |= {
                "champion": one.version,
                "champion_recipe": one.decision.recipe,
                "champion_digest": one.digest,
                "champion_as_of": tick.as_of,
            }
    return moved


def _rows(decided: list[Decided], head: Head, run: Run, cloud: Cloud) -> Iterator[dict[str, Any]]:
    """A row a decision."""
    for one in decided:
        numbers = one.decision.numbers
        said = one.dossier.said if one.dossier else {}
        yield {
            "dataset": head.dataset,
            "decided_at": run.now(),
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
