"""Seasonal naive: next week is like last week, and as uncertain as that has been.

The baseline that stays for ever, forecast and stored beside every champion.
"""

import numpy as np

from vigil.panel import Floats

NAME, VERSION = "seasonal_naive", "1"
SEASON = 7
ORIGINS = 182  # past days whose errors are drawn on: half a year
LEAST = 14  # with fewer past origins there is no telling how uncertain it is
STALE = 28  # days without a value after which a series is not forecast


def sample_paths(values: Floats, horizon: int, *, non_negative: bool) -> Floats:
    """Paths x days x series, from daily numbers (days x series); NaN where a series has too few.

    A path is the naive forecast plus the errors it made from one past day, the same day for
    every series and horizon, so that paths keep how places and days go together. Each day's
    errors are used as they were and mirrored, and none once, which leaves the median where
    the naive forecast is. Counts err on the square root scale: never negative, wider where larger.
    """
    usable = possible(values, non_negative=non_negative)
    filled = last_week_for_missing(usable)
    grow, shrink = (np.sqrt, _square) if non_negative else (np.asarray, np.asarray)
    last = len(filled) - 1
    first = max(SEASON - 1, last - horizon - ORIGINS + 1)
    origins = np.arange(first, last - horizon + 1)
    if len(origins) < LEAST:
        return np.full((0, horizon, values.shape[1]), np.nan)
    ahead = origins[:, None] + np.arange(1, horizon + 1)
    errors = _own(grow(filled[ahead]) - grow(filled[ahead - _back(horizon)]))
    mirrored = np.concatenate([errors, np.zeros_like(errors[:1]), -errors])
    now = grow(filled[last + np.arange(1, horizon + 1) - _back(horizon)])
    paths: Floats = shrink(now + mirrored)
    paths[:, :, stale(usable) | ~np.isfinite(paths).all(axis=(0, 1))] = np.nan
    return paths


def _own(errors: Floats) -> Floats:
    """A series that began of late has fewer past days: its own are drawn on again and again."""
    known = np.isfinite(errors).all(axis=1)  # origins x series
    for column in np.flatnonzero(~known.all(axis=0)):
        own = np.flatnonzero(known[:, column])
        if len(own) >= LEAST:
            missing = np.flatnonzero(~known[:, column])
            errors[missing, :, column] = errors[np.resize(own, len(missing)), :, column]
    return errors


def possible(values: Floats, *, non_negative: bool) -> Floats:
    """A negative count is a correction of other days, and no number of its own."""
    return np.where(values < 0, np.nan, values) if non_negative else values


def last_week_for_missing(values: Floats) -> Floats:
    """Every missing day stands as it stood a week before."""
    filled = values.copy()
    for day in range(SEASON, len(filled)):
        missing = np.isnan(filled[day])
        filled[day, missing] = filled[day - SEASON, missing]
    return filled


def stale(values: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Series without a single value of late."""
    quiet: np.ndarray[tuple[int], np.dtype[np.bool_]] = ~np.isfinite(values[-STALE:]).any(axis=0)
    return quiet


def _back(horizon: int) -> np.ndarray[tuple[int], np.dtype[np.int_]]:
    """How many days before each target day the naive forecast looks: whole weeks."""
    ahead = np.arange(1, horizon + 1)
    back: np.ndarray[tuple[int], np.dtype[np.int_]] = SEASON * -(-ahead // SEASON)
    return back


def _square(roots: Floats) -> Floats:
    """Back from square roots; below none is none."""
    positive: Floats = np.maximum(roots, 0.0) ** 2
    return positive
