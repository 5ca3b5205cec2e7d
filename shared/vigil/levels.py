"""From a few fitted quantiles to all that are published."""

from statistics import NormalDist

import numpy as np

from vigil.panel import Floats
from vigil.paths import LEVELS

SCORES = np.array([NormalDist().inv_cdf(level) for level in LEVELS])  # of a standard normal


def scores(levels: Floats) -> Floats:
    """Where levels lie on a standard normal distribution."""
    return np.array([NormalDist().inv_cdf(level) for level in levels])


def spread(levels: tuple[float, ...], fitted: Floats, wanted: Floats = SCORES) -> Floats:
    """Quantiles at other levels: straight lines between normal scores, outwards too.

    Levels x anything; fitted quantiles that cross are put in order first.
    """
    at, ordered = scores(np.array(levels)), np.sort(fitted, axis=0)
    upper = np.clip(np.searchsorted(at, wanted), 1, len(at) - 1)
    share = (wanted - at[upper - 1]) / (at[upper] - at[upper - 1])
    share = share.reshape(-1, *[1] * (fitted.ndim - 1))
    low, high = ordered[upper - 1], ordered[upper]
    return low + share * (high - low)
