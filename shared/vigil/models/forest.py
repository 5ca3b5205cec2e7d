"""A random forest on the features that LightGBM sees: changes from the anchor, in units.

Quantiles come from the leaves (Meinshausen 2006): what happened after days like this one, so
that they are wide when such days ended differently. Errors out of the bag would not do: days
near those left out are in the bag, and a day knows its neighbour.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from vigil.errors import Rejected
from vigil.features import Cells, anchor, features, grid_of, rows
from vigil.models.line import BURN_IN, scale
from vigil.models.own_errors import fresh
from vigil.panel import Floats, Index
from vigil.paths import LEVELS
from vigil.view import View

ROWS = 20_000  # drawn at random, recent origins more often
HALF_LIFE = 180  # days after which an origin is drawn half as often
TREES = 100
DRAWS = 4  # outcomes kept of each leaf
LEAF = 20  # outcomes in a leaf, at least
THREADS = 2


@dataclass(frozen=True)
class Forest:
    """Trees, and of each a few outcomes in every leaf: nodes x draws."""

    ahead: int
    trees: RandomForestRegressor
    outcomes: list[Floats]

    def quantiles(self, view: View, horizons: Index) -> Floats:
        """Of the view's last day: levels x horizons x series."""
        made = features(view, self.ahead)
        cells = grid_of(np.array([view.last]), horizons, len(view.series))
        leaves = self.trees.apply(rows(view, made, cells))
        kept = [of[leaf] for of, leaf in zip(self.outcomes, leaves.T, strict=True)]
        changes = np.quantile(np.hstack(kept), LEVELS, axis=1)
        quantiles: Floats = anchor(view, made, cells) + changes * _unit(view, cells)
        quantiles[:, ~fresh(view)[-1][cells.series]] = np.nan
        return quantiles.reshape(len(LEVELS), len(horizons), len(view.series))


def fit(view: View, ahead: int) -> Forest:
    """Learn from days whose outcome is settled."""
    made, draw = features(view, ahead), np.random.default_rng(0)
    cells = _cells(view, ahead, draw)
    changed = view.truth[cells.origin + cells.horizon, cells.series] - anchor(view, made, cells)
    label = changed / _unit(view, cells)
    able = np.isfinite(label) & fresh(view)[cells.origin, cells.series]
    if not able.any():
        raise Rejected(
            f"{view.key.source}.{view.key.target}",
            rule="no_data",
            expected=f"days after the first {BURN_IN} whose outcome is settled",
            found=f"{len(view.dates)} days",
        )
    cells, label = Cells(*(axis[able] for axis in cells)), label[able]
    table = rows(view, made, cells)
    trees = RandomForestRegressor(
        TREES, min_samples_leaf=LEAF, max_features=1 / 3, n_jobs=THREADS, random_state=0
    ).fit(table, label)
    counts = [tree.tree_.node_count for tree in trees.estimators_]
    leaves = trees.apply(table).T
    outcomes = [_kept(*each, label, draw) for each in zip(counts, leaves, strict=True)]
    return Forest(ahead, trees, outcomes)


def _cells(view: View, ahead: int, draw: np.random.Generator) -> Cells:
    """Any horizon and series, from any day of which the outcome is known."""
    horizon = draw.integers(1, ahead + 1, ROWS)
    age = np.minimum(draw.exponential(HALF_LIFE / np.log(2), ROWS), 1e6).astype(int)
    origin = view.settled - horizon - age
    able = origin >= BURN_IN
    series = draw.integers(0, len(view.series), ROWS)
    return Cells(origin[able], horizon[able], series[able])


def _unit(view: View, cells: Cells) -> Floats:
    return scale(view, view.level[cells.origin, cells.series])


def _kept(nodes: int, leaf: Index, label: Floats, draw: np.random.Generator) -> Floats:
    """Of every leaf a few outcomes at random: of those written to one place the last stays."""
    kept = np.zeros((nodes, DRAWS))
    for column in range(DRAWS):
        order = draw.permutation(len(label))
        kept[leaf[order], column] = label[order]
    return kept
