"""Training of each recipe: a line, trees that start from it, a forest, the base rate."""

import lightgbm as lgb
import numpy as np

from vigil.classify import line
from vigil.classify.encoder import Encoder, Numbers
from vigil.classify.model import Model
from vigil.models.boosters import Booster
from vigil.panel import Floats

BASELINE = "base_rate"
PENALTY = 1.0
LINE_ROWS = 30_000  # a line of some hundred numbers needs no more
TREES = {
    "objective": "binary",
    "num_leaves": 31,
    "learning_rate": 0.1,
    "num_threads": 2,
    "cat_smooth": 20.0,
    "deterministic": True,
    "force_row_wise": True,
    "seed": 1,
    "verbose": -1,
}
ROUNDS = 100


def base_rate(_encoder: Encoder, _table: Numbers, yes: Floats) -> Model:
    """The share of yes, of whatever record."""
    return Model(_log_odds(yes))


def logistic(encoder: Encoder, table: Numbers, yes: Floats) -> Model:
    """A line alone."""
    return Model(0.0, _line(encoder, table, yes))


def trees(encoder: Encoder, table: Numbers, yes: Floats) -> Model:
    """Boosted trees on what the line leaves."""
    base = _line(encoder, table, yes)
    binned = lgb.Dataset(
        table, yes, init_score=base.raw(table), categorical_feature=encoder.categories,
        params=TREES, feature_name=[f"f{at}" for at in range(table.shape[1])],
    )  # fmt: skip
    trained = lgb.train(TREES, binned, ROUNDS)
    return Model(0.0, base, Booster(trained.model_to_string().encode()))


FITS = {BASELINE: base_rate, "trees": trees, "logistic": logistic}


def _line(encoder: Encoder, table: Numbers, yes: Floats) -> line.Line:
    chosen = np.arange(len(yes))
    if len(yes) > LINE_ROWS:
        chosen = np.sort(np.random.default_rng(0).choice(len(yes), LINE_ROWS, replace=False))
    return line.fit(encoder, table[chosen], yes[chosen], PENALTY)


def _log_odds(yes: Floats) -> float:
    rate = (yes.sum() + 0.5) / (len(yes) + 1)
    return float(np.log(rate / (1 - rate)))
