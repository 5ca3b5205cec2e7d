"""Lines: sources that follow each other, read as one."""

from collections.abc import Mapping
from datetime import date

import numpy as np

from vigil.datasets import Dataset
from vigil.panel import EMPTY, Grid, Key, Panel, together


def resolve(dataset: Dataset, line: str, held: Mapping[str, Panel]) -> Panel:
    """What a line says: each source's values from its date on, where it has some."""
    panel: Panel = {}
    for source, since in dataset.members(line).items():
        for key, one in held.get(source, {}).items():
            whole = Key(line, key.target)
            panel[whole] = one if since is None else _follow(panel.get(whole, EMPTY), one, since)
    return panel


def _follow(base: Grid, follower: Grid, since: date) -> Grid:
    """The base, and from that date on the follower's values."""
    before, after = together(base, follower.since(np.datetime64(since)))
    values = np.where(np.isfinite(after.values), after.values, before.values)
    return Grid(after.dates, after.series, values)
