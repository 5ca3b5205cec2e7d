"""One simulated epidemic: waves, delays, working weeks, and what is published of them."""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

type Grid = npt.NDArray[np.float64]  # one row a day, one column a series

FIRST = date(2020, 1, 22)
REFERENCE = 1143  # days up to 2023-03-09, by when each series has reached its total
WEEKLY_FROM = 770  # in March 2022 many countries began to report once a week

# Each wave: days from FIRST to its peak, share of all cases, share of all deaths.
WAVES = (
    *((62, 1, 9), (185, 3, 5), (288, 6, 13), (354, 9, 11), (456, 10, 15), (576, 10, 10)),
    *((727, 35, 13), (788, 13, 7), (910, 10, 6), (1000, 5, 5), (1065, 9, 6), (1150, 3, 3)),
)
NEXT_WAVE = (160, 4, 3)  # and so on, this many days after the one before


def days_until(end: date) -> list[date]:
    """Every day from FIRST to *end*."""
    return [FIRST + timedelta(n) for n in range((end - FIRST).days + 1)]


# Every draw has a key of its own and runs day by day, so that a later `end` continues the same
# history: two calls are two mornings of one simulated epidemic.


def waves(key: list[int], days: int, series: int, spread: float) -> Grid:
    """Cases and deaths per day as shares of each series' totals: waves of its own size and day."""
    rng, day = np.random.default_rng(key), np.arange(days, dtype=float)[:, None]
    wobble = np.sin(day / rng.uniform(4, 9, series) + rng.uniform(0, 6.3, series))
    rates = np.zeros((2, days, series))
    peak, (gap, *usual) = WAVES[-1][0], NEXT_WAVE
    for middle, *shares in (*WAVES, *((n, *usual) for n in range(peak + gap, days + 200, gap))):
        near = slice(max(middle - 200, 0), middle + 300)
        since = day[near] - middle - rng.normal(0, spread, series)
        rise, fall = rng.uniform(0.08, 0.16, series), rng.uniform(0.025, 0.05, series)
        wave = rng.gamma(4, 1 / 4, series) / (np.exp(-rise * since) + np.exp(fall * since))
        rates[:, near] += np.array(shares)[:, None, None] * wave
    rates *= np.exp(0.15 * wobble)
    return rates / rates[:, :REFERENCE].sum(axis=1, keepdims=True)


def delayed(rate: Grid, mean: float) -> Grid:
    """What follows *rate* after a gamma delay of *mean* days."""
    lags = np.arange(1, 43)
    weights = lags**3 * np.exp(-4 * lags / mean)
    later = np.zeros_like(rate)
    for lag, weight in zip(lags.tolist(), (weights / weights.sum()).tolist(), strict=True):
        later[lag:] += weight * rate[:-lag]
    return later


def counts(key: list[int], mean: Grid, week: Grid, size: float) -> Grid:
    """Negative binomial counts about *mean*, in a *week* from Monday to Sunday."""
    expected = mean * week[(np.arange(len(mean)) + FIRST.weekday()) % 7]
    drawn = np.random.default_rng(key).negative_binomial(size, size / (size + expected))
    return np.asarray(drawn, dtype=np.float64)


def published(key: list[int], counts: Grid, weekly: float) -> Grid:
    """Running totals, now and then corrected downwards; a share of places reports *weekly*."""
    rng, (days, series) = np.random.default_rng(key), counts.shape
    slow, start = rng.random(series) < weekly, WEEKLY_FROM + rng.integers(0, 120, series)
    chance, totals = rng.random(counts.shape), counts.cumsum(axis=0)
    totals -= np.floor(np.where(chance < 0.002, 3 * chance * totals, 0)).cumsum(axis=0)
    day = np.arange(days)[:, None]
    shown = np.where(slow & (day >= start), day - (day - start) % 7, day)
    return np.take_along_axis(totals, shown, axis=0)
