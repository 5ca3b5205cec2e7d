"""What an assessment of classifiers has to show: its scores, and what people are told of them."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from vigil import assessed_card
from vigil.classify.few import COUNTS
from vigil.datasets import Dataset
from vigil.dossier import Dossier

TOLD = ("auc", "average_precision", "brier")  # on every version
CROSSED = "crossed"  # the split that judges
MAIN = ("auc", "average_precision", "brier", "log_loss", "accuracy", "f1", "covered")
OVERALL = (*MAIN, *COUNTS, "n", "positives", "mean_probability")
OF_GROUP = ("auc", "brier", "covered", "mean_probability", "share", "found", "false_alarms", "n")
UNFIT = r"[^\w .:-]"  # in the name of a metric
Row = dict[str, Any]


@dataclass(frozen=True)
class Assessed:
    """Read from the dossier of one training."""

    dossier: Dossier
    dataset: Dataset

    @cached_property
    def rows(self) -> list[Row]:
        """A row a model, split and group, with the shares of its counts."""
        return [{**row, **shares(row)} for row in self.dossier.scores.to_pylist()]

    @cached_property
    def headlines(self) -> dict[str, Row]:
        """How each model did on all records of the cross-validation, the recipe first."""
        found = {row["model"]: row for row in self.rows if row["split"] == CROSSED and _all(row)}
        return {name: found[name] for name in sorted(found, key=lambda one: one != self.recipe)}

    @property
    def recipe(self) -> str:
        """The model that this version is."""
        return str(self.dossier.said["recipe"])

    @property
    def tags(self) -> dict[str, str]:
        """What versions are told apart by."""
        own = self.headlines.get(self.recipe, {})
        rival = self.headlines.get(self.dataset.baseline, {})
        told = {name: f"{own[name]:.4g}" for name in TOLD if own.get(name) is not None}
        if "brier" in told and rival.get("brier"):
            told["skill"] = f"{1 - own['brier'] / rival['brier']:.3f}"
        return told

    @property
    def metrics(self) -> Iterator[tuple[str, float]]:
        """Those of the recipe bear the score's name; those beside it the model's, too."""
        return metrics(self.rows, self.recipe)

    @property
    def tables(self) -> dict[str, pa.Table]:
        """All scores, and the points of the curves."""
        return {"assessments.csv": self.dossier.scores, "curves.csv": self.dossier.fan}

    @property
    def about(self) -> str:
        """The card of the dataset's model."""
        return assessed_card.about(self.dataset)

    @property
    def card(self) -> str:
        """The card of the version."""
        return assessed_card.of_training(self.dataset, self.dossier.said, self.headlines, self.rows)


def shares(row: Row) -> dict[str, float]:
    """Of all records the yes; of these those that were found; of the others the false alarms."""
    found = {"share": row["positives"] / row["n"]}
    hit, alarm, missed, rest = (row[name] for name in COUNTS)
    if hit is None:  # too few of one of them
        return found
    return {**found, "found": hit / (hit + missed), "false_alarms": alarm / (alarm + rest)}


def metrics(rows: Iterable[Row], recipe: str) -> Iterator[tuple[str, float]]:
    """Such as auc, logistic.auc, grouped.auc, grouped.logistic.auc and Age.21-30.auc."""
    for row in rows:
        own = row["model"] == recipe
        if not _all(row) and not (own and row["split"] == CROSSED):
            continue
        parts = [
            *([] if row["split"] == CROSSED else [row["split"]]),
            *([] if own else [row["model"]]),
            *([] if _all(row) else [row["field"], row["value"] or "blank"]),
        ]
        for score in OVERALL if _all(row) else OF_GROUP:
            if (value := row.get(score)) is not None and math.isfinite(value):
                yield re.sub(UNFIT, "_", ".".join([*parts, score])), float(value)


def _all(row: Row) -> bool:
    """Whether it is about all records."""
    return not row["field"]
