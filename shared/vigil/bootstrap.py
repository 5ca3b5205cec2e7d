"""How sure a ratio of scores is that a few dozen overlapping forecasts have given.

Scores are recipe and rival x measures x origins, oldest first, summed over all else.
"""

import numpy as np

from vigil import accuracy, scoring
from vigil.panel import Floats

ROUNDS = 1000
SEED = 20200302
HIDDEN = 2.0  # true variance over that of blocks, chosen by simulation: docs/promotion.md
FREEDOM = np.array([np.inf, 10, 5, 3, 2, 1.5, 1.2, 1])
STUDENT = {  # quantiles of Student's t by degrees of freedom
    0.90: [1.2816, 1.3722, 1.4759, 1.6377, 1.8856, 2.1964, 2.5867, 3.0777],
    0.95: [1.6449, 1.8125, 2.0150, 2.3534, 2.9200, 3.7052, 4.7958, 6.3138],
}


def logs(sums: Floats) -> Floats:
    """Of the recipe's sums over the rival's; 0 where they are the same, also if both are 0."""
    ours, theirs = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(ours == theirs, 0.0, np.log(ours) - np.log(theirs))
    return found


def pooled(logs_: Floats) -> Floats:
    """The mean over measures; unknown without any."""
    with np.errstate(invalid="ignore"):
        return accuracy.means(logs_)


def limits(scores: Floats, block: int) -> dict[str, float]:
    """The ends of 90% (low, high) and the one-sided limit of 90% (upper) of the pooled ratio.

    Student's t around its logarithm, with the spread of ratios of moving blocks drawn anew, the
    same origins for all. Nothing where there are not two blocks.
    """
    origins = scores.shape[-1]
    if origins < 2 * block:
        return {}
    drawn = scoring.blocks(origins, block, ROUNDS, SEED)
    with np.errstate(invalid="ignore"):
        spread = np.std(pooled(logs(scores[..., drawn].sum(axis=-1))))
    blocks = max(counting(scores) / block, 2.0)
    spread *= np.sqrt(HIDDEN * blocks / (blocks - 1))
    middle, freedom = pooled(logs(scores.sum(axis=-1))), blocks - 1
    half = spread * student(0.95, freedom)
    ends = {"low": middle - half, "high": middle + half}
    ends["upper"] = middle + spread * student(0.90, freedom)
    with np.errstate(over="ignore"):
        return {name: float(np.exp(end)) for name, end in ends.items()}


def counting(scores: Floats) -> float:
    """How many origins of equal weight tell as much: few, where one wave has all the scores."""
    sums = scores.sum(axis=0)
    shares = accuracy.means(accuracy.ratio(sums, sums.sum(axis=1, keepdims=True)))
    return float(accuracy.ratio(1, np.square(shares).sum()))


def student(level: float, freedom: float) -> float:
    """A quantile of Student's t, between those of the table."""
    return float(np.interp(1 / freedom, 1 / FREEDOM, STUDENT[level]))
