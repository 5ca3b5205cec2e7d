"""How good distributions were, and how that compares.

Quantiles are levels x rows and what came true is rows, of any shape. NaN is unknown: its score
is NaN, and means pass it over.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vigil import accuracy
from vigil.accuracy import on_log_scale, ratio
from vigil.panel import Floats
from vigil.paths import LEVELS

COVERAGES = (50, 80, 95)  # per cent
BOUNDS = (5, 95)  # per cent of resampled ratios: an interval of 90%


def pinball(quantiles: ArrayLike, actual: ArrayLike, levels: ArrayLike = LEVELS) -> Floats:
    """What each quantile missed, weighed by its level (Koenker & Bassett 1978)."""
    values, came = _aligned(quantiles, actual, np.size(levels))
    shares, missed = np.reshape(levels, (-1, *[1] * came.ndim)), came - values
    score: Floats = np.maximum(shares * missed, (shares - 1) * missed)
    return score


def wis(quantiles: ArrayLike, actual: ArrayLike, levels: ArrayLike = LEVELS) -> Floats:
    """The weighted interval score: twice the mean pinball loss (Bracher et al. 2021)."""
    score: Floats = 2 * pinball(quantiles, actual, levels).mean(axis=0)
    return score


def interval_score(actual: ArrayLike, low: ArrayLike, high: ArrayLike, alpha: float) -> Floats:
    """Width, plus a fine for each unit missed (Gneiting & Raftery 2007)."""
    missed = np.maximum(np.subtract(low, actual), 0) + np.maximum(np.subtract(actual, high), 0)
    score: Floats = np.subtract(high, low) + 2 / alpha * missed
    return score


def covered(quantiles: ArrayLike, actual: ArrayLike, share: float) -> Floats:
    """1 where the central interval of that share holds what came true, ends included, else 0."""
    values, came = _aligned(quantiles, actual, len(LEVELS))
    low, high = values[_place((1 - share) / 2)], values[_place((1 + share) / 2)]
    unknown = np.isnan(low) | np.isnan(high) | np.isnan(came)
    return np.where(unknown, np.nan, (low <= came) & (came <= high))


def pit(quantiles: ArrayLike, actual: ArrayLike) -> Floats:
    """The level at which lies what came true; honest forecasts spread it evenly (Dawid 1984).

    Linear between two quantiles, the middle of those that equal it, and beyond the outermost
    halfway between their level and the end.
    """
    values, came = _aligned(quantiles, actual, len(LEVELS))
    unknown = np.isnan(values).any(axis=0) | np.isnan(came)
    beneath = np.where(came < values[:1], came, -np.inf)
    beyond = np.where(came > values[-1:], came, np.inf)
    values = np.concatenate([beneath, values, beyond])
    levels = np.array([LEVELS[0] / 2, *LEVELS, (1 + LEVELS[-1]) / 2])
    below, upto = (values < came).sum(axis=0), (values <= came).sum(axis=0)
    met = below < upto
    ends = np.stack([np.where(met, below, below - 1), np.where(met, upto - 1, below)])
    low, high = np.take_along_axis(values, ends, axis=0)
    way = ratio(came - low, high - low, otherwise=0.5)
    return np.where(unknown, np.nan, levels[ends[0]] * (1 - way) + levels[ends[1]] * way)


def pit_histogram(pit_values: ArrayLike, bins: int = 10) -> Floats:
    """The share of what came true in each of so many equal bins, lower ends included."""
    values = np.asarray(pit_values, float)
    place = np.round(values[~np.isnan(values)] * bins, 9).astype(int)  # 0.29 * 100 is below 29
    counts = np.bincount(np.minimum(place, bins - 1), minlength=bins)
    return ratio(counts, counts.sum())


def summary(
    quantiles: ArrayLike, actual: ArrayLike, mean: ArrayLike | None = None
) -> dict[str, float]:
    """The headline numbers, on the rows where the forecast and what came true are known.

    Errors are the median's, bias is the mean's where there is one: medians of skewed
    distributions are meant to lie below it.
    """
    values = np.asarray(quantiles, float)
    scores = wis(values, actual)
    came = np.where(np.isnan(scores), np.nan, actual)
    median = values[_place(0.5)]
    return {
        "n": int((~np.isnan(scores)).sum()),
        "wis": accuracy.average(scores),
        "wis_log": accuracy.average(wis(on_log_scale(values), on_log_scale(came))),
        "mae": accuracy.mae(median, came),
        "rmsle": accuracy.rmsle(median, came),
        "wape": accuracy.wape(median, came),
        "bias": accuracy.bias(median if mean is None else mean, came),
        **{f"coverage{of}": accuracy.average(covered(values, came, of / 100)) for of in COVERAGES},
    }


def relative(ours: ArrayLike, baseline: ArrayLike) -> float:
    """Our mean score over the baseline's, on the rows where both are finite."""
    above, below = _common(ours, baseline)
    return float(ratio(above.sum(), below.sum()))


def bootstrap_ratio(
    ours: ArrayLike, other: ArrayLike, block: int, rounds: int = 1000, seed: int = 0
) -> tuple[float, float, float]:
    """The ratio of two sums of scores and its 90% interval: moving blocks (Künsch 1989).

    Scores are origins x tasks; so many origins in a row are drawn together, as their scores
    depend on each other. Too few origins for two blocks to differ have no interval.
    """
    sums = [one.reshape(len(one), -1).sum(axis=1) for one in _common(ours, other)]
    origins = len(sums[0])
    found = float(ratio(sums[0].sum(), sums[1].sum()))
    if block >= origins or np.isnan(found):
        return found, np.nan, np.nan
    drawn = blocks(origins, block, rounds, seed)
    above, below = (one[drawn].sum(axis=1) for one in sums)
    low, high = np.nanpercentile(ratio(above, below), BOUNDS)
    return found, float(low), float(high)


def blocks(origins: int, block: int, rounds: int, seed: int) -> NDArray[np.intp]:
    """Places of origins drawn anew, so many in a row together: rounds x origins."""
    starts = np.random.default_rng(seed).integers(
        0, origins - block + 1, size=(rounds, -(-origins // block), 1)
    )
    return (starts + np.arange(block)).reshape(rounds, -1)[:, :origins]


def _common(ours: ArrayLike, other: ArrayLike) -> tuple[Floats, Floats]:
    both = np.isfinite(ours) & np.isfinite(other)
    return np.where(both, ours, 0.0), np.where(both, other, 0.0)


def _place(level: float) -> int:
    found = np.flatnonzero(np.isclose(LEVELS, level))
    if not found.size:
        raise ValueError(f"expected one of the levels {LEVELS.tolist()}, found {level:g}")
    return int(found[0])


def _aligned(quantiles: ArrayLike, actual: ArrayLike, levels: int) -> tuple[Floats, Floats]:
    values, came = np.asarray(quantiles, float), np.asarray(actual, float)
    if len(values) != levels:
        raise ValueError(f"expected {levels} quantiles, one a level, found {len(values)}")
    rows = np.broadcast_shapes(values.shape[1:], came.shape)
    values = values.reshape(levels, *[1] * (len(rows) + 1 - values.ndim), *values.shape[1:])
    return np.broadcast_to(values, (levels, *rows)), np.broadcast_to(came, rows)
