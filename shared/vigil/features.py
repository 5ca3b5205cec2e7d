"""What models look at: one module for training and serving.

Features of an origin are made from the days up to it alone; of the target day only the calendar
is used. Covariates enter as last known.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vigil import calendars
from vigil.accuracy import on_log_scale
from vigil.panel import DAY, Floats, Index
from vigil.transforms import TRANSFORMS, Transform
from vigil.view import WEEK, Other, View, trailing

Table = NDArray[np.float32]
CALENDAR = ("horizon", "weekday", "holiday", "holidays in the week", "season")
PROFILE_WEEKS = 2
PACE_WEEKS = 8  # that say how weekdays stand
LATE = np.array([0.7**ago for ago in range(WEEK)])  # what each of the last days weighs
HALF_WEEK = WEEK // 2


class Cells(NamedTuple):
    """What is forecast: from which origin, how many days ahead, of which series."""

    origin: Index
    horizon: Index
    series: Index


def grid_of(origins: Index, horizons: Index, series: int) -> Cells:
    """Every origin with every horizon and series, in that order."""
    laid = np.meshgrid(origins, horizons, np.arange(series), indexing="ij")
    return Cells(*(axis.ravel() for axis in laid))


@dataclass(frozen=True)
class Features:
    """Of every day and series: days x series x names."""

    names: tuple[str, ...]
    table: Table
    season: Floats  # days x 7 x series: how a weekday stands to the level, from the weeks before
    holidays: NDArray[np.bool_]  # days (and those to come) x series

    def columns(self, names: tuple[str, ...]) -> Index:
        """Where these features stand."""
        return np.array([self.names.index(name) for name in names], int)


@lru_cache(maxsize=2)  # several models look at one view
def features(view: View, ahead: int) -> Features:
    """All features of a view, and the holidays of the days that are to come."""
    named = dict(_own(view))
    shared = dict(_of_all(view))
    for other in view.others:
        named |= dict(_of_other(view, other))
    table = np.stack([*named.values(), *shared.values()], axis=-1).astype(np.float32)
    days = np.arange(view.dates[0], view.dates[-1] + np.timedelta64(ahead + 1, "D"))
    holidays = calendars.holidays(view.country, view.series, days)
    return Features((*named, *shared), table, season(view), holidays)


def back(values: Floats, days: int) -> Floats:
    """As it stood so many days before."""
    out = np.full_like(values, np.nan)
    out[days:] = values[: max(len(values) - days, 0)]
    return out


def growth(values: Floats, ago: int = 0, days: int = WEEK) -> Floats:
    """Change over so many days, up to so many days ago."""
    return back(values, ago) - back(values, ago + days) if ago else values - back(values, days)


def _momentum(numbers: Floats, to: Callable[[Floats], Floats]) -> Floats:
    """The last three days against the same three of the week before."""
    return growth(to(trailing(numbers, 3) * (WEEK / 3)))


def pace(numbers: Floats) -> Floats:
    """Counts a day as they stand now, free of their weekdays; the last day weighs most.

    Which share of the days around it a weekday has, the weeks before say.
    """
    around = np.full_like(numbers, np.nan)
    around[: -HALF_WEEK or None] = trailing(numbers, WEEK)[HALF_WEEK:] / WEEK
    known = np.isfinite(around + numbers)
    weeks = np.zeros(WEEK * PACE_WEEKS + 1)
    weeks[WEEK::WEEK] = 1
    usual, own = (_back(np.where(known, each, 0), weeks) for each in (around, numbers))
    standing = np.divide(own, usual, out=np.ones_like(own), where=usual > 0)
    expected = _back(standing, LATE)
    paced = _back(numbers, LATE) / np.where(expected > 0, expected, np.nan)
    return np.maximum(paced, 0)


def _back(values: Floats, weights: Floats) -> Floats:
    """Sums of what stood so many days before, by weight; nothing stood before the first day."""
    out = np.zeros_like(values)
    for days in np.flatnonzero(weights[: len(values)]):
        out[days:] += weights[days] * values[: len(values) - days]
    return out


def _own(view: View) -> Iterator[tuple[str, Floats]]:
    level = view.level
    yield "level", level
    for week in range(4):
        yield f"growth {week}", growth(level, WEEK * week)
    yield "momentum", _momentum(view.tidied, partial(_scaled, view))
    if view.measure.counts:
        yield "pace", _scaled(view, pace(view.tidied) * WEEK) - level
    yield "published less tidied", _truth(view) - level
    if view.grain == "day":
        yield "last day", view.transform.to(view.tidied) - level


def _scaled(view: View, sums: Floats) -> Floats:
    """Seven-day sums on the scale of the level."""
    return view.transform.to(sums if view.sums else sums / WEEK)


def _truth(view: View) -> Floats:
    if view.grain == "day":
        return view.transform.to(view.over_a_week(view.published))
    return view.truth


def _of_all(view: View) -> Iterator[tuple[str, Floats]]:
    """How all series together move."""
    grown = growth(view.level)
    common = np.full((len(grown), 1), np.nan)
    known = np.isfinite(grown).any(axis=1)
    common[known] = np.nanmedian(grown[known], axis=1, keepdims=True)
    together = view.transform.to(np.nansum(view.over_a_week(view.tidied), axis=1, keepdims=True))
    shape = view.level.shape
    yield "common growth", np.broadcast_to(common, shape)
    yield "total growth", np.broadcast_to(growth(together), shape)


def _of_other(view: View, other: Other) -> Iterator[tuple[str, Floats]]:
    to = _transform_of(view, other)
    weekly = trailing(other.daily, WEEK)
    level = to.to(weekly)
    for week in range(4 if other.target else 2):
        yield f"{other.name} growth {week}", growth(level, WEEK * week)
    yield f"{other.name} momentum", _momentum(other.daily, to.to)
    if other.target and other.non_negative:
        yield f"{other.name} pace", to.to(pace(other.daily) * WEEK) - level
    if view.measure.non_negative and other.non_negative:
        own = on_log_scale(view.over_a_week(view.tidied))
        yield f"to {other.name}", own - on_log_scale(back(weekly, 2 * WEEK))
    elif not other.target:
        yield f"{other.name}", weekly / WEEK


def _transform_of(view: View, other: Other) -> Transform:
    return view.transform if other.non_negative else TRANSFORMS["none"]


def season(view: View) -> Floats:
    """How each weekday has stood to the seven days up to it, as mean of the last weeks."""
    days, series = view.level.shape
    if view.grain != "day":
        return np.zeros((days, WEEK, series))
    apart = view.transform.to(view.tidied) - view.level
    out = np.zeros((days, WEEK, series))
    recent = np.stack([back(apart, WEEK * week) for week in range(PROFILE_WEEKS)])
    known = np.isfinite(recent)
    mean = np.where(known, recent, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    weekdays = weekday(view.dates)
    for shift in range(min(WEEK, days)):  # the weekday shift days ago was last seen then
        out[np.arange(shift, days), weekdays[: days - shift]] = mean[: days - shift]
    return out


def weekday(dates: NDArray[np.datetime64]) -> Index:
    """Monday is 0."""
    return (dates.astype("datetime64[D]").astype(int) + 3) % WEEK


def anchor(view: View, made: Features, cells: Cells) -> Floats:
    """Where a target stands if nothing changes: the level, as its weekday stands to it."""
    days = weekday(view.dates[0] + (cells.origin + cells.horizon) * DAY)
    season = made.season[cells.origin, days, cells.series]
    standing: Floats = view.level[cells.origin, cells.series] + season
    return standing


def rows(view: View, made: Features, cells: Cells) -> Table:
    """A row for every cell: the features of its origin and the calendar of its target day."""
    table = np.empty((len(cells.origin), len(made.names) + len(CALENDAR)), np.float32)
    table[:, : len(made.names)] = made.table[cells.origin, cells.series]
    target = cells.origin + cells.horizon
    days = weekday(view.dates[0] + target * DAY)
    off = np.cumsum(np.vstack([np.zeros((1, len(view.series))), made.holidays]), axis=0)
    calendar = (
        cells.horizon,
        days,
        made.holidays[target, cells.series],
        off[target + 1, cells.series] - off[np.maximum(target - 6, 0), cells.series],
        made.season[cells.origin, days, cells.series],
    )
    for column, values in enumerate(calendar, start=len(made.names)):
        table[:, column] = values
    return table
