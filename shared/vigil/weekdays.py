"""Weeks into days: as the weeks of late fell on their days, each path after one of them."""

import numpy as np

from vigil.panel import Floats, Index
from vigil.view import WEEK, View

WEEKS = 8  # of late


def split(view: View, blocks: Floats, ends: Index) -> Floats:
    """Days (paths x days x series) of seven-day numbers (paths x weeks x series) to each end.

    The first week is the rest of the one the reference date stands in: its known days are taken
    off, and never more than there is. Days add up to their weeks (or average to them).
    """
    first, series = int(ends[0]), len(view.series)
    known = np.nan_to_num(view.published[len(view.dates) - (WEEK - first) :])
    if view.measure.non_negative:
        known = np.maximum(known, 0)
    known = known[: WEEK - first]
    patterns = _patterns(view, first)  # weeks of late x 7 x series
    drawn = patterns[np.arange(len(blocks)) % len(patterns)]
    days = np.empty((len(blocks), int(ends[-1]), series))
    for week, end in enumerate(ends):
        length = min(WEEK, int(end) - (0 if week == 0 else int(ends[week - 1])))
        total = blocks[:, week] * (1 if view.sums else WEEK)
        if week == 0:
            total = total - known.sum(axis=0)
        if view.measure.non_negative:
            total = np.maximum(total, 0)
        days[:, end - length : end] = _spread(view, total, drawn[:, WEEK - length :])
    return days


def _spread(view: View, total: Floats, pattern: Floats) -> Floats:
    """A total (paths x series) over the days of a pattern (paths x days x series)."""
    count = pattern.shape[1]
    if not view.sums:
        apart = pattern - pattern.mean(axis=1, keepdims=True)
        days: Floats = total[:, None] / count + apart
        return np.maximum(days, 0) if view.measure.non_negative else days
    sums = pattern.sum(axis=1, keepdims=True)
    even = np.full_like(pattern, 1 / count)
    shares: Floats = np.where(sums > 0, pattern / np.where(sums > 0, sums, 1), even)
    spread: Floats = total[:, None] * shares
    return spread


def _patterns(view: View, first: int) -> Floats:
    """The last whole weeks to a Saturday, as published: weeks x 7 x series."""
    end = len(view.dates) - (WEEK - first)
    count = min(WEEKS, end // WEEK)
    if not count:
        return np.ones((1, WEEK, len(view.series)))
    weeks = view.published[end - WEEK * count : end].reshape(count, WEEK, -1)
    weeks = np.nan_to_num(weeks)
    if not view.sums:
        return weeks
    weeks = np.maximum(weeks, 0)
    silent = weeks.sum(axis=1, keepdims=True) == 0
    usual = weeks.mean(axis=0, keepdims=True)
    patterns: Floats = np.where(silent, usual, weeks)
    return patterns
