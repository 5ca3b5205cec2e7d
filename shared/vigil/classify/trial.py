"""A training: recipes judged on people whom they did not learn from, and fitted to all."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from vigil import bootstrap, shelf
from vigil.classify import folds, judged, learning
from vigil.classify.calibration import Beta
from vigil.classify.classifier import Classifier, question
from vigil.classify.columns import columns
from vigil.classify.conformal import Conformal
from vigil.classify.fitting import BASELINE
from vigil.classify.folds import Mask
from vigil.classify.frame import Frame
from vigil.classify.judged import Judged
from vigil.datasets import Dataset
from vigil.evidence import Relative
from vigil.panel import Floats, Index

__all__ = ["BASELINE", "Trial"]

COMPARED = 50_000  # records, at most
Pause = Callable[[int, int], None]  # called after every fit that judges: may stop the work


class Trial:
    """All that recipes have to say of one dataset's records; what is asked twice is made once.

    Fits that judge are kept in *files*, so that a training that was stopped goes on; of a record
    nothing is.
    """

    def __init__(self, dataset: Dataset, frame: Frame, pause: Pause, files: shelf.Files) -> None:
        self.dataset, self.asked = dataset, question(dataset)
        self.frame, self.pause, self.files = frame, pause, files
        self.known = folds.without_copies(frame.known)
        learning.check(dataset, self.known)
        self.columns = columns(self.asked, self.known, frame)
        self.groups = folds.groups(self.known)
        self.fold = self.groups % folds.FOLDS
        self.crossed: dict[str, Floats] = {}  # log odds, by those who did not learn from the row
        self.judged: dict[str, dict[str, Judged]] = {}
        self.made: dict[str, Classifier] = {}

    @cached_property
    def digest(self) -> str:
        """A hash of all that is learnt from."""
        rows = folds.hashes([*self.columns.values(), pa.array(self.known.outcome)])
        return sha256(rows.tobytes() + self.groups.tobytes()).hexdigest()

    def judge(self, recipes: list[str]) -> None:
        """Cross-validation: each fold by what the others teach."""
        todo = [name for name in dict.fromkeys(recipes) if name not in self.crossed]
        total = len(todo) * folds.FOLDS
        for done, recipe in enumerate(todo):
            log_odds = np.empty(len(self.known))
            for fold in range(folds.FOLDS):
                held = self.fold == fold
                log_odds[held] = self._said(recipe, held, f"fold-{fold}")
                self.pause(done * folds.FOLDS + fold + 1, total)
            self.crossed[recipe] = log_odds

    def losses(self, recipes: list[str]) -> pa.Table:
        """A row for each recipe and group of people: records, and the sum of the Brier score."""
        counts = np.bincount(self.groups, minlength=folds.GROUPS)
        each = {"group": np.arange(folds.GROUPS), "n": counts}
        parts = [
            pa.table({"recipe": [name] * folds.GROUPS, **each, "brier": self._losses(name)})
            for name in recipes
        ]
        return pa.concat_tables(parts)

    def relative(self, recipe: str, rival: str) -> Relative:
        """A recipe's Brier score over its rival's; how sure that is, by groups of people."""
        sums = np.stack([self._losses(recipe), self._losses(rival)])[:, None, :]
        found = Relative(
            ratio=float(np.exp(bootstrap.logs(sums.sum(axis=-1)))[0]),
            rows=len(self.known),
            origins=len(np.unique(self.groups)),
        )
        said: dict[str, Any] = bootstrap.limits(sums, block=1)
        said["measures"] = {self.asked.outcome.field: found.ratio}
        return replace(found, kinds={"crossed": found}, **said)

    def classifier(self, recipe: str) -> Classifier:
        """The recipe fitted to all that is known, calibrated by its cross-validation."""
        if recipe not in self.made:
            everyone = np.ones(len(self.known), bool)
            calibrated = self._calibration(recipe, everyone)
            self.made[recipe] = self._fitted(recipe, everyone).calibrated(*calibrated)
        return self.made[recipe]

    def compared(self, new: Classifier, old: Classifier | None) -> tuple[list[str], float]:
        """What the new one says that cannot be, and the share of records whose class changes."""
        rows = self.frame.open if np.isnan(self.frame.outcome).any() else self.known
        rows = rows.take(_spread(len(rows), COMPARED))
        ours = new.scored(rows, self.frame, drivers=False)
        wrong = int((~np.isfinite(ours.probability)).sum())
        name = self.asked.outcome.field
        bad = [f"{name}: {wrong} records without a probability"] if wrong else []
        if old is None:
            return bad, float("nan")
        theirs = old.scored(rows, self.frame, drivers=False)
        return bad, float((ours.positive != theirs.positive).mean())

    def assessments(self, recipes: list[str]) -> pa.Table:
        """How each did: cross-validation, a fifth of the people, a fifth of the records."""
        rows: list[dict[str, Any]] = []
        for recipe in recipes:
            said = {**self._held_out(recipe), "random": self._random(recipe)}
            for split, one in said.items():
                found = judged.assessment(one, self.known, self.asked)
                rows += [{"model": recipe, "split": split, **row} for row in found]
        return judged.assessments(rows)

    def curves(self, recipe: str) -> pa.Table:
        """Of its cross-validation."""
        return judged.curves(recipe, self._held_out(recipe)["crossed"], self.known)

    def _held_out(self, recipe: str) -> dict[str, Judged]:
        """Of the splits by people; each fold is calibrated by the others."""
        if recipe not in self.judged:
            self.judge([recipe])
            parts = [self._judged(recipe, self.fold == k, self.crossed) for k in range(folds.FOLDS)]
            self.judged[recipe] = {"crossed": judged.together(parts), "grouped": parts[0]}
        return self.judged[recipe]

    def _random(self, recipe: str) -> Judged:
        held = folds.random_fifth(len(self.known))
        log_odds = np.full(len(held), np.nan)
        log_odds[held] = self._said(recipe, held, "random")
        return self._judged(recipe, held, {recipe: log_odds})

    def _judged(self, recipe: str, held: Mask, log_odds: dict[str, Floats]) -> Judged:
        beta, conformal = self._calibration(recipe, ~held)
        probability = beta.probability(log_odds[recipe][held])
        covered = conformal.covered(probability, self.known.outcome[held])
        return Judged(np.flatnonzero(held), probability, covered)

    def _calibration(self, recipe: str, rows: Mask) -> tuple[Beta, Conformal]:
        """By what was said of these rows without learning from them."""
        self.judge([recipe])
        log_odds, yes = self.crossed[recipe][rows], self.known.outcome[rows]
        beta = Beta() if recipe == BASELINE else Beta.fit(log_odds, yes)
        return beta, Conformal.fit(beta.probability(log_odds), yes)

    def _losses(self, recipe: str) -> Floats:
        one = self._held_out(recipe)["crossed"]
        error = np.square(one.probability - self.known.outcome[one.rows])
        return np.bincount(self.groups[one.rows], error, folds.GROUPS)

    def _said(self, recipe: str, held: Mask, name: str) -> Floats:
        """Log odds of the ones by what the others teach."""
        place = f"{shelf.name_of({'records': self.digest, 'recipe': recipe})}/{name}.json"
        taught = learning.kept(self.files, place, lambda: self._fitted(recipe, ~held))
        return taught.model.raw(taught.encoder.encode(self._columns(held)))

    def _fitted(self, recipe: str, rows: Mask) -> Classifier:
        yes = self.known.outcome[rows]
        return learning.fitted(self.dataset, recipe, self._columns(rows), yes)

    def _columns(self, rows: Mask) -> dict[str, pa.Array]:
        if rows.all():
            return self.columns
        chosen = pa.array(rows)
        return {name: values.filter(chosen) for name, values in self.columns.items()}


def _spread(count: int, most: int) -> Index:
    """Positions, evenly spread where there are more."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))
