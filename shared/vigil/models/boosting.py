"""Training of the model that serves: LightGBM, a booster a quantile, for both of its members."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import lightgbm as lgb
import numpy as np

from vigil.errors import Rejected
from vigil.features import Cells, Table, anchor, features, rows
from vigil.models.boosted import FITTED, MEMBERS, Boosted, unknown
from vigil.models.boosters import Booster
from vigil.models.line import BURN_IN, Line
from vigil.panel import Floats
from vigil.view import View

HALF_LIFE = 180  # days after which an origin counts half
EVERY = 3  # days between origins
HORIZONS = 4  # of each origin, drawn at random
ROWS = 100_000  # at most, drawn evenly
TREES = 150
LEAST_LEAF = 100  # rows
LEAF = 3  # rows a series: what struck all on one day is no rule
MOST_LEAVES = 100
PARAMETERS = {
    "objective": "quantile",
    "num_leaves": 15,
    "learning_rate": 0.05,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "max_bin": 63,
    "num_threads": 1,  # the models of several quantiles are fitted side by side
    "force_row_wise": True,
    "deterministic": True,
    "seed": 1,
    "verbose": -1,
}
THREADS = 2


def fit(view: View, ahead: int) -> Boosted:
    """Learn from all that is known."""
    made = features(view, ahead)
    line = Line.fit(view, made, ahead)
    cells = _cells(view, ahead)
    base = anchor(view, made, cells)
    changed = view.truth[cells.origin + cells.horizon, cells.series] - base
    able = np.isfinite(changed)
    if not able.any():
        raise Rejected(
            view.key.target,
            rule="short_history",
            expected=f"at least {BURN_IN + view.labels_after + 1} days, and outcomes of some",
            found=f"{len(view.dates)} days to {view.dates[-1]}",
            remedy="Forecast with seasonal_naive until there are more.",
        )
    cells, changed = Cells(*(axis[able] for axis in cells)), changed[able]
    table = rows(view, made, cells)
    weight = 0.5 ** ((view.last - cells.origin) / HALF_LIFE)
    part = unknown(view, cells)
    left = changed - line.change(view, made, cells)
    labels = {"free": changed / part, "on the line": left / part}
    leaf = max(LEAST_LEAF, min(LEAF * len(view.series), len(changed) // MOST_LEAVES))
    trained = _trained(table, [labels[member] for member in MEMBERS], weight, leaf)
    members = dict(zip(MEMBERS, trained, strict=True))
    return Boosted(ahead, made.names, line, members)


def _cells(view: View, ahead: int) -> Cells:
    """Origins and horizons whose outcome is known, for every series; drawn where they are many."""
    draw = np.random.default_rng(0)
    origins = np.arange(view.settled - 1, BURN_IN - 1, -EVERY)
    pairs = np.array(
        [(o, h) for o in origins for h in draw.permutation(ahead)[:HORIZONS] + 1], int
    ).reshape(-1, 2)
    pairs = pairs[pairs.sum(axis=1) <= view.settled]
    count = len(pairs) * len(view.series)
    chosen = np.arange(count)
    if count > ROWS:
        chosen = np.sort(draw.choice(count, ROWS, replace=False))
    pair, series = np.divmod(chosen, len(view.series))
    return Cells(pairs[pair, 0], pairs[pair, 1], series)


def _trained(
    table: Table, labels: Iterable[Floats], weight: Floats, leaf: int
) -> list[tuple[Booster, ...]]:
    """For each kind of label a booster a quantile."""
    binned: lgb.Dataset | None = None
    sets = []
    for label in labels:
        binned = lgb.Dataset(table, label, reference=binned, weight=weight, params=PARAMETERS)
        sets.append(binned.construct())
    jobs = [(one, level) for one in sets for level in FITTED]
    parameters = {**PARAMETERS, "min_data_in_leaf": leaf}

    def train(job: tuple[lgb.Dataset, float]) -> Booster:
        trained = lgb.train({**parameters, "alpha": job[1]}, job[0], TREES)
        return Booster(trained.model_to_string().encode())

    with ThreadPoolExecutor(THREADS) as pool:
        trained = list(pool.map(train, jobs))
    return [tuple(trained[i : i + len(FITTED)]) for i in range(0, len(trained), len(FITTED))]
