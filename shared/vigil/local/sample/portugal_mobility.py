"""Google's yearly files of Portugal: how much people moved, in per cent of early 2020."""

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vigil.local.sample import epidemic
from vigil.local.sample.epidemic import REFERENCE, Grid
from vigil.local.sample.jhu_global import simulated

FIRST, LAST = date(2020, 2, 15), date(2022, 10, 15)
NAMES = Path(__file__).parent.with_name("municipalities.csv")
DISTRICTS = {"Lisbon": "PT-11", "Faro District": "PT-08", "Viseu District": "PT-18"}
LARGE = {"Lisbon", "Sintra", "Faro", "Loulé", "Viseu", "Vouzela"}  # the others show work alone
SPARSE = {"Loulé", "Vouzela"}
HOLIDAYS = {
    *((1, 1), (4, 25), (5, 1), (6, 10), (8, 15)),
    *((10, 5), (11, 1), (12, 1), (12, 8), (12, 25)),
}

# What changes when all are as careful as can be, at a weekend then, on a holiday; and the noise.
HABITS = {
    "retail_and_recreation": (-80, -8, -15, 3),
    "grocery_and_pharmacy": (-42, -12, -35, 3),
    "parks": (-65, -12, 5, 9),
    "transit_stations": (-76, -4, -20, 3),
    "workplaces": (-62, 10, -55, 2),
    "residential": (33, -10, 12, 1),
}
LEAST, MOST = -95, 250
WORDS = np.array([*map(str, range(LEAST, MOST + 1)), ""], dtype=object)  # blank: the last
WORK = list(HABITS).index("workplaces")
KEYS = "country_region_code,country_region,sub_region_1,sub_region_2,metro_area,iso_3166_2_code"


class Region(NamedTuple):
    """The nation, a district of it, or a municipality in one."""

    district: str = ""
    municipality: str = ""

    @property
    def small(self) -> bool:
        """Whether so few people live there that most is left out, for privacy."""
        return bool(self.municipality) and self.municipality not in LARGE


def files(seed: int, end: date) -> dict[str, list[str]]:
    """A file a year, up to *end*, each with the January that follows."""
    regions, days = _regions(), [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]
    changes = _hidden(seed, regions, days, _changes(seed, regions, days))
    return {
        f"portugal_mobility/y{year}.csv": _year(year, end, regions, days, changes)
        for year in range(FIRST.year, min(end, LAST).year + 1)
    }


def _regions() -> list[Region]:
    with NAMES.open(encoding="utf-8", newline="") as file:
        towns = [Region(*row) for row in list(csv.reader(file))[1:]]
    return sorted([Region(), *map(Region, DISTRICTS), *towns])


def _changes(seed: int, regions: list[Region], days: list[date]) -> Grid:
    """By day, region and habit; drawn whole, so that every file cuts from the same numbers."""
    rng = np.random.default_rng([seed, 40])
    full, weekend, holiday, noise = np.array(list(HABITS.values()), dtype=float).T
    care = _care(seed, days)[:, None, None] * rng.normal(1, 0.1, (len(regions), 1))
    late = np.array([day.weekday() > 4 for day in days])[:, None, None]
    free = np.array([(day.month, day.day) in HOLIDAYS for day in days])[:, None, None]
    expected = care * full + late * care * weekend + free * (1 - care / 2) * holiday
    shape = len(days), len(regions), len(HABITS)
    changes: Grid = (
        np.round(expected + noise * rng.normal(size=shape)).clip(LEAST, MOST) + 0.0
    )  # no -0
    return changes


def _care(seed: int, days: list[date]) -> Grid:
    """From 0 to 1: a spring of staying at home, then as Portugal's simulated deaths make people."""
    names, _, deaths = simulated(seed, REFERENCE)
    [place] = [n for n, name in enumerate(names) if name.startswith(",Portugal,")]
    recent = np.convolve(deaths[:, place], np.ones(14) / 14)[:REFERENCE]
    since = np.array([(day - date(2020, 3, 16)).days for day in days], dtype=float)
    spring = np.exp(-np.maximum(since - 45, 0) / 30) / (1 + np.exp(-since))
    fear = np.sqrt(recent / recent.max())[(FIRST - epidemic.FIRST).days :]
    habit = np.exp(-np.maximum(since, 0) / 500)  # with the years people mind less
    care: Grid = np.maximum(spring, 0.7 * fear[: len(days)] * habit)
    return care


def _hidden(seed: int, regions: list[Region], days: list[date], changes: Grid) -> Grid:
    """Blanks: some in two municipalities, and all but work on working days in small ones."""
    shown, rng = changes.copy(), np.random.default_rng([seed, 41])
    some = rng.random(changes.shape) < 0.3
    idle = [n for n, day in enumerate(days) if _idle(day)]
    for place, region in enumerate(regions):
        if region.municipality in SPARSE:
            shown[:, place][some[:, place]] = np.nan
        elif region.small:
            shown[:, place, [n for n in range(len(HABITS)) if n != WORK]] = np.nan
            shown[idle, place] = np.nan
    return shown


def _idle(day: date) -> bool:
    return day.weekday() > 4 or (day.month, day.day) in HOLIDAYS


def _year(
    year: int, end: date, regions: list[Region], days: list[date], changes: Grid
) -> list[str]:
    """A file's lines, region by region; a day on which nothing is known is left out."""
    until, named = min(end, date(year + 1, 1, 31)), year > FIRST.year  # place_id came in 2021
    own = [n for n, day in enumerate(days) if date(year, 1, 1) <= day <= until]
    ids = ["census_fips_code", *(["place_id"] if named else []), "date"]
    lines = [",".join([KEYS, *ids, *(f"{name}_percent_change_from_baseline" for name in HABITS)])]
    known = np.isfinite(changes).any(axis=2)
    cells = WORDS[np.where(np.isnan(changes), -1, changes - LEAST).astype(int)]
    for place, (district, town) in enumerate(regions):
        code = "" if town else DISTRICTS.get(district, "")
        quoted = f'"{town}"' if "," in town else town
        start = f"PT,Portugal,{district},{quoted},,{code},,"
        start += f"SIMULATED{place:04}," if named else ""
        lines += (
            start + ",".join([str(days[n]), *cells[n, place]]) for n in own if known[n, place]
        )
    return lines
