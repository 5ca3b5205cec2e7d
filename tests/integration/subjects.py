"""What is trained in tests: a dataset of series and one of records, each with what differs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import wards

from vigil.classify import fitting
from vigil.cloud import Cloud
from vigil.models import table
from vigil.view import View

HORIZON = 4  # days: a training takes a third of what 14 take
RIDGE = "recipe: ridge\nmodels: [seasonal_naive, ridge]\n"


@dataclass(frozen=True)
class Subject:
    """A dataset called `tiny` with one source called `visits`, that grows by the day."""

    task: str
    yaml: str
    file: Callable[[int], bytes]
    recipe: str
    baseline: str
    answers: str  # the table that predict fills
    serves: str  # which of its rows count
    evidence: str  # kind of what judges
    rival: str  # another recipe
    fits: dict[str, Any]  # recipes by name
    shuffled: Callable[..., Any]
    kept: str = "observations"  # the table that ingest fills
    few: bytes = b""  # a file that is large enough to be read
    plain: str = ""  # the dataset's file, where nothing is trained

    def write(self, folder: Path, *, rival: bool = False) -> None:
        """The dataset's file, as it is or with another recipe that may serve."""
        folder.mkdir(parents=True, exist_ok=True)
        both = f"{self.recipe}, {self.rival}]"
        yaml = self.yaml.replace(f"{self.recipe}]", both) if rival else self.yaml
        (folder / "tiny.yaml").write_text(yaml)

    def answered(self, cloud: Cloud) -> set[tuple[str, str]]:
        """By which models and versions."""
        sql = f"SELECT DISTINCT model, version FROM {self.answers} WHERE {self.serves}"
        return {(row["model"], row["version"]) for row in cloud.warehouse.rows(sql)}

    def learns_nothing(self, patch: pytest.MonkeyPatch) -> None:
        """From now on its recipe learns from shuffled numbers."""
        patch.setitem(self.fits, self.recipe, self.shuffled)


def shuffled_ridge(view: View, ahead: int) -> Any:
    """A recipe that learnt from the numbers of other days."""
    mixed = np.random.default_rng(0).permutation(view.published)
    return table.SINGLE["ridge"](replace(view, published=mixed, tidied=mixed), ahead)


TREES = fitting.FITS["trees"]


def shuffled_trees(encoder: Any, features: Any, yes: Any) -> Any:
    """A recipe that learnt from the outcomes of others."""
    return TREES(encoder, features, np.random.default_rng(0).permutation(yes))


SERIES = Subject(
    "forecast", tiny.YAML.replace("horizon: 14", f"horizon: {HORIZON}") + RIDGE, tiny.waves,
    "ridge", "seasonal_naive",
    "forecasts", "serves", "pseudo", "damped_growth", table.MODELS, shuffled_ridge,
)  # fmt: skip
RECORDS = Subject(
    "classify", wards.PERSONAL, wards.stays, "trees", "base_rate",
    "classifications", "TRUE", "crossed", "logistic", fitting.FITS, shuffled_trees, "records",
)  # fmt: skip
