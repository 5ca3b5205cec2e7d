"""Why trees say what they say: each split's change of the mean is credited to its feature.

A row's way through a tree ends in one leaf, and what the way adds is known beforehand, leaf by
leaf. Shapley values ask for all orders of the features and take a hundred times as long.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vigil.classify.encoder import Numbers
from vigil.models.boosters import Booster
from vigil.panel import Floats

ROWS, THREADS = 4096, 2  # a block fits the cache


@dataclass(frozen=True)
class Routes:
    """For each tree what the way to each leaf adds: leaves of all trees x features."""

    booster: Booster
    first: NDArray[np.int64]  # the row of each tree's first leaf
    ways: Floats

    @classmethod
    def of(cls, booster: Booster) -> Self:
        """Read from the trees."""
        text = booster.text.decode()
        trees = [_ways(tree, booster.features) for tree in re.split(r"\nTree=\d+\n", text)[1:]]
        share = 1 / len(trees) if re.search(r"^average_output$", text, re.MULTILINE) else 1.0
        first = np.cumsum([0, *map(len, trees)])[:-1]
        return cls(booster, first, np.concatenate(trees) * share)

    def adds(self, table: Numbers) -> Floats:
        """What each feature adds: rows x features."""
        found = np.empty(table.shape)

        def fill(start: int) -> None:
            part = slice(start, start + ROWS)
            leaves = self.booster.leaves(table[part]).astype(np.int64) + self.first
            total = np.zeros(table[part].shape)
            for column in leaves.T:
                total += self.ways[column]
            found[part] = total

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(fill, range(0, len(table), ROWS)))
        return found


def _ways(tree: str, features: int) -> Floats:
    """What the way from the root to each leaf adds: leaves x features."""
    said = dict(re.findall(r"^(\w+)=(.*)$", tree, re.MULTILINE))
    values, counts = (_numbers(said[name]) for name in ("leaf_value", "leaf_count"))
    ways = np.zeros((len(values), features))
    if len(values) == 1:
        return ways
    split = _numbers(said["split_feature"]).astype(int)
    children = np.stack([_numbers(said[f"{side}_child"]).astype(int) for side in ("left", "right")])

    def walk(node: int) -> tuple[list[int], float, float]:
        """The leaves below a node, their number of rows and their mean."""
        if node < 0:
            return [~node], counts[~node], values[~node]
        below = [walk(child) for child in children[:, node]]
        rows = sum(one[1] for one in below)
        mean = sum(one[1] * one[2] for one in below) / rows
        for leaves, _, own in below:
            ways[leaves, split[node]] += own - mean
        return [*below[0][0], *below[1][0]], rows, mean

    walk(0)
    return ways


def _numbers(text: str) -> Floats:
    return np.array(text.split(), float)
