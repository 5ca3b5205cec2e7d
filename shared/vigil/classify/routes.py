"""Why trees say what they say: each split's change of the mean is credited to its feature.

A row's way through a tree ends in one leaf, and what the way adds is known beforehand, leaf by
leaf. Shapley values ask for all orders of the features and take a hundred times as long.
"""

import re
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vigil.classify.encoder import Numbers
from vigil.models.boosters import Booster
from vigil.panel import Floats

ROWS = 32_768  # at once


@dataclass(frozen=True)
class Routes:
    """For each tree what the way to each leaf adds: leaves of all trees x features."""

    booster: Booster
    base: float
    first: NDArray[np.int64]  # the row of each tree's first leaf
    ways: Floats

    @classmethod
    def of(cls, booster: Booster) -> Self:
        """Read from the trees."""
        text = booster.text.decode()
        trees = [_ways(tree, booster.features) for tree in re.split(r"\nTree=\d+\n", text)[1:]]
        bases, ways = zip(*trees, strict=True)
        first = np.cumsum([0, *map(len, ways)])[:-1]
        return cls(booster, booster.share * sum(bases), first, booster.share * np.concatenate(ways))

    def adds(self, table: Numbers) -> Floats:
        """What each feature adds to the base: rows x features."""
        found = np.zeros(table.shape)
        for start in range(0, len(table), ROWS):
            part = slice(start, start + ROWS)
            for column in (self.booster.leaves(table[part]).astype(np.int64) + self.first).T:
                found[part] += self.ways[column]
        return found


def _ways(tree: str, features: int) -> tuple[float, Floats]:
    """A tree's mean, and what the way from there to each leaf adds: leaves x features."""
    said = dict(re.findall(r"^(\w+)=(.*)$", tree, re.MULTILINE))
    values, counts = (_numbers(said[name]) for name in ("leaf_value", "leaf_count"))
    ways = np.zeros((len(values), features))
    if len(values) == 1:
        return float(values[0]), ways
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

    return walk(0)[2], ways


def _numbers(text: str) -> Floats:
    return np.array(text.split(), float)
