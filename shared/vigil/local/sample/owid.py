"""Our World in Data's live file: a row a country and day, WHO's weekly numbers on Sundays."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from vigil.local.sample.epidemic import FIRST, REFERENCE, Grid
from vigil.local.sample.jhu_global import simulated

# Names, codes, continents and populations (to two digits): Our World in Data, CC BY 4.0. The last
# column is JHU's name, where it is another.
COUNTRIES = Path(__file__).parent.with_name("countries.csv")

HEADER = (
    "country,date,total_cases,new_cases,new_cases_smoothed,total_cases_per_million,"
    "new_cases_per_million,new_cases_smoothed_per_million,total_deaths,new_deaths,"
    "new_deaths_smoothed,total_deaths_per_million,new_deaths_per_million,"
    "new_deaths_smoothed_per_million,excess_mortality,excess_mortality_cumulative,"
    "excess_mortality_cumulative_absolute,excess_mortality_cumulative_per_million,hosp_patients,"
    "hosp_patients_per_million,weekly_hosp_admissions,weekly_hosp_admissions_per_million,"
    "icu_patients,icu_patients_per_million,weekly_icu_admissions,"
    "weekly_icu_admissions_per_million,stringency_index,reproduction_rate,total_tests,new_tests,"
    "total_tests_per_thousand,new_tests_per_thousand,new_tests_smoothed,"
    "new_tests_smoothed_per_thousand,positive_rate,tests_per_case,total_vaccinations,"
    "people_vaccinated,people_fully_vaccinated,total_boosters,new_vaccinations,"
    "new_vaccinations_smoothed,total_vaccinations_per_hundred,people_vaccinated_per_hundred,"
    "people_fully_vaccinated_per_hundred,total_boosters_per_hundred,"
    "new_vaccinations_smoothed_per_million,new_people_vaccinated_smoothed,"
    "new_people_vaccinated_smoothed_per_hundred,code,continent,population,population_density,"
    "median_age,life_expectancy,gdp_per_capita,extreme_poverty,diabetes_prevalence,"
    "handwashing_facilities,hospital_beds_per_thousand,human_development_index"
)

# These have every day, the others the last weeks only: the file stays small, and is as broad as
# the dataset expects.
WHOLE = {"BRA", "DEU", "FRA", "ITA", "KOR", "PRT", "USA", "ZAF"}  # and the aggregates
LISTED, AT_LEAST = date(2023, 2, 9), 28

# Vaccinated, boosted: the share in the end, and the day by which half of it is reached.
VACCINATED = ((0.75, 540), (0.45, 730))


@dataclass(frozen=True)
class Country:
    """A row's fixed part, and the week up to each Sunday: zero on the days between."""

    name: str
    code: str
    continent: str  # blank: an aggregate
    population: int
    cases: Grid
    deaths: Grid


def files(seed: int, days: list[date]) -> dict[str, list[str]]:
    """The file, in the order of the names."""
    listed = days.index(max(FIRST, min(LISTED, days[-1] - timedelta(AT_LEAST - 1))))
    lines = [HEADER]
    for one in sorted(_countries(seed, days), key=lambda one: one.name):
        whole = one.code in WHOLE or not one.continent
        lines += _rows(one, days, 0 if whole else listed)
    return {"owid/owid.csv": lines}


def _countries(seed: int, days: list[date]) -> list[Country]:
    """The countries with the numbers of JHU's simulated places, and what they add up to."""
    names, *counts = simulated(seed, max(len(days), REFERENCE))
    places = [row[1] for row in csv.reader(names)]
    weekly = [_weeks(one[: len(days)]) for one in counts]
    found = []
    with COUNTRIES.open(encoding="utf-8", newline="") as file:
        for name, code, continent, people, jhu in list(csv.reader(file))[1:]:
            own = [n for n, place in enumerate(places) if place == (jhu or name)]
            cases, deaths = (one[:, own].sum(axis=1) for one in weekly)
            found.append(Country(name, code, continent, int(people), cases, deaths))
    europe = [one for one in found if one.continent == "Europe"]
    return [*found, _sum("World", "OWID_WRL", found), _sum("Europe", "OWID_EUR", europe)]


def _weeks(daily: Grid) -> Grid:
    """On each Sunday the sum of its week."""
    sundays = np.arange(6 - FIRST.weekday(), len(daily), 7)
    weeks = np.zeros_like(daily)
    weeks[sundays] = np.diff(daily.cumsum(axis=0)[sundays], axis=0, prepend=0)
    return weeks


def _sum(name: str, code: str, members: list[Country]) -> Country:
    cases = np.sum([one.cases for one in members], axis=0)
    deaths = np.sum([one.deaths for one in members], axis=0)
    return Country(name, code, "", sum(one.population for one in members), cases, deaths)


def _rows(one: Country, days: list[date], first: int) -> Iterator[str]:
    """A country's lines from that day on: each day's counts, and on Sundays what goes with them."""
    blank = dict.fromkeys(HEADER.split(","), "")
    fixed = {
        "country": one.name,
        "code": one.code,
        "continent": one.continent,
        "population": str(one.population),
    }
    counts = {
        "total_cases": one.cases.cumsum(),
        "new_cases": one.cases,
        "total_deaths": one.deaths.cumsum(),
        "new_deaths": one.deaths,
    }
    weekly = _smoothed(one) | (_around(one) if one.continent else {})
    for n, day in enumerate(days[first:], first):
        shown = counts | weekly if day.weekday() == 6 else counts
        numbers = {name: f"{values[n]:.10g}" for name, values in shown.items()}
        yield ",".join((blank | fixed | {"date": str(day)} | numbers).values())


def _smoothed(one: Country) -> dict[str, Grid]:
    return {
        "new_cases_smoothed": np.round(one.cases / 7, 3),
        "new_deaths_smoothed": np.round(one.deaths / 7, 3),
    }


def _around(one: Country) -> dict[str, Grid]:
    """Hospitals, tests, rules and vaccinations, as they could go with these cases and deaths."""
    people, before = one.population, np.roll(one.cases, 7)
    day = np.arange(len(one.cases))
    vaccinated, boosted = (share / (1 + np.exp((start - day) / 45)) for share, start in VACCINATED)
    positive = np.minimum(0.01 + 20 * one.cases / people, 0.4).round(3)
    return {
        "hosp_patients": np.round(12 * one.deaths),
        "icu_patients": np.round(2 * one.deaths),
        "weekly_hosp_admissions": np.round(7 * one.deaths),
        "weekly_icu_admissions": np.round(one.deaths),
        "new_tests": np.round(one.cases / 7 / positive),
        "positive_rate": positive,
        "reproduction_rate": np.sqrt((one.cases + 1) / (before + 1)).clip(0.2, 4).round(2),
        "stringency_index": np.round(80 * np.exp(-np.maximum(day - 60, 0) / 500), 2),
        "people_fully_vaccinated": np.floor(people * vaccinated),
        "total_boosters": np.floor(people * boosted),
        "new_vaccinations_smoothed": np.round(np.gradient(people * (2 * vaccinated + boosted))),
        "excess_mortality": np.round(100 * one.deaths / (people * 1.7e-4) - 2, 2),
    }
