"""Behaviour: what a source does from one content to the next, and beside the one it follows."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import numpy as np
from numpy.typing import NDArray

from vigil.datasets import Dataset, Source
from vigil.panel import EMPTY, Floats, Grid, Panel, daily
from vigil.quality import Finding, Item, Mark, cells_of, news

WEEKS = 4  # the rhythm of so many weeks is compared with that of as many before
WINDOW = 28  # days before a jump


def rhythm(dataset: Dataset, source: str, panel: Panel) -> Iterator[Mark]:
    """Series of a target that have begun to report more or less often."""
    expect = dataset.sources[source].expect
    for key, one in sorted(panel.items()):
        if key.target not in dataset.targets:
            continue
        where = f"{dataset.name}.{source}.{key.target}"
        grid = daily(one, cumulative=dataset.measures[key.target].cumulative)
        if len(grid.dates) < 14 * WEEKS:
            continue
        late, early = _reports(grid.values), _reports(grid.values[: -7 * WEEKS])
        changed = (abs(late - early) >= expect.rhythm) & (np.minimum(late, early) > 0)
        names = frozenset[Item](np.array(grid.series, dtype=object)[changed].tolist())
        yield Mark("rhythm", where, "reports as often a week as before", names)


def _reports(values: Floats) -> Floats:
    """In the last weeks, how many days a week a number other than zero was reported."""
    recent = values[-7 * WEEKS :]
    days: Floats = (np.nan_to_num(recent) != 0).sum(axis=0) / WEEKS
    return days


def jumps(dataset: Dataset, source: str, new: Panel, before: Panel) -> Iterator[Finding]:
    """Numbers on new dates that tower over the 28 days before them."""
    expect = dataset.sources[source].expect
    for key, one in sorted(new.items()):
        measure, known = dataset.measures[key.target], before.get(key, EMPTY).last_date()
        if known is None or key.target not in dataset.targets or not measure.non_negative:
            continue
        grid = daily(one, cumulative=measure.cumulative)
        towers = _towers(grid, expect.jump) & (grid.dates > known)[:, None]
        mark = Mark(
            "jump",
            f"{dataset.name}.{source}.{key.target}",
            f"at most {expect.jump:g} times the largest of the {WINDOW} days before",
            cells_of(grid, towers),
        )
        yield from news([mark], [], datetime.combine(known.astype(date), time(), UTC))


def _towers(grid: Grid, times: float) -> NDArray[np.bool_]:
    """Where a number is so many times the largest of the days before it; ten are noise."""
    filled = np.nan_to_num(grid.values)
    padded = np.vstack([np.zeros((WINDOW, filled.shape[1])), filled[:-1]])
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=0)
    towers: NDArray[np.bool_] = filled > times * (windows.max(axis=2) + 10)
    return towers


def places(where: str, new: set[str], before: set[str], as_of: datetime) -> Iterator[Finding]:
    """Series that came and went."""
    lost, added = frozenset[Item](before - new), frozenset[Item](new - before)
    marks = (
        Mark("lost_series", where, "every series as before", lost),
        Mark("new_series", where, "the series as before", added, severity="info"),
    )
    yield from news(marks, [], as_of)


def overlap(spec: Source, where: str, follower: Panel, leader: Panel) -> Iterator[Mark]:
    """How two sources that follow each other agree where both have values."""
    others = {key.target: one for key, one in leader.items()}
    common, far = set[Item](), set[Item]()
    for key, one in follower.items():
        other = others.get(key.target, EMPTY).onto(one.dates, one.series)
        both = np.isfinite(other) & np.isfinite(one.values)
        apart = np.where(both, abs(one.values - other), 0).sum(axis=0)
        size = np.where(both, abs(one.values) + abs(other), 0).sum(axis=0) / 2
        common |= cells_of(one, both)
        far |= {one.series[i] for i in np.flatnonzero(apart > spec.expect.overlap * size)}
    said = f"values within {spec.expect.overlap:.0%} of the source before it"
    if far:
        yield Mark("overlap", where, said, frozenset(far))
    elif common:
        agree = f"{len(common)} rows in both, all agree"
        yield Mark("overlap", where, said, frozenset({agree}), severity="info")
