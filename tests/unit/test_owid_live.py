"""The live file of Our World in Data: another layout, the same dataset file, the same names."""

import csv
import io
from datetime import UTC, datetime

import numpy as np
import pytest

from vigil import datasets, layouts
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.layouts import Parsed
from vigil.panel import Key
from vigil.verdict import Case

HEADER = """\
country,date,total_cases,new_cases,new_cases_smoothed,total_cases_per_million,new_cases_per_million,
new_cases_smoothed_per_million,total_deaths,new_deaths,new_deaths_smoothed,total_deaths_per_million,
new_deaths_per_million,new_deaths_smoothed_per_million,excess_mortality,
excess_mortality_cumulative,excess_mortality_cumulative_absolute,
excess_mortality_cumulative_per_million,hosp_patients,hosp_patients_per_million,
weekly_hosp_admissions,weekly_hosp_admissions_per_million,icu_patients,icu_patients_per_million,
weekly_icu_admissions,weekly_icu_admissions_per_million,stringency_index,reproduction_rate,
total_tests,new_tests,total_tests_per_thousand,new_tests_per_thousand,new_tests_smoothed,
new_tests_smoothed_per_thousand,positive_rate,tests_per_case,total_vaccinations,people_vaccinated,
people_fully_vaccinated,total_boosters,new_vaccinations,new_vaccinations_smoothed,
total_vaccinations_per_hundred,people_vaccinated_per_hundred,people_fully_vaccinated_per_hundred,
total_boosters_per_hundred,new_vaccinations_smoothed_per_million,new_people_vaccinated_smoothed,
new_people_vaccinated_smoothed_per_hundred,code,continent,population,population_density,median_age,
life_expectancy,gdp_per_capita,extreme_poverty,diabetes_prevalence,handwashing_facilities,
hospital_beds_per_thousand,human_development_index""".replace("\n", "").split(",")

WEEK = [  # WHO's weekly numbers stand on one day; the others are zeros
    {"country": "South Korea", "code": "KOR", "continent": "Asia", "population": "51829025"},
    {"country": "France", "code": "FRA", "continent": "Europe", "population": "67749628"},
    {"country": "Namibia", "code": "NAM", "continent": "Africa", "population": "2889661"},
    {"country": "North America", "code": "OWID_NAM", "population": "608000000"},
    {"country": "World excl. China", "population": "6600000000"},
]


def file(columns: list[str] = HEADER) -> bytes:
    """A week of five series from 2026-10-18 to the 24th, with cases on the Sunday."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore")
    writer.writeheader()
    for number, about in enumerate(WEEK, 1):
        for day in range(18, 25):
            count = float(100 * number) if day == 18 else 0.0
            writer.writerow(
                {**about, "date": f"2026-10-{day}", "new_cases": count, "new_deaths": count / 10}
            )
    return text.getvalue().encode()


def owid(**more) -> Dataset:
    """The shipped dataset, content with five series."""
    spec = datasets.load("owid").model_dump()
    spec["sources"]["owid"] |= {"expect": {"series": 1, "stale_days": 42}, **more}
    return Dataset.model_validate(spec)


def read(body: bytes, **more) -> Parsed:
    """A live file, parsed."""
    return layouts.parse(owid(**more), "owid", body)


def test_the_live_layout_has_61_columns_and_all_are_declared():
    """Nothing is extra, nothing is missing."""
    assert len(HEADER) == len(set(HEADER)) == 61
    assert [mark.rule for mark in read(file()).marks if mark.speaks] == []


def test_series_have_the_names_of_the_archived_file():
    """By code where there is one, by name where there is none."""
    parsed = read(file())
    assert parsed.series == {"KOR", "FRA", "NAM", "OWID_NAM", "World excl. China"}
    assert parsed.attributes["KOR"] == {
        "name": "South Korea",
        "parent": "Asia",
        "population": 51_829_025,
        "aggregate": False,
    }
    aggregates = {name for name, said in parsed.attributes.items() if said["aggregate"]}
    assert aggregates == {"OWID_NAM", "World excl. China"}


def test_both_layouts_say_the_same():
    """The archived one calls the columns iso_code and location, and has others between."""
    old = [{"country": "location", "code": "iso_code"}.get(name, name) for name in HEADER]
    body = file().replace(",".join(HEADER).encode(), ",".join(old).encode(), 1)
    live, archived = read(file()), read(body)
    assert archived.attributes == live.attributes
    for key, one in live.panel.items():
        np.testing.assert_array_equal(archived.panel[key].values, one.values)


def test_weekly_numbers_stand_on_their_day():
    """Korea is the first: 100 cases and 10 deaths on the Sunday, zeros to the Saturday."""
    for target, count in (("cases", 100), ("deaths", 10)):
        one = read(file()).panel[Key("owid", target)]
        assert one.values[:, one.series.index("KOR")].tolist() == [count, *[0] * 6]


def test_countries_are_chosen_by_their_codes():
    """A line in the dataset's file."""
    assert read(file(), where={"code": ["KOR", "FRA"]}).series == {"KOR", "FRA"}


def test_covariates_may_disappear_and_targets_not():
    """The catalog drops columns when nobody updates them."""
    without = [name for name in HEADER if name not in {"icu_patients", "tests_per_case"}]
    assert Key("owid", "icu") not in read(file(without)).panel
    with pytest.raises(Rejected, match=r"expected columns \['new_deaths'\]"):
        read(file([name for name in HEADER if name != "new_deaths"]))


def test_numbers_that_come_in_batches_are_not_stale_for_six_weeks():
    """42 days after the 24th of October is the fifth of December."""
    parsed = read(file())
    for day, fresh in ((5, True), (6, False)):
        case = Case(owid(), "owid", parsed, {}, datetime(2026, 12, day, tzinfo=UTC))
        if fresh:
            case.check(downloaded=True)
        else:
            with pytest.raises(Rejected, match="data up to 2026-10-25 or later"):
                case.check(downloaded=True)
