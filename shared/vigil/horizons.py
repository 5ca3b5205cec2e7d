"""How far ahead models look: to each Saturday, or day by day."""

import numpy as np

from vigil.panel import Index
from vigil.paths import saturdays
from vigil.view import WEEK, View


def ahead(horizon: int, grain: str) -> int:
    """The furthest day a model must know: weeks end on a Saturday, so up to six days more."""
    return horizon + WEEK - 1 if grain == "week" else horizon


def steps(view: View, horizon: int) -> Index:
    """Days ahead of the last day known: Saturdays until the horizon is covered, or every day."""
    if view.grain == "day":
        return np.arange(1, horizon + 1)
    ends = saturdays(view.dates[-1], horizon + WEEK - 1)
    return ends[: int(np.searchsorted(ends, horizon)) + 1]
