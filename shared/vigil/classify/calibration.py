"""Beta calibration: three numbers that make probabilities of log odds (Kull et al. 2017)."""

from dataclasses import dataclass

import numpy as np

from vigil.classify import newton
from vigil.panel import Floats

BINS = 2000  # of log odds that are nearly the same
PRIOR = 2.0  # rows that say: leave it as it is
NEITHER = np.array([1.0, 1.0, 0.0])


@dataclass(frozen=True)
class Beta:
    """Rises wherever the log odds do: the order of records stays."""

    numbers: tuple[float, float, float] = (1.0, 1.0, 0.0)

    @classmethod
    def fit(cls, log_odds: Floats, yes: Floats) -> "Beta":
        """From log odds that were said without knowing the answer."""
        parts, hits, counts = _binned(log_odds, yes)
        free = [0, 1, 2]
        found = _fitted(parts, hits, counts, free)
        while (found[:2] < 0).any():  # it would fall somewhere
            free.remove(int(np.argmin(found[:2])))
            found = _fitted(parts, hits, counts, free)
        first, second, third = found.tolist()
        return cls((first, second, third))

    def probability(self, log_odds: Floats) -> Floats:
        """Calibrated."""
        return newton.sigmoid(_parts(log_odds) @ np.array(self.numbers))


def _binned(log_odds: Floats, yes: Floats) -> tuple[Floats, Floats, Floats]:
    """Rows of nearly the same log odds as one: their parts, how often it was yes, how many."""
    order = np.argsort(log_odds, kind="stable")
    count = len(order)
    edges = np.linspace(0, count, min(count, BINS) + 1).astype(int)
    counts = np.diff(edges).astype(float)
    means = np.add.reduceat(log_odds[order], edges[:-1]) / counts
    return _parts(means), np.add.reduceat(yes[order], edges[:-1]), counts


def _parts(log_odds: Floats) -> Floats:
    """Of a probability p: ln p, -ln(1 - p), and 1."""
    return np.stack(
        [-np.logaddexp(0, -log_odds), np.logaddexp(0, log_odds), np.ones(len(log_odds))], axis=1
    )


def _fitted(parts: Floats, hits: Floats, counts: Floats, free: list[int]) -> Floats:
    """Drawn a little to what changes nothing; what is not free is none."""
    found, penalty = np.zeros(3), np.full(len(free), PRIOR)
    found[free] = newton.logistic(
        parts[:, free], hits, counts, penalty=penalty, centre=NEITHER[free]
    )
    return found
