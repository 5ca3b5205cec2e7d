"""Weeks into days: as the weeks of late fell on their days, each path after one of them.

A week that is higher than the one before it rose from day to day: what growth made of the days is
taken from the weeks of late, and given to each path's weeks as those grow.
"""

import numpy as np

from vigil.panel import Floats, Index
from vigil.view import WEEK, View

WEEKS = 8  # of late
GROWTH = (0.5, 2.0)  # of a week, as far as its days follow it


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
    patterns, before = _patterns(view, first)  # weeks of late x 7 x series; the last one's sum
    drawn = patterns[np.arange(len(blocks)) % len(patterns)]
    days = np.empty((len(blocks), int(ends[-1]), series))
    for week, end in enumerate(ends):
        length = min(WEEK, int(end) - (0 if week == 0 else int(ends[week - 1])))
        total = blocks[:, week] * (1 if view.sums else WEEK)
        leaning = drawn * _lean(_growth(total, before)) if view.sums else drawn
        before = total
        if week == 0:
            total = total - known.sum(axis=0)
        if view.measure.non_negative:
            total = np.maximum(total, 0)
        days[:, end - length : end] = _spread(view, total, leaning[:, WEEK - length :])
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


def _patterns(view: View, first: int) -> tuple[Floats, Floats]:
    """The last whole weeks to a Saturday without their growth: weeks x 7 x series; the last sum."""
    end = len(view.dates) - (WEEK - first)
    count = min(WEEKS + 1, end // WEEK)  # one more, to know the growth of the first
    if not count:
        return np.ones((1, WEEK, len(view.series))), np.zeros(len(view.series))
    weeks = view.published[end - WEEK * count : end].reshape(count, WEEK, -1)
    weeks = np.nan_to_num(weeks)
    if not view.sums:
        return weeks[-WEEKS:], weeks[-1].sum(axis=0)
    weeks = np.maximum(weeks, 0)
    sums = weeks.sum(axis=1)
    weeks[1:] /= _lean(_growth(sums[1:], sums[:-1]))
    usual = weeks.mean(axis=0, keepdims=True)
    patterns: Floats = np.where(sums[:, None] == 0, usual, weeks)
    return patterns[-WEEKS:], sums[-1]


def _growth(weeks: Floats, before: Floats) -> Floats:
    """How sums of weeks stand to those before them; where either is none, they stand alike."""
    both = (weeks > 0) & (before > 0)
    grown: Floats = np.divide(weeks, before, out=np.ones_like(weeks), where=both)
    return np.clip(grown, *GROWTH)


def _lean(growth: Floats) -> Floats:
    """What growth over a week (weeks x series) makes of its days: weeks x 7 x series."""
    days: Floats = growth[:, None] ** (np.arange(WEEK)[:, None] / WEEK)
    return days
