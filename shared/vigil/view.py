"""What a model may see: one measure as known at a moment, on the scale it works on.

A view ends with the last day known. Everything in it is made from the panel it was given, so
whoever wants a forecast as of a day hands over the panel as it was known on that day
(`as_known`), and nothing later can leak.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from vigil import rhythm
from vigil.datasets import Dataset, Measure
from vigil.panel import DAY, EMPTY, Dates, Floats, Grid, Key, Panel, daily
from vigil.transforms import TRANSFORMS, Transform

WEEK = 7


@dataclass(frozen=True)
class Other:
    """Another measure on the same days and series: it may lead."""

    name: str
    target: bool
    daily: Floats  # tidied, each day what was known on it; NaN where a series has none
    non_negative: bool


@dataclass(frozen=True, eq=False)
class View:
    """One measure: days x series."""

    key: Key
    measure: Measure
    grain: str
    transform: Transform
    dates: Dates  # consecutive days
    series: tuple[str, ...]
    published: Floats  # numbers a day, as published
    tidied: Floats  # what they say without the reporting rhythm; never NaN
    others: tuple[Other, ...] = ()
    labels_after: int = 0
    country: str | None = None

    @property
    def sums(self) -> bool:
        """Whether a level is a sum of seven days; else it is their mean."""
        return self.grain == "week" and self.measure.adds_up

    @property
    def last(self) -> int:
        """The row of the last day known: the origin of a forecast."""
        return len(self.dates) - 1

    @property
    def settled(self) -> int:
        """The last row whose numbers may teach or calibrate."""
        return self.last - self.labels_after

    @cached_property
    def level(self) -> Floats:
        """Where the measure stands each day: its last seven days, on the model's scale."""
        return self.transform.to(self.over_a_week(self.tidied))

    @cached_property
    def truth(self) -> Floats:
        """What is to be forecast: published seven-day numbers, or days; NaN where not known."""
        if self.grain == "day":
            return self.transform.to(self.published)
        if not self.measure.adds_up:
            return self.transform.to(self.over_a_week(self.published))
        silent = trailing(np.isnan(self.published).astype(float), WEEK) == WEEK
        sums = self.over_a_week(np.nan_to_num(self.published))
        return self.transform.to(np.where(silent, np.nan, sums))

    def over_a_week(self, numbers: Floats) -> Floats:
        """Sums of seven days where numbers add up to weeks, else their means.

        A sum below none, where corrections outweigh the week, counts as none.
        """
        sums = trailing(numbers, WEEK)
        if not self.sums:
            sums = sums / WEEK
        return np.maximum(sums, 0) if self.measure.non_negative else sums

    def natural(self, values: Floats) -> Floats:
        """Values of the model's scale on the natural one; none is below zero where none can be."""
        back = self.transform.back(values)
        return np.maximum(back, 0) if self.measure.non_negative else back

    def until(self, row: int) -> "View":
        """The view as it was that day, as far as nothing was revised since."""
        return self._cut(slice(0, row + 1))

    def latest(self, days: int) -> "View":
        """The last so many days of it."""
        return self._cut(slice(max(len(self.dates) - days, 0), None))

    def _cut(self, cut: slice) -> "View":
        others = tuple(
            Other(one.name, one.target, one.daily[cut], one.non_negative) for one in self.others
        )
        return View(
            self.key, self.measure, self.grain, self.transform, self.dates[cut], self.series,
            self.published[cut], self.tidied[cut], others, self.labels_after, self.country,
        )  # fmt: skip


def trailing(numbers: Floats, days: int) -> Floats:
    """Sums over the last so many days; NaN before there are so many."""
    sums = np.full(numbers.shape, np.nan)
    if len(numbers) >= days:
        summed = np.cumsum(np.vstack([np.zeros((1, numbers.shape[1])), np.nan_to_num(numbers)]), 0)
        gaps = np.cumsum(np.vstack([np.zeros((1, numbers.shape[1])), np.isnan(numbers)]), 0)
        whole = gaps[days:] == gaps[:-days]
        sums[days - 1 :] = np.where(whole, summed[days:] - summed[:-days], np.nan)
    return sums


def as_known(panel: Panel, dataset: Dataset, day: np.datetime64) -> Panel:
    """A pseudo-vintage: what of a later panel had been published by the end of that day."""
    cut = {}
    for key, grid in panel.items():
        lag = dataset.measures[key.target].publication_lag
        cut[key] = grid.until(day - DAY * max(lag, 0))
    return cut


def view(dataset: Dataset, panel: Panel, key: Key) -> View | None:
    """A target as a panel shows it, with all else that may lead it; None where nothing is known."""
    measure = dataset.measures[key.target]
    own = daily(panel.get(key, EMPTY), cumulative=measure.cumulative)
    if (reference := own.last_date()) is None:
        return None
    own = own.until(reference)
    others = dict(_laid(dataset, panel, key, own))
    tidied = _tidied({key: own.values} | {k: grid.values for k, grid in others.items()}, dataset)
    return View(
        key, measure, dataset.grain, _scale(dataset, measure), own.dates, own.series,
        own.values, tidied[key], tuple(_others(dataset, others, tidied)),
        dataset.labels_after, dataset.country,
    )  # fmt: skip


def _scale(dataset: Dataset, measure: Measure) -> Transform:
    return TRANSFORMS[dataset.transform if measure.non_negative else "none"]


def _tidied(published: Mapping[Key, Floats], dataset: Dataset) -> dict[Key, Floats]:
    """Counts by the rules, levels filled; side by side, since that walks the days once."""
    tidied: dict[Key, Floats] = {}
    counts = [key for key in published if dataset.measures[key.target].counts]
    levels = [key for key in published if key not in counts]
    for keys, rule in (
        (counts, partial(rhythm.tidy, rules=dataset.rules)),
        (levels, rhythm.filled),
    ):
        if keys:
            ends = np.cumsum([published[key].shape[1] for key in keys])
            whole = rule(np.hstack([published[key] for key in keys]))
            tidied |= zip(keys, np.split(whole, ends[:-1], axis=1), strict=True)
    return tidied


def _laid(dataset: Dataset, panel: Panel, key: Key, own: Grid) -> Iterator[tuple[Key, Grid]]:
    """The dataset's other measures, each on the axes of this one."""
    for other, grid in panel.items():
        measure = dataset.measures.get(other.target)
        if other.target == key.target or measure is None or not grid.known:
            continue
        laid = Grid(own.dates, own.series, _onto(daily(grid, cumulative=measure.cumulative), own))
        if laid.known:
            yield other, laid


def _others(
    dataset: Dataset, laid: Mapping[Key, Grid], tidied: Mapping[Key, Floats]
) -> Iterator[Other]:
    """As the target may know them: as last known, and as late as they come."""
    for key, grid in laid.items():
        measure, days = dataset.measures[key.target], np.isfinite(grid.values).any(axis=1)
        late = len(days) - 1 - int(np.flatnonzero(days)[-1])
        values = _later(_last_known(tidied[key], grid.values), late)
        yield Other(key.name, key.target in dataset.targets, values, measure.non_negative)


def _onto(grid: Grid, own: Grid) -> Floats:
    """On the axes of the target; a series without its own takes its parent's."""
    values = grid.onto(own.dates, own.series)
    known = set(grid.series)
    for column, name in enumerate(own.series):
        parent = name.rpartition("/")[0]
        if name not in known and parent in known:
            values[:, column] = grid.onto(own.dates, (parent,))[:, 0]
    return values


def _last_known(tidied: Floats, published: Floats) -> Floats:
    """A covariate enters as last known: NaN before its first day and where a series has none."""
    begun = np.maximum.accumulate(np.isfinite(published), axis=0)
    return np.where(begun, tidied, np.nan)


def _later(values: Floats, days: int) -> Floats:
    """As late as the measure comes: training must not know of a day more than a forecast does."""
    return np.vstack([np.full((days, values.shape[1]), np.nan), values[: len(values) - days]])
