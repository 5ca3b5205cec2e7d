"""JHU's two wide files: running totals of cases and deaths, a row a place."""

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

from vigil.local.sample.epidemic import REFERENCE, Grid, counts, delayed, published, waves

# Place names and coordinates are those of JHU CSSE (CC BY 4.0, Johns Hopkins University); each
# place's last totals are there too, to one significant digit, so that sizes are believable.
PLACES = Path(__file__).parent.with_name("places.csv")

OFFICE = np.array([[0.85, 1.0, 1.1, 1.15, 1.15, 1.0, 0.75]]).T  # Monday to Sunday


def files(seed: int, days: list[date]) -> dict[str, list[str]]:
    """Both files, with corrections and weekly reporters."""
    names, cases, deaths = simulated(seed, max(len(days), REFERENCE))
    return {
        "jhu_global/confirmed.csv": _wide(names, days, published([seed, 4], cases, 1 / 3)),
        "jhu_global/deaths.csv": _wide(names, days, published([seed, 5], deaths, 1 / 9)),
    }


@cache
def simulated(seed: int, days: int) -> tuple[list[str], Grid, Grid]:
    """The places as they stand in the file, and the cases and deaths of each on each day."""
    rows = [row.rsplit(",", 2) for row in PLACES.read_text(encoding="utf-8").splitlines()[1:]]
    names, sizes = [row[0] for row in rows], np.array([row[1:] for row in rows], dtype=float)
    rng = np.random.default_rng([seed, 0])
    onset, week = rng.integers(0, 65, len(rows)), OFFICE ** rng.gamma(2, 1, len(rows))
    begun = np.arange(days)[:, None] >= onset
    infected, fatal = begun * waves([seed, 1], days, len(rows), 16)
    cases = counts([seed, 2], sizes[:, 0] * infected, week, 10)
    deaths = counts([seed, 3], sizes[:, 1] * delayed(fatal, 17), week, 10)
    return names, cases, deaths


def _wide(names: list[str], days: list[date], totals: Grid) -> list[str]:
    """The lines of a JHU file."""
    dates = [f"{day.month}/{day.day}/{day:%y}" for day in days]
    rows = totals[: len(days)].T.astype(int).tolist()
    lines = [",".join([name, *map(str, row)]) for name, row in zip(names, rows, strict=True)]
    return [",".join(["Province/State,Country/Region,Lat,Long", *dates]), *lines]
