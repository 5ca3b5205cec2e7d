"""Beta calibration: three numbers that make probabilities of log odds (Kull et al. 2017)."""

from dataclasses import dataclass

import numpy as np

from vigil.classify.line import sigmoid
from vigil.panel import Floats

STEPS, ENOUGH = 25, 1e-9
PRIOR = 10.0  # rows that say: leave it as it is
NEITHER = np.array([1.0, 1.0, 0.0])


@dataclass(frozen=True)
class Beta:
    """Rises wherever the log odds do: the order of records stays."""

    numbers: tuple[float, float, float] = (1.0, 1.0, 0.0)

    @classmethod
    def fit(cls, log_odds: Floats, yes: Floats) -> "Beta":
        """From log odds that were said without knowing the answer."""
        parts = _parts(log_odds)
        free = [0, 1, 2]
        found = _fitted(parts, yes, free)
        while (found[:2] < 0).any():  # it would fall somewhere
            free.remove(int(np.argmin(found[:2])))
            found = _fitted(parts, yes, free)
        return cls(tuple(found.tolist()))

    def probability(self, log_odds: Floats) -> Floats:
        """Calibrated."""
        return sigmoid(_parts(log_odds) @ np.array(self.numbers))


def _parts(log_odds: Floats) -> Floats:
    """ln p, -ln(1 - p), 1."""
    return np.stack(
        [-np.logaddexp(0, -log_odds), np.logaddexp(0, log_odds), np.ones(len(log_odds))], axis=1
    )


def _fitted(parts: Floats, yes: Floats, free: list[int]) -> Floats:
    """By Newton's method, drawn a little to what changes nothing; what is not free is none."""
    found = np.where(np.isin(np.arange(3), free), NEITHER, 0.0)
    used, centre = parts[:, free], NEITHER[free]
    for _ in range(STEPS):
        chance = sigmoid(used @ found[free])
        slope = used.T @ (yes - chance) - PRIOR * (found[free] - centre)
        curve = (used * (chance * (1 - chance))[:, None]).T @ used + PRIOR * np.eye(len(free))
        step = np.linalg.solve(curve, slope)
        found[free] += step
        if np.abs(step).max() < ENOUGH:
            break
    return found
