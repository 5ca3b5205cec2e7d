"""The model that serves: gradient-boosted trees on every series and origin at once.

Two members, averaged. One learns the change from the level, the other what the line of growth
leaves of it: trees know when growth turns, a line how far it may go.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from vigil.bundle import Bundle, json_bytes
from vigil.errors import Rejected
from vigil.features import CALENDAR, Cells, Table, anchor, features, grid_of, rows
from vigil.levels import spread
from vigil.models import boosters
from vigil.models.line import BURN_IN, Line
from vigil.panel import Floats, Index
from vigil.view import WEEK, View

MEMBERS = ("free", "on the line")
FITTED = (0.025, 0.25, 0.5, 0.75, 0.975)
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


@dataclass(frozen=True)
class Boosted:
    """A line of growth, and for each member a booster a quantile."""

    ahead: int
    names: tuple[str, ...]
    line: Line
    members: dict[str, tuple[lgb.Booster, ...]]

    def quantiles(self, view: View, horizons: Index) -> Floats:
        """Of the view's last day: levels x horizons x series."""
        made = features(view, self.ahead)
        cells = grid_of(np.array([view.last]), horizons, len(view.series))
        table, base = rows(view, made, cells), anchor(view, made, cells)
        shift = dict(zip(MEMBERS, (0 * base, self.line.change(view, made, cells)), strict=True))
        part = unknown(view, cells)
        changes = [
            np.array([_predicted(one, table) for one in boosters_]) * part + shift[member]
            for member, boosters_ in self.members.items()
        ]
        levels = spread(FITTED, base + np.mean(changes, axis=0))
        return levels.reshape(len(levels), len(horizons), len(view.series))

    def gains(self) -> dict[str, float]:
        """How much each feature has told the trees of the median, largest first."""
        middle = FITTED.index(0.5)
        trees = [trained[middle] for trained in self.members.values()]
        gain = np.sum([one.feature_importance("gain") for one in trees], axis=0)
        order = np.argsort(-gain, kind="stable")
        names = (*self.names, *CALENDAR)
        return {names[at]: round(float(gain[at]), 6) for at in order}

    def files(self) -> dict[str, bytes]:
        """As files of a bundle."""
        said = {"ahead": self.ahead, "names": list(self.names), "line": self.line.to_json()}
        trees = {
            _file(member, level): boosters.dump(one)
            for member, trained in self.members.items()
            for level, one in zip(FITTED, trained, strict=True)
        }
        return {"model.json": json_bytes(said), **trees}


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


def unknown(view: View, cells: Cells) -> Floats:
    """The part of a target week that is not known yet: a change can only come from there."""
    whole = WEEK if view.grain == "week" else 1
    part: Floats = np.minimum(cells.horizon, whole) / whole
    return part


def load(bundle: Bundle) -> Boosted:
    """From the files of a bundle that was checked."""
    said: dict[str, Any] = bundle.json("model.json")
    members = {
        member: tuple(boosters.load(bundle, _file(member, level)) for level in FITTED)
        for member in MEMBERS
    }
    return Boosted(said["ahead"], tuple(said["names"]), Line.from_json(said["line"]), members)


def _file(member: str, level: float) -> str:
    return f"{member.replace(' ', '_')}_q{level * 1000:03.0f}.txt"


def _predicted(booster: lgb.Booster, table: Table) -> Floats:
    return np.asarray(booster.predict(table, num_threads=THREADS), float)


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
) -> list[tuple[lgb.Booster, ...]]:
    """For each kind of label a booster a quantile."""
    binned: lgb.Dataset | None = None
    sets = []
    for label in labels:
        binned = lgb.Dataset(table, label, reference=binned, weight=weight, params=PARAMETERS)
        sets.append(binned.construct())
    jobs = [(one, level) for one in sets for level in FITTED]
    parameters = {**PARAMETERS, "min_data_in_leaf": leaf}

    def train(job: tuple[lgb.Dataset, float]) -> lgb.Booster:
        return lgb.train({**parameters, "alpha": job[1]}, job[0], TREES)

    with ThreadPoolExecutor(THREADS) as pool:
        trained = list(pool.map(train, jobs))
    return [tuple(trained[i : i + len(FITTED)]) for i in range(0, len(trained), len(FITTED))]
