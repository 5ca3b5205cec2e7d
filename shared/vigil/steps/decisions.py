"""What a training decides: a contest of recipes where one is due, and the week's refresh."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa

from vigil import promotion
from vigil.champion import Champion
from vigil.cloud import Cloud
from vigil.commit import Head
from vigil.dossier import Dossier
from vigil.messages import Tick
from vigil.models.seasonal_naive import NAME as BASELINE
from vigil.promotion import ORIGINS, Decision
from vigil.steps.serving import serving
from vigil.steps.training import CONTEST, REFRESH, Training

AGAIN = timedelta(weeks=12)  # after which other recipes are tried again
LEAST = ORIGINS + 8  # origins: those that judge, and some before them that choose
LAST_CONTEST = (
    "SELECT as_of, numbers FROM promotions WHERE dataset = @dataset AND kind = 'switch' "
    "ORDER BY decided_at DESC LIMIT 1"
)


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


def decisions(training: Training, head: Head, tick: Tick, cloud: Cloud) -> Iterator[Decided]:
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
    yield _with_dossier(training, decision, new, scores)


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
        return Decided(_of(decision, training), training.version(champion))
    decision = promotion.switch(scores, chosen, champion, block)
    if decision.promoted:
        bad, _ = training.compared(training.champion(chosen), None)
        decision = promotion.switch(scores, chosen, champion, block, bad)
    if not decision.promoted:
        return Decided(_of(decision, training), training.version(chosen))
    new = training.champion(chosen)
    return _with_dossier(training, _of(decision, training), new, scores)


def _of(decision: Decision, training: Training) -> Decision:
    """A contest's decision names those that took part."""
    decision.numbers["candidates"] = training.candidates
    return decision


def _with_dossier(
    training: Training, decision: Decision, new: Champion, scores: pa.Table
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
    fan = training.fan(decision.recipe)
    dossier = Dossier(training.dataset.name, version, new.bundle(), said, scores, fan)
    return Decided(decision, version, dossier)
