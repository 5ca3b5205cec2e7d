"""What a training decides: a contest of recipes where one is due, and the week's refresh."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from vigil import promotion
from vigil.cloud import Cloud
from vigil.commit import Head
from vigil.dossier import Dossier
from vigil.messages import Tick
from vigil.promotion import Decision
from vigil.steps.serving import serving
from vigil.steps.training import Training

AGAIN = timedelta(weeks=12)  # after which other recipes are tried again
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
    baseline = training.dataset.baseline
    training.judge([recipe, baseline], contest=contest)
    if contest and (other := _contest(training, recipe)):
        yield other
        if other.decision.promoted:
            return
    found = training.relative(recipe, baseline)
    if head.champion is None:
        bad, _ = training.compared(recipe, None)
        decision = promotion.first(found, recipe, baseline, bad)
    else:
        old = serving(training.dataset, head, tick.as_of, cloud).champion
        bad, outside = training.compared(recipe, old)
        decision = promotion.refresh(found, recipe, baseline, outside=outside, bad=bad)
    yield _with_dossier(training, decision, [recipe, baseline])


def _contest_due(training: Training, tick: Tick, cloud: Cloud) -> bool:
    """When there are recipes to try, and they have not been of late, with enough past to do it."""
    if len(training.candidates) < 2 or not training.can_contest():
        return False
    last = cloud.warehouse.rows(LAST_CONTEST, dataset=training.dataset.name)
    if not last:
        return True
    same = json.loads(last[0]["numbers"]).get("candidates") == training.candidates
    return not same or tick.as_of - last[0]["as_of"] >= AGAIN


def _contest(training: Training, champion: str) -> Decided | None:
    """The best of the recipes, judged against the champion."""
    recipes = [champion, *(one for one in training.candidates if one != champion)]
    everyone = [*recipes, training.dataset.baseline]
    training.judge(everyone, contest=True)
    chosen = training.choose(recipes, champion)
    if chosen is None:
        return None
    if chosen == champion:
        where = training.loss.chosen
        said = f"no switch: {champion} is the best of {', '.join(recipes)} {where}"
        decision = Decision("switch", False, champion, champion, said, {})
        return Decided(_of(decision, training), training.version(champion))
    found = training.relative(chosen, champion)
    decision = promotion.switch(found, chosen, champion)
    if decision.promoted:
        bad, _ = training.compared(chosen, None)
        decision = promotion.switch(found, chosen, champion, bad)
    if not decision.promoted:
        return Decided(_of(decision, training), training.version(chosen))
    return _with_dossier(training, _of(decision, training), everyone)


def _of(decision: Decision, training: Training) -> Decision:
    """A contest's decision names those that took part."""
    decision.numbers["candidates"] = training.candidates
    return decision


def _with_dossier(training: Training, decision: Decision, judged: Sequence[str]) -> Decided:
    """Without a model there is nothing to keep."""
    version = training.version(decision.recipe)
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
    }
    return Decided(decision, version, training.dossier(decision.recipe, judged, said))
