"""A logistic line: a coefficient for each value of a name, and one for each number."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from vigil.classify import newton
from vigil.classify.encoder import Encoder, Numbers
from vigil.panel import Floats

FREE = 1e-6  # the penalty of the constant


@dataclass(frozen=True)
class Line:
    """Log odds that add up feature by feature; what is blank adds nothing."""

    start: float
    centres: Floats
    scales: Floats
    weights: tuple[Floats, ...]  # a feature: by value, or a single one

    def adds(self, table: Numbers) -> Floats:
        """What each feature adds to a row's log odds: rows x features."""
        found = np.empty(table.shape)
        for at, weights in enumerate(self.weights):
            found[:, at] = self._adds(table[:, at], at, weights)
        return found

    def halved(self) -> "Line":
        """Half of what it says."""
        return replace(self, start=self.start / 2, weights=tuple(one / 2 for one in self.weights))

    def raw(self, table: Numbers) -> Floats:
        """Log odds, a row."""
        total = np.full(len(table), self.start)
        for at, weights in enumerate(self.weights):
            total += self._adds(table[:, at], at, weights)
        return total

    def _adds(self, values: Numbers, at: int, weights: Floats) -> Floats:
        blank = np.isnan(values)
        if len(weights) == 1:
            scaled: Floats = (values - self.centres[at]) / self.scales[at] * weights[0]
            return np.where(blank, 0.0, scaled)
        found: Floats = np.append(weights, 0.0)[np.where(blank, len(weights), values).astype(int)]
        return found

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "start": self.start,
            "centres": self.centres.tolist(),
            "scales": self.scales.tolist(),
            "weights": [one.tolist() for one in self.weights],
        }

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Self:
        """From JSON."""
        weights = tuple(np.array(one) for one in said["weights"])
        return cls(said["start"], np.array(said["centres"]), np.array(said["scales"]), weights)


def fit(encoder: Encoder, table: Numbers, yes: Floats, penalty: float) -> Line:
    """By Newton's method, coefficients drawn towards none."""
    names = set(encoder.categories)
    numbers = [at for at in range(table.shape[1]) if at not in names]
    centres, scales = np.zeros(table.shape[1]), np.ones(table.shape[1])
    centres[numbers] = np.nanmean(table[:, numbers], axis=0, dtype=float)
    spread = np.nanstd(table[:, numbers], axis=0, dtype=float)
    scales[numbers] = np.where(spread > 0, spread, 1.0)
    sizes = [len(one.values) if at in names else 1 for at, one in enumerate(encoder.features)]
    design = _design((table - centres) / scales, names, sizes)
    none, rate = np.zeros(design.shape[1] - 1), (yes.sum() + 0.5) / (len(yes) + 1)
    found = newton.logistic(
        design,
        yes,
        np.ones(len(yes)),
        penalty=np.append(none + penalty, FREE),
        centre=np.append(none, np.log(rate / (1 - rate))),
    )
    weights = np.split(found[:-1], np.cumsum(sizes)[:-1])
    return Line(float(found[-1]), centres, scales, tuple(weights))


def _design(table: Floats, names: set[int], sizes: list[int]) -> Floats:
    """A column for each value of a name, one for each number, and a constant."""
    ends = np.cumsum(sizes)
    design = np.zeros((len(table), int(ends[-1]) + 1))
    design[:, -1] = 1
    for at, (size, end) in enumerate(zip(sizes, ends, strict=True)):
        known = np.flatnonzero(np.isfinite(table[:, at]))
        if at in names:
            design[known, end - size + table[known, at].astype(int)] = 1
        else:
            design[known, end - 1] = table[known, at]
    return design
