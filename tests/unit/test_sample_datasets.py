"""The simulated files as the product reads them: every dataset's contract holds."""

import csv
import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from examples import records_of

from vigil import datasets, layouts
from vigil.layouts import Parsed
from vigil.local import sample
from vigil.panel import Key
from vigil.records import keyed_hash
from vigil.verdict import Case

LAST = datetime(2023, 3, 31, 12, tzinfo=UTC)
SHAPES = {
    ("jhu_global", "confirmed"): (1143, 289),
    ("jhu_global", "deaths"): (1143, 289),
    ("france_deaths", "indicators"): (1164, 1),
    ("france_deaths", "screening"): (1050, 1),
    ("france_deaths", "departements"): (1108, 102),
    ("portugal_mobility", "y2020"): (352, 154),
    ("portugal_mobility", "y2021"): (396, 154),
    ("portugal_mobility", "y2022"): (288, 154),
    ("owid", "owid"): (1143, 152),
}
KINDS = ("train", "test")
YEARS = ("y2020", "y2021", "y2022")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the files are, as written by default."""
    directory = tmp_path_factory.mktemp("sample")
    sample.write(directory)
    return directory


@pytest.fixture(scope="module")
def parsed(folder) -> dict[tuple[str, str], Parsed]:
    """Each file as its dataset's YAML reads it."""
    stays = "hospital_stay", "admissions"
    names = {key: f"{'/'.join(key)}.csv" for key in SHAPES}
    names[stays] = "hospital_stay/train_simulated.csv"
    return {
        (name, source): layouts.parse(
            datasets.load(name), source, (folder / file).read_bytes(), keyed_hash(b"key", name)
        )
        for (name, source), file in names.items()
    }


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_source_has_a_file(parsed):
    """All five shipped datasets, no source left out."""
    shipped = {
        (file.stem, source)
        for file in Path(datasets.__file__).parent.glob("*.yaml")
        for source in datasets.load(file.stem).sources
    }
    assert shipped == set(parsed)


@pytest.mark.parametrize("key", SHAPES)
def test_a_file_is_read_in_its_whole_size(parsed, key):
    """Days and series, the same for each measure; every measure has values."""
    panel = parsed[key].panel
    assert {one.values.shape for one in panel.values()} == {SHAPES[key]}
    assert set(panel) == {Key(key[1], name) for name in datasets.load(key[0]).columns(key[1])}
    assert all(one.known for one in panel.values())


@pytest.mark.parametrize("name", ["jhu_global", "france_deaths", "portugal_mobility", "owid"])
def test_the_contract_holds_even_for_a_download(parsed, name):
    """Nothing is refused at the last moment, as the shipped YAML has it."""
    dataset = datasets.load(name)
    held = {source: one for (owner, source), one in parsed.items() if owner == name}
    for source, content in held.items():
        Case(dataset, source, content, held, LAST).check(downloaded=True)


@pytest.mark.parametrize(("name", "found"), [("portugal_mobility", {"gaps"}), ("owid", set())])
def test_readers_are_struck_by_what_strikes_them_in_reality(parsed, name, found):
    """Days that small municipalities leave out, which the YAML knows; no column unheard of."""
    marks = [mark for key, one in parsed.items() if key[0] == name for mark in one.marks]
    assert {mark.rule for mark in marks if mark.speaks} == found


def test_portugal_has_three_levels(parsed):
    """A nation, three districts, and municipalities enough for what the dataset expects."""
    series = parsed["portugal_mobility", "y2020"].series
    assert Counter(name.count("/") for name in series) == {0: 1, 1: 3, 2: 150}
    assert {"Portugal", "Portugal/Lisbon", "Portugal/Lisbon/Sintra"} <= series


def test_place_id_came_in_2021_and_says_that_it_is_simulated(folder):
    """The column stands before the date; the file of 2020 has none."""
    first, *later = (table(folder / f"portugal_mobility/{year}.csv") for year in YEARS)
    assert "place_id" not in first[0]
    for rows in later:
        assert list(rows[0])[7:9] == ["place_id", "date"]
        assert all(row["place_id"].startswith("SIMULATED") for row in rows)


@pytest.mark.parametrize(("year", "days"), [(2021, 31), (2022, 31)])
def test_a_january_is_in_two_files_and_the_same(folder, year, days):
    """All rows of the month, whatever the column before the date."""

    def january(file: int) -> list[list[str]]:
        rows = table(folder / f"portugal_mobility/y{file}.csv")
        return [
            [text for name, text in row.items() if name != "place_id"]
            for row in rows
            if row["date"].startswith(f"{year}-01")
        ]

    assert january(year) == january(year - 1)
    assert len({row[7] for row in january(year)}) == days


def test_the_nation_stayed_at_home_in_april_2020(parsed):
    """Shops far below, homes above; in the first week nothing had happened yet."""
    panel = parsed["portugal_mobility", "y2020"].panel
    for target, low, high in (("retail", -95, -60), ("residential", 15, 45)):
        one = panel[Key("y2020", target)]
        nation = one.values[:, one.series.index("Portugal")]
        assert low < np.mean(nation[46:76]) < high
        assert abs(np.mean(nation[:7])) < 8


def test_a_holiday_empties_the_workplaces(parsed):
    """Liberation Day 2022, a Monday, lies more than 20 below the Mondays around it."""
    one = parsed["portugal_mobility", "y2022"].panel[Key("y2022", "workplaces")]
    nation, day = one.values[:, one.series.index("Portugal")], (date(2022, 4, 25)).toordinal()
    row = day - date(2022, 1, 1).toordinal()
    assert nation[row] < min(nation[row - 7], nation[row + 7]) - 20


def test_only_small_places_have_blanks(parsed):
    """The nation and Lisbon are whole, Vouzela lacks about a third, Braga all but workplaces."""
    panel = parsed["portugal_mobility", "y2021"].panel
    blank = {
        key.target: dict(zip(one.series, np.isnan(one.values).mean(axis=0), strict=True))
        for key, one in panel.items()
    }
    for target, shares in blank.items():
        assert shares["Portugal"] == shares["Portugal/Lisbon/Sintra"] == 0
        assert 0.2 < shares["Portugal/Viseu District/Vouzela"] < 0.4
        assert shares["Portugal/Braga/Braga"] == 1 or target == "workplaces"
    assert blank["workplaces"]["Portugal/Braga/Braga"] < 0.4


def test_mobility_stops_with_the_end(tmp_path):
    """A year that has not begun has no file; another end never changes a row."""
    written = sample.write(tmp_path / "early", end=date(2021, 1, 10))
    sample.write(tmp_path / "late", end=date(2024, 1, 1))
    names = [path.name for path in written if path.parent.name == "portugal_mobility"]
    assert names == ["y2020.csv", "y2021.csv"]
    early, late = (
        (tmp_path / when / "portugal_mobility/y2020.csv").read_text("utf-8").splitlines()
        for when in ("early", "late")
    )
    assert max(line.split(",")[7] for line in early[1:]) == "2021-01-10"
    assert set(early) < set(late)


def test_owid_has_the_61_columns_of_the_live_file(folder):
    """Those of the YAML but for six that the archived file alone has; under two megabytes."""
    file = folder / "owid/owid.csv"
    header = file.read_text("utf-8").split("\n", 1)[0].split(",")
    source = datasets.load("owid").sources["owid"]
    used = {*source.series, *source.attributes.values(), source.date}
    measured = {spec.sources["owid"] for spec in datasets.load("owid").measures.values()}
    assert (len(header), len(set(header))) == (61, 61)
    assert {*used, *measured} <= set(header) <= {*used, *measured, *source.unused}
    assert file.stat().st_size < 2_000_000


def test_owid_names_countries_and_marks_aggregates(parsed):
    """Korea with its code and continent; the World and Europe with none."""
    attributes = parsed["owid", "owid"].attributes
    assert attributes["KOR"] == {
        "name": "South Korea",
        "parent": "Asia",
        "population": 51_000_000,
        "aggregate": False,
    }
    assert {"FRA", "PRT", "KOR"} <= set(attributes)
    aggregates = {name for name, said in attributes.items() if said["aggregate"]}
    assert aggregates == {"OWID_WRL", "OWID_EUR"}


def test_owid_counts_on_sundays_and_says_zero_between(parsed):
    """From the first day to the last, for a country that has every day."""
    for target in ("cases", "deaths"):
        one = parsed["owid", "owid"].panel[Key("owid", target)]
        korea = one.values[:, one.series.index("KOR")]
        sunday = (one.dates.astype("datetime64[D]").astype(int) + 3) % 7 == 6
        assert str(one.dates[0]) == "2020-01-22"
        assert str(one.dates[-1]) == "2023-03-09"
        assert set(korea[~sunday]) == {0.0}
        assert (korea[sunday] > 0).mean() > 0.8


def test_the_world_is_the_sum_of_the_countries(parsed):
    """On the last Sunday, which all of them have."""
    one = parsed["owid", "owid"].panel[Key("owid", "cases")]
    row = np.searchsorted(one.dates, np.datetime64("2023-03-05"))
    numbers = dict(zip(one.series, one.values[row], strict=True))
    world, _ = numbers.pop("OWID_WRL"), numbers.pop("OWID_EUR")
    assert world == sum(numbers.values()) > 100_000


def test_a_later_end_of_owid_only_adds_rows(folder, tmp_path):
    """What was published stays as it was."""
    sample.write(tmp_path, end=date(2023, 3, 20))
    early, late = (
        set((where / "owid/owid.csv").read_text("utf-8").splitlines())
        for where in (folder, tmp_path)
    )
    assert early < late


def test_three_thousand_stays_of_people_who_come_back(parsed, folder):
    """All eleven classes, some unknown cities, and numbers beyond those of the real file."""
    stays = records_of(parsed["hospital_stay", "admissions"].records)
    rows = [json.loads(record.fields) for record in stays.values()]
    assert len(rows) == 3000
    assert {len(row) for row in rows} == {16}
    assert len({row["Stay"] for row in rows}) == 11
    assert 0 < sum(row["City_Code_Patient"] is None for row in rows) < 90
    assert 500 < len({record.person for record in stays.values()}) < 1000
    assert len(table(folder / "hospital_stay/train_simulated.csv")[0]) == 18
    assert min(map(int, stays)) == 900_001


def test_the_patients_still_in_hospital_have_no_stay_yet(folder):
    """A file of 400 rows and 17 columns; its numbers go on, and some of its people came before."""
    ended, still = (table(folder / f"hospital_stay/{kind}_simulated.csv") for kind in KINDS)
    assert list(still[0]) == list(ended[0])[:-1]
    assert [int(row["case_id"]) for row in (still[0], still[-1])] == [903_001, 903_400]
    known = {row["patientid"] for row in ended}
    assert 100 < sum(row["patientid"] in known for row in still) < 400
    body = (folder / "hospital_stay/test_simulated.csv").read_bytes()
    name = keyed_hash(b"key", "hospital_stay")
    taken = layouts.parse(datasets.load("hospital_stay"), "admissions", body, name)
    assert len(taken.records) == 400


def test_a_person_stays_the_same_age(folder):
    """And lives in the same city, whenever they come."""
    found = [row for kind in KINDS for row in table(folder / f"hospital_stay/{kind}_simulated.csv")]
    people = {(row["patientid"], row["Age"], row["City_Code_Patient"]) for row in found}
    assert len(people) == len({row["patientid"] for row in found})


def test_a_hospital_stays_the_same(folder):
    """Its type, city and region, and the facility of its wards."""
    found = table(folder / "hospital_stay/train_simulated.csv")
    fixed = ("type_code", "code", "region_code")
    hospitals = {
        (row["Ward_Facility_Code"], *(row[f"Hospital_{one}"] for one in fixed)) for row in found
    }
    assert len(hospitals) == len({row["Hospital_code"] for row in found}) == 32


def test_visitors_in_a_ward_tell_of_a_long_stay(folder):
    """There is something to learn: most of the visited in ward S, few of the others in R."""
    found = table(folder / "hospital_stay/train_simulated.csv")
    long = {"R": [], "S": []}
    for row in found:
        crowd = int(row["Visitors with Patient"]) > 3
        if row["Ward_Type"] == ("S" if crowd else "R"):
            days = re.match(r"\D*(\d+)", row["Stay"])
            long[row["Ward_Type"]].append(int(days[1]) > 30)
    assert np.mean(long["R"]) < 0.4
    assert np.mean(long["S"]) > 0.6
