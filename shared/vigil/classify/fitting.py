"""Training of each recipe: a line, trees that start from it, a forest, the base rate."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import lightgbm as lgb
import numpy as np

from vigil.classify import line
from vigil.classify.encoder import Encoder, Numbers
from vigil.classify.line import Line
from vigil.classify.model import Model
from vigil.models.boosters import Booster
from vigil.panel import Floats, Index

BASELINE = "base_rate"
PENALTY = 20.0
FEW_ROWS, ROWS = 5_000, 50_000  # drawn of more: below trees, and for the yardsticks
COMMON = {
    "objective": "binary",
    "feature_fraction": 0.5,
    "bagging_freq": 1,
    "cat_smooth": 20.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
    "seed": 1,
    "verbose": -1,
}
TREES = {**COMMON, "learning_rate": 0.15, "bagging_fraction": 0.7, "lambda_l2": 10.0}
LEAVES, FEWEST_LEAVES, MOST_LEAVES = 8, 4, 31  # the root of the rows over so many
ROUND, FEWEST, MOST = 25, 32, 130  # one for so many rows
FOREST = {**COMMON, "boosting": "rf", "bagging_fraction": 0.632, "num_leaves": 127}
FOREST_TREES = 60


def base_rate(_encoder: Encoder, _table: Numbers, yes: Floats) -> Model:
    """The share of yes, of whatever record."""
    rate = (yes.sum() + 0.5) / (len(yes) + 1)
    return Model(float(np.log(rate / (1 - rate))))


def logistic(encoder: Encoder, table: Numbers, yes: Floats) -> Model:
    """A line alone."""
    return Model(0.0, _line(encoder, table, yes, ROWS))


def trees(encoder: Encoder, table: Numbers, yes: Floats) -> Model:
    """Boosted trees that start halfway to the line: the more rows, the more and the larger."""
    half = _line(encoder, table, yes, FEW_ROWS).halved()
    below = Model(base_rate(encoder, table, yes).start / 2, half)
    settings = {**TREES, "num_leaves": leaves(len(yes))}
    labels, count = (yes, below.raw(table)), rounds(len(yes))
    return replace(below, trees=_grown(encoder.categories, table, labels, settings, count))


def forest(encoder: Encoder, table: Numbers, yes: Floats) -> Model:
    """Trees that do not know of each other, averaged: the yardstick of many."""
    chosen = _drawn(len(yes), ROWS)
    grown = _grown(encoder.categories, table[chosen], (yes[chosen], None), FOREST, FOREST_TREES)
    return Model(0.0, None, grown)


Fit = Callable[[Encoder, Numbers, Floats], Model]
FITS: dict[str, Fit] = {
    BASELINE: base_rate,
    "trees": trees,
    "logistic": logistic,
    "forest": forest,
}


def leaves(rows: int) -> int:
    """Of a tree."""
    return int(np.clip(np.sqrt(rows) / LEAVES, FEWEST_LEAVES, MOST_LEAVES))


def rounds(rows: int) -> int:
    """How many trees."""
    return int(np.clip(rows / ROUND, FEWEST, MOST))


def _line(encoder: Encoder, table: Numbers, yes: Floats, most: int) -> Line:
    chosen = _drawn(len(yes), most)
    return line.fit(encoder, table[chosen], yes[chosen], PENALTY)


def _grown(
    names: list[int],
    table: Numbers,
    labels: tuple[Floats, Floats | None],
    settings: dict[str, Any],
    count: int,
) -> Booster:
    """From what is so, and what is said already."""
    yes, start = labels
    binned = lgb.Dataset(table, yes, init_score=start, categorical_feature=names, params=settings)
    return Booster(lgb.train(settings, binned, count).model_to_string().encode())


def _drawn(count: int, most: int) -> Index:
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, most, replace=False))
