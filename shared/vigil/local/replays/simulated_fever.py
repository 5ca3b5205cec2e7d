"""Some years of a fever in a country that does not exist: infections, admissions, late reports."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt

from vigil.local.replays import FORTNIGHT, Replay, sundays

type Grid = npt.NDArray[np.float64]  # days x regions
type Counts = npt.NDArray[np.int64]

FIRST, START, LAST = date(2021, 5, 3), date(2024, 1, 21), date(2025, 1, 12)
DAYS = (LAST - FIRST).days + 1
SHOWN = (date(2022, 10, 3) - FIRST).days  # days that no file has
REGIONS = {  # people, in thousands
    "Eastvale": 900, "Fenbridge": 320, "Harrowmere": 560, "Highfell": 140, "Lowmarsh": 410,
    "Northmoor": 1200, "Ostwick": 230, "Southbrook": 780, "Tarnside": 90, "Westhaven": 1500,
}  # fmt: skip
SERIAL = np.array([0.05, 0.2, 0.3, 0.25, 0.12, 0.05, 0.03])  # an infection's share, a day later on
WEEKDAYS = np.array([1.15, 1.08, 1.05, 1.02, 1.05, 0.85, 0.8])  # Monday to Sunday
REPORTED = np.array([0.72, 0.12, 0.06, 0.04, 0.02, 0.015, 0.01, 0.01, 0.005])  # of a day, by delay
SEVERE, TO_HOSPITAL = 0.012, 6  # the share of infections, and the days until then
SEED = 3
TRAININGS = slice(3, None, 12)


def replay() -> Replay:
    """A year of Sundays, each with all that was reported by then."""
    said = "a SIMULATED year of hospital admissions in ten regions of a country that does not exist"
    days = sundays(START, LAST, FORTNIGHT)
    return Replay(
        "simulated_fever", days, days[TRAININGS], _files, "admissions", "Simland/Westhaven", said
    )


def _files(day: date) -> dict[str, str]:
    return {"admissions": "\n".join(["date,region,admissions", *_lines(day)]) + "\n"}


def _lines(day: date) -> Iterator[str]:
    """What was reported by the end of a day, of the days before it."""
    reports = _reports()
    for n in range(SHOWN, (day - FIRST).days):
        late = (day - FIRST).days - n - 1  # a day's first reports come the day after
        known = reports[: late + 1, n].sum(axis=0)
        for region, count in zip(REGIONS, known.tolist(), strict=True):
            yield f"{FIRST + timedelta(n)},{region},{count}"


@cache
def _reports() -> Counts:
    """Admissions by delay of the report, day and region."""
    rng = np.random.default_rng([SEED, 2])
    drawn: Counts = np.moveaxis(rng.multinomial(_admissions(), REPORTED), -1, 0)
    return drawn


def _admissions() -> Counts:
    """Negative binomial about what infections, delay and weekday lead to expect."""
    rng = np.random.default_rng([SEED, 1])
    weekday = WEEKDAYS[(np.arange(DAYS) + FIRST.weekday()) % 7][:, None]
    before = np.maximum(np.arange(DAYS) - TO_HOSPITAL, 0)
    expected = SEVERE * _infections()[before] * weekday
    drawn: Counts = rng.negative_binomial(25, 25 / (25 + expected))
    return drawn


def _infections() -> Grid:
    """Each day's infections follow from those before: season, immunity, behaviour, neighbours."""
    rng, people = np.random.default_rng([SEED, 0]), 1000.0 * np.array(list(REGIONS.values()))
    infected = np.tile(people / 4000, (DAYS, 1))
    immune, drift = np.full(len(people), 0.3), np.zeros((2, len(people)))
    for day in range(len(SERIAL), DAYS):
        season = 0.15 * np.cos(2 * np.pi * ((FIRST.timetuple().tm_yday + day) - 20) / 365)
        common, own = rng.normal(0, 0.03), rng.normal(0, 0.02, len(people))
        drift = 0.97 * drift + np.array([np.full(len(people), common), own])
        growth = np.exp(0.45 + season + drift.sum(axis=0)) * (1 - immune)
        force = SERIAL @ infected[day - len(SERIAL) : day][::-1]
        force = 0.97 * force + 0.03 * people * force.sum() / people.sum()
        infected[day] = growth * force + people / 1e5
        immune += infected[day] / people - immune / 110
    return infected
