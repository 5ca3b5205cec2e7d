"""A training: recipes judged on people whom they did not learn from, and fitted to all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from vigil import bootstrap, shelf
from vigil.classify import folds, judged
from vigil.classify.calibration import Beta
from vigil.classify.classifier import Classifier, question
from vigil.classify.columns import columns
from vigil.classify.conformal import Conformal
from vigil.classify.drift import Population
from vigil.classify.encoder import Encoder
from vigil.classify.fitting import BASELINE, FITS
from vigil.classify.frame import Frame
from vigil.classify.judged import Judged
from vigil.classify.model import Model
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.evidence import Relative
from vigil.panel import Floats, Index

__all__ = ["BASELINE", "Trial"]

LEAST = 100  # records with an outcome, and ten of each answer
Pause = Callable[[int, int], None]  # called after every fit that judges: may stop the work


@dataclass(frozen=True)
class Learnt:
    """What some rows have taught."""

    encoder: Encoder
    model: Model
    population: Population


class Trial:
    """All that recipes have to say of one dataset's records; what is asked twice is made once."""

    def __init__(self, dataset: Dataset, frame: Frame, pause: Pause, files: shelf.Files) -> None:
        self.dataset, self.asked = dataset, question(dataset)
        self.frame, self.pause, self.files = frame, pause, files
        self.known = folds.without_copies(frame.known)
        self.columns = columns(self.asked, self.known, frame)
        self.groups = folds.groups(self.known)
        self.crossed: dict[str, Floats] = {}  # log odds, by those who did not learn from the row
        self.drawn: dict[str, Floats] = {}
        self.made: dict[str, Classifier] = {}
        _enough(dataset, self.known)

    def judge(self, recipes: list[str]) -> None:
        """Cross-validation: each fold by what the others teach."""
        todo = [name for name in dict.fromkeys(recipes) if name not in self.crossed]
        for done, recipe in enumerate(todo):
            log_odds = np.empty(len(self.known))
            for fold in range(folds.FOLDS):
                held = self.fold == fold
                log_odds[held] = self._said(recipe, ~held, held)
                self.pause(done * folds.FOLDS + fold + 1, len(todo) * folds.FOLDS)
            self.crossed[recipe] = log_odds

    @property
    def fold(self) -> Index:
        """The fold of each known record."""
        return self.groups % folds.FOLDS

    def losses(self, recipes: list[str]) -> pa.Table:
        """A row for each recipe and group of people: records, and the sum of the Brier score."""
        self.judge(recipes)
        counts = np.bincount(self.groups, minlength=folds.GROUPS)
        parts = [
            pa.table(
                {
                    "recipe": pa.repeat(recipe, folds.GROUPS),
                    "group": np.arange(folds.GROUPS),
                    "n": counts,
                    "brier": self._losses(recipe),
                }
            )
            for recipe in recipes
        ]
        return pa.concat_tables(parts)

    def relative(self, recipe: str, rival: str) -> Relative:
        """A recipe's Brier score over its rival's; how sure that is, by groups of people."""
        self.judge([recipe, rival])
        sums = np.stack([self._losses(recipe), self._losses(rival)])[:, None, :]
        ratio = float(np.exp(bootstrap.logs(sums.sum(axis=-1)))[0])
        told = {"rows": len(self.known), "origins": len(np.unique(self.groups))}
        return Relative(
            ratio,
            measures={self.asked.outcome.field: ratio},
            kinds={"crossed": Relative(ratio, **told)},
            **told,
            **bootstrap.limits(sums, block=1),
        )

    def classifier(self, recipe: str) -> Classifier:
        """The recipe fitted to all that is known, calibrated by its cross-validation."""
        if recipe not in self.made:
            self.judge([recipe])
            learnt = self._learnt(recipe, np.ones(len(self.known), bool))
            beta = self._beta(recipe, np.ones(len(self.known), bool))
            probability = beta.probability(self.crossed[recipe])
            self.made[recipe] = Classifier(
                self.dataset, recipe, learnt.encoder, learnt.model, learnt.population,
                beta, Conformal.fit(probability, self.known.outcome),
            )  # fmt: skip
        return self.made[recipe]

    def compared(self, new: Classifier, old: Classifier | None) -> tuple[list[str], float]:
        """What the new one says that cannot be, and the share of records whose class changes."""
        rows = self.frame.open if len(self.frame.open) else self.known
        ours = new.scored(rows, self.frame, drivers=False)
        wrong = int((~((ours.probability >= 0) & (ours.probability <= 1))).sum())
        bad = (
            [f"{self.asked.outcome.field}: {wrong} records without a probability"] if wrong else []
        )
        if old is None:
            return bad, float("nan")
        theirs = old.scored(rows, self.frame, drivers=False)
        return bad, float((ours.positive != theirs.positive).mean())

    def assessments(self, recipes: list[str]) -> pa.Table:
        """How each did: cross-validation, a fifth of the people, a fifth of the records."""
        rows = []
        threshold, groups = self.asked.costs.threshold, self.asked.groups
        for recipe in recipes:
            for split, one in self._judged(recipe).items():
                rows += judged.assessment(recipe, split, one, self.known, threshold, groups)
        return judged.assessments(rows)

    def curves(self, recipe: str) -> pa.Table:
        """Of its cross-validation."""
        return judged.curves(recipe, self._crossed(recipe), self.known)

    def _judged(self, recipe: str) -> Mapping[str, Judged]:
        crossed = self._crossed(recipe)
        first = self.fold == 0
        grouped = Judged(np.flatnonzero(first), crossed.probability[first], crossed.covered[first])
        return {"crossed": crossed, "grouped": grouped, "random": self._random(recipe)}

    def _crossed(self, recipe: str) -> Judged:
        """Each fold calibrated by the others."""
        self.judge([recipe])
        count = len(self.known)
        probability, covered = np.empty(count), np.empty(count)
        for fold in range(folds.FOLDS):
            held = self.fold == fold
            said = self._calibrated(recipe, ~held, self.crossed[recipe][held], held)
            probability[held], covered[held] = said
        return Judged(np.arange(count), probability, covered)

    def _random(self, recipe: str) -> Judged:
        held = self._held_at_random
        if recipe not in self.drawn:
            self.drawn[recipe] = self._said(recipe, ~held, held)
        return Judged(
            np.flatnonzero(held), *self._calibrated(recipe, ~held, self.drawn[recipe], held)
        )

    @cached_property
    def _held_at_random(self) -> np.ndarray:
        return folds.random_fifth(len(self.known))

    def _calibrated(self, recipe, by, log_odds, held) -> tuple[Floats, Floats]:
        beta = self._beta(recipe, by)
        conformal = Conformal.fit(
            beta.probability(self.crossed[recipe][by]), self.known.outcome[by]
        )
        probability = beta.probability(log_odds)
        return probability, conformal.covered(probability, self.known.outcome[held])

    def _beta(self, recipe: str, rows) -> Beta:
        if recipe == BASELINE:
            return Beta()
        return Beta.fit(self.crossed[recipe][rows], self.known.outcome[rows])

    def _losses(self, recipe: str) -> Floats:
        error = np.square(self._crossed(recipe).probability - self.known.outcome)
        return np.bincount(self.groups, error, folds.GROUPS)

    def _said(self, recipe: str, taught, held) -> Floats:
        """Log odds of the ones by what the others teach."""
        learnt = self._learnt(recipe, taught)
        return learnt.model.raw(learnt.encoder.encode(self._columns(held)))

    def _learnt(self, recipe: str, taught) -> Learnt:
        made = self._columns(taught)
        encoder = Encoder.fit(self.asked, made)
        table = encoder.encode(made)
        model = FITS[recipe](encoder, table, self.known.outcome[taught])
        return Learnt(encoder, model, Population.of(encoder, table))

    def _columns(self, rows) -> dict[str, pa.Array]:
        chosen = pa.array(rows)
        return {name: values.filter(chosen) for name, values in self.columns.items()}


def _enough(dataset: Dataset, known: Frame) -> None:
    answers = [int((known.outcome == one).sum()) for one in (1, 0)]
    if len(known) < LEAST or min(answers) < LEAST // 10:
        raise Rejected(
            dataset.name,
            rule="few_outcomes",
            expected=f"at least {LEAST} records with an outcome, {LEAST // 10} of each answer",
            found=f"{answers[0]} yes and {answers[1]} no",
            remedy="Wait for more outcomes; until then the base rate serves.",
        )
