"""The training of classifiers: recipes judged on people whom they do not know, fitted to all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vigil import promotion, shelf
from vigil.classify.classifier import Classifier, question
from vigil.classify.frame import frame
from vigil.classify.importance import importance
from vigil.classify.trial import Pause, Trial
from vigil.cloud import Cloud
from vigil.datasets import Dataset
from vigil.dossier import Dossier
from vigil.evidence import BRIER, Loss, Relative
from vigil.messages import Tick
from vigil.steps.predict import nothing_known


@dataclass
class Classifying:
    """The training of a dataset of records; what is asked twice is made once."""

    dataset: Dataset
    tick: Tick
    cloud: Cloud
    pause: Pause
    loss: Loss = BRIER

    @classmethod
    def of(cls, dataset: Dataset, tick: Tick, cloud: Cloud, pause: Pause) -> Self:
        """The training for a Tick."""
        return cls(dataset, tick, cloud, pause)

    @cached_property
    def vintage(self) -> str:
        """The newest one."""
        if found := self.cloud.warehouse.vintage(self.dataset.name, self.tick.as_of):
            return found
        raise nothing_known(self.dataset.name, self.tick.as_of)

    @cached_property
    def records(self) -> pa.Table:
        """What is known of each."""
        return self.cloud.warehouse.records_asof(self.dataset.name, self.tick.as_of)

    @cached_property
    def trial(self) -> Trial:
        """Where recipes are judged."""
        files = self.cloud.vault.checkpoints(self.dataset.name)
        return Trial(self.dataset, frame(self.dataset, self.records), self.pause, files)

    @property
    def candidates(self) -> list[str]:
        """The recipes that may serve."""
        return [*dict.fromkeys([self.dataset.recipe, *self.dataset.models])]

    def version(self, recipe: str) -> str:
        """The day of the newest vintage, and a hash of all that decides it."""
        said = {
            "dataset": self.dataset.model_dump(mode="json"),
            "vintage": self.vintage,
            "recipe": recipe,
        }
        return f"{self.vintage[:8]}-{shelf.name_of(said)[:8]}"

    def can_contest(self) -> bool:
        """Always: people fall into groups however many they are, and too few groups decide none."""
        return True

    def judge(self, recipes: Sequence[str], *, contest: bool) -> None:  # noqa: ARG002  the same
        """By cross-validation, as far as it is not done."""
        self.trial.judge([*recipes])

    def relative(self, recipe: str, rival: str) -> Relative:
        """Over all groups of people."""
        return replace(self.trial.relative(recipe, rival), loss=self.loss)

    def choose(self, recipes: Sequence[str], champion: str) -> str | None:
        """In the same groups: there are no earlier people."""
        return promotion.choose({one: self.relative(one, champion) for one in recipes})

    def compared(self, recipe: str, champion: Classifier | None) -> tuple[list[str], float]:
        """What the newest fit says that cannot be, and how many records change their class."""
        return self.trial.compared(self.trial.classifier(recipe), champion)

    def dossier(
        self, recipe: str, judged: Sequence[str], said: Mapping[str, Any]
    ) -> Dossier | None:
        """Its model, its curves, and the assessments: of all candidates, judged or not."""
        bundle, about = self.trial.classifier(recipe).bundle(), {**said, **self.told(recipe)}
        everyone = [*dict.fromkeys([*judged, *self.candidates])]
        found = self.trial.assessments(everyone), self.trial.curves(recipe)
        return Dossier(self.dataset.name, self.version(recipe), bundle, about, *found)

    def shown(self, dossier: Dossier) -> dict[str, pa.Table]:
        """As it is kept."""
        return {"assessments": dossier.scores, "curves": dossier.fan}

    def told(self, recipe: str) -> dict[str, Any]:
        """What it was made of: no row, and no name."""
        known = int(np.isfinite(self.trial.frame.outcome).sum())
        made, asked = self.trial.classifier(recipe), question(self.dataset)
        return {
            "as_of": self.tick.as_of.isoformat(),
            "vintage": self.vintage,
            "code": shelf.code(),
            "revision": self.cloud.settings.revision,
            "data_digest": digest(self.records),
            "rows": known,
            "measures": {},
            "params": {
                "recipe": recipe,
                "question": asked.question,
                "threshold": asked.costs.threshold,
                **asked.costs.model_dump(),
                "features": len(made.encoder.names),
            },
            "importance": {asked.question: importance(made, self.trial.frame)},
        }


def digest(records: pa.Table) -> str:
    """One hash of all records in their order, however they come in chunks."""
    found, columns = sha256(), ("record", "person", "fields")
    for batch in records.to_batches():
        texts = [pc.fill_null(batch[name], "") for name in columns]
        for line in pc.binary_join_element_wise(*texts, "", "\0").to_pylist():
            found.update(line.encode())
    return found.hexdigest()
