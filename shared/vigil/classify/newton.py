"""Penalised logistic regression by Newton's method."""

import numpy as np

from vigil.panel import Floats

STEPS, ENOUGH, SMALLEST = 30, 1e-4, 1e-3


def logistic(
    design: Floats, hits: Floats, counts: Floats, *, penalty: Floats, centre: Floats
) -> Floats:
    """Coefficients drawn to a centre, where they start; rows that count so often and hit so often.

    A step that makes it worse is halved, so that it ends wherever it starts.
    """
    found = centre.copy()

    def loss(at: Floats) -> float:
        said = design @ at
        fit = (counts * np.logaddexp(0, said) - hits * said).sum()
        return float(fit + (penalty * np.square(at - centre)).sum() / 2)

    now = loss(found)
    for _ in range(STEPS):
        chance = sigmoid(design @ found)
        slope = design.T @ (hits - counts * chance) - penalty * (found - centre)
        weight = counts * chance * (1 - chance)
        step = np.linalg.solve((design * weight[:, None]).T @ design + np.diag(penalty), slope)
        size = 1.0
        while (then := loss(found + size * step)) > now and size > SMALLEST:
            size /= 2
        found, now = found + size * step, then
        if np.abs(size * step).max() < ENOUGH:
            break
    return found


def sigmoid(log_odds: Floats) -> Floats:
    """A probability."""
    found: Floats = 0.5 * (1 + np.tanh(log_odds / 2))
    return found
