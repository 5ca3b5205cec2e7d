"""Sample paths, and the quantiles of their days and weeks. Nothing ever sums quantiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vigil.panel import DAY, Dates, Floats

LEVELS = np.array([10, 25, *range(50, 951, 50), 975, 990]) / 1000  # hubverse
SATURDAY = 5  # days after Monday


@dataclass(frozen=True)
class Paths:
    """Possible futures of one measure: paths x days x series."""

    reference_date: np.datetime64
    series: tuple[str, ...]
    values: Floats
    before: Floats  # the six days up to the reference date, for the week it stands in


@dataclass(frozen=True)
class Quantiles:
    """A distribution for every step and series: levels x steps x series."""

    period: str
    target_dates: Dates
    values: Floats
    mean: Floats


def days(paths: Paths) -> Quantiles:
    """Every day's number."""
    dates = paths.reference_date + DAY * np.arange(1, paths.values.shape[1] + 1)
    return _quantiles("day", dates, paths.values)


def weeks(paths: Paths, *, adds_up: bool = True) -> Quantiles:
    """Sums of Sunday to Saturday, or means of what does not add up, such as a rate.

    The first week's days that are known count as they are.
    """
    known = np.broadcast_to(paths.before, (len(paths.values), *paths.before.shape))
    nothing = np.zeros_like(paths.values[:, :1])
    sums = np.cumsum(np.concatenate([nothing, known, paths.values], axis=1), axis=1)
    ends = saturdays(paths.reference_date, paths.values.shape[1])
    last = ends + paths.before.shape[0]
    whole = (sums[:, last] - sums[:, last - 7]) / (1 if adds_up else 7)
    return _quantiles("week", paths.reference_date + DAY * ends, whole)


def totals(paths: Paths, start: Floats) -> Quantiles:
    """Running totals from what had been counted by the reference date, a number a series.

    Where numbers a day are never negative a path's total never falls, and so neither does a
    quantile.
    """
    dates = paths.reference_date + DAY * np.arange(1, paths.values.shape[1] + 1)
    return _quantiles("total", dates, start + np.cumsum(paths.values, axis=1))


def together(paths: Paths, groups: Mapping[str, Sequence[str]], *, adds_up: bool = True) -> Paths:
    """Places as one (a country of its provinces, the world): sums of each path, or means."""
    at = {name: column for column, name in enumerate(paths.series)}
    members = [[at[name] for name in names if name in at] for names in groups.values()]

    def summed(values: Floats) -> Floats:
        columns = [values[..., one].sum(axis=-1) / (1 if adds_up else len(one)) for one in members]
        return np.stack(columns, axis=-1)

    return Paths(paths.reference_date, tuple(groups), summed(paths.values), summed(paths.before))


def saturdays(
    reference_date: np.datetime64, horizon: int
) -> np.ndarray[tuple[int], np.dtype[np.int_]]:
    """How many days after the reference date each Saturday within the horizon is."""
    monday_is_0 = (reference_date.astype("datetime64[D]").astype(int) + 3) % 7
    first = (SATURDAY - monday_is_0 - 1) % 7 + 1
    return np.arange(first, horizon + 1, 7)


def _quantiles(period: str, dates: Dates, values: Floats) -> Quantiles:
    ordered = np.sort(values, axis=0)
    place = LEVELS * (len(ordered) - 1)
    low = np.floor(place).astype(int)
    share = (place - low)[:, None, None]
    high = np.minimum(low + 1, len(ordered) - 1)
    step = ordered[low] + share * (ordered[high] - ordered[low])
    between = np.clip(step, ordered[low], ordered[high])  # rounding must not cross
    return Quantiles(period, dates, between, values.mean(axis=0))
