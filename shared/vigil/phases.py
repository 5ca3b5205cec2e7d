"""Phases: whether a series grows or falls as a forecast is made."""

from collections.abc import Mapping

import numpy as np

from vigil.view import WEEK, View

CHANGE = 0.15  # of the seven days before: less is flat
GROWING, FLAT, FALLING = "growing", "flat", "falling"


def phases(view: View, groups: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Of every series and aggregate: its last seven days as known against the seven before.

    Nothing is said of what does not count something, or of a series that was silent.
    """
    if not view.measure.counts or len(view.published) < 2 * WEEK:
        return {}
    known = np.isfinite(view.published[-2 * WEEK :])
    days = np.where(known, view.published[-2 * WEEK :], 0)  # a correction counts as it stands
    week = {
        name: (days[WEEK:, at].sum(), days[:WEEK, at].sum())
        for at, name in enumerate(view.series)
        if known[:, at].any()
    }
    for group, names in groups.items():
        some = [week[name] for name in names if name in week]
        week[group] = (sum(now for now, _ in some), sum(before for _, before in some))
    return {name: phase(*both) for name, both in week.items()}


def phase(now: float, before: float) -> str:
    """The last seven days against the seven before."""
    now, before = max(now, 0), max(before, 0)
    if now > before * (1 + CHANGE):
        return GROWING
    return FALLING if now < before * (1 - CHANGE) else FLAT
