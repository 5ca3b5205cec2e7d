"""The simulated files: upstream's layout, a believable epidemic, and never mistaken for real."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from vigil.local import sample

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data"
NEW = [
    *(f"portugal_mobility/y{year}.csv" for year in (2020, 2021, 2022)),
    "owid/owid.csv",
    *(f"hospital_stay/{kind}_simulated.csv" for kind in ("train", "test")),
]
UPSTREAM = {
    "jhu_global/confirmed.csv": "jhu_csse/time_series_covid19_confirmed_global.csv.gz",
    "jhu_global/deaths.csv": "jhu_csse/time_series_covid19_deaths_global.csv.gz",
    "france_deaths/indicators.csv": (
        "france_spf/table-indicateurs-open-data-france-2023-06-30-17h59.csv.gz"
    ),
    "france_deaths/screening.csv": "france_spf/sp-fra-jour-2022-08-05-19h01.csv.gz",
    "france_deaths/departements.csv": "france_spf/covid-hospit-incid-2023-03-31-18h01.csv.gz",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """The files as written by default."""
    directory = tmp_path_factory.mktemp("sample")
    sample.write(directory)
    return directory


@pytest.fixture(scope="module")
def until(tmp_path_factory) -> Callable[[date], Path]:
    """The files up to another end, written once for each."""

    @cache
    def written(end: date) -> Path:
        directory = tmp_path_factory.mktemp(str(end))
        sample.write(directory, end=end)
        return directory

    return written


def table(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def totals(path: Path) -> np.ndarray:
    """A row a place, a column a day."""
    with path.open(encoding="utf-8", newline="") as file:
        return np.array([row[4:] for row in list(csv.reader(file))[1:]], dtype=int)


def real_lines(name: str) -> list[str]:
    path = REAL / UPSTREAM[name]
    if not path.exists():
        pytest.skip(f"the real file {UPSTREAM[name]} is not on this machine")
    return gzip.decompress(path.read_bytes()).decode().splitlines()


@pytest.mark.real
@pytest.mark.parametrize("name", UPSTREAM)
def test_the_header_is_the_one_upstream_publishes(files, name):
    """By default even the dates in the JHU header are those of the last real file."""
    assert (files / name).read_text("utf-8").splitlines()[0] == real_lines(name)[0]


@pytest.mark.real
@pytest.mark.parametrize("name", ["jhu_global/confirmed.csv", "jhu_global/deaths.csv"])
def test_the_places_are_the_289_of_jhu_in_their_order(files, name):
    """Names, coordinates, blanks and quotes are the same up to the first date."""
    with (files / name).open(encoding="utf-8", newline="") as file:
        simulated = [row[:4] for row in csv.reader(file)]
    assert simulated == [row[:4] for row in csv.reader(real_lines(name))]


@pytest.mark.real
def test_the_departements_and_days_are_those_of_the_real_file(files):
    """Both files are one grid of 102 departements and 1108 days, in the same order."""
    name = "france_deaths/departements.csv"
    simulated = (files / name).read_text("utf-8").splitlines()
    keys = [line.split(";")[:2] for line in real_lines(name)]
    assert [line.split(";")[:2] for line in simulated] == keys


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("jhu_global/confirmed.csv", "Province/State,Country/Region,Lat,Long,1/22/20,1/23/20,"),
        ("jhu_global/deaths.csv", "Province/State,Country/Region,Lat,Long,1/22/20,1/23/20,"),
        (
            "france_deaths/indicators.csv",
            (
                "date,tx_pos,tx_incid,TO,R,rea,hosp,rad,dchosp,incid_rea,incid_hosp,incid_rad,"
                "incid_dchosp,conf,conf_j1,pos,esms_dc,dc_tot,pos_7j,cv_dose1,esms_cas\n"
            ),
        ),
        ("france_deaths/screening.csv", "fra;jour;pop;P;T;Ti;Tp;Td;cl_age90\n"),
        (
            "france_deaths/departements.csv",
            '"dep";"jour";"incid_hosp";"incid_rea";"incid_dc";"incid_rad"\n',
        ),
    ],
)
def test_the_header_is_as_it_was_published(files, name, header):
    """The same check by heart, for machines without the real files."""
    assert (files / name).read_bytes().startswith(header.encode())


def test_it_returns_the_eleven_files_it_wrote(files, tmp_path):
    """The notes lie beside them and are not data."""
    written = sample.write(tmp_path)
    assert written == [tmp_path / name for name in (*UPSTREAM, *NEW)]
    assert all(path.read_bytes().endswith(b"\n") for path in written)


def test_every_folder_says_that_its_files_are_simulated(tmp_path):
    """The note gives the seed and the dates, in each dataset and above them."""
    sample.write(tmp_path, end=date(2021, 1, 31), seed=7)
    for name in ("", "jhu_global", "france_deaths", "portugal_mobility", "owid", "hospital_stay"):
        note = (tmp_path / name / "SIMULATED.txt").read_text("utf-8")
        assert "NEVER REAL DATA" in note
        assert "seed 7:" in note
        assert ("to 2021-01-31" in note) == (name != "hospital_stay")


def test_the_same_seed_gives_the_same_bytes(files, tmp_path):
    """Nothing but the seed and the end decides what is written."""
    for path in sample.write(tmp_path):
        assert path.read_bytes() == (files / path.relative_to(tmp_path)).read_bytes()


def test_another_seed_gives_another_epidemic(files, tmp_path):
    """Every file differs."""
    for path in sample.write(tmp_path, seed=1):
        assert path.read_bytes() != (files / path.relative_to(tmp_path)).read_bytes()


def test_the_data_end_on_the_day_asked_for(tmp_path):
    """Screening is three days behind, as in reality."""
    sample.write(tmp_path, end=date(2021, 2, 28))
    france = tmp_path / "france_deaths"
    header = (tmp_path / "jhu_global/deaths.csv").read_text("utf-8").split("\n", 1)[0]
    assert header.endswith(",2/27/21,2/28/21")
    assert table(france / "indicators.csv")[-1]["date"] == "2021-02-28"
    assert table(france / "screening.csv", ";")[-1]["jour"] == "2021-02-25"
    assert {row["jour"] for row in table(france / "departements.csv", ";")} >= {"2021-02-28"}


@pytest.mark.parametrize("name", ["jhu_global/confirmed.csv", "jhu_global/deaths.csv"])
@pytest.mark.parametrize("end", [date(2020, 9, 1), date(2024, 12, 31)])
def test_another_end_tells_the_same_story(files, until, name, end):
    """Two ends are two mornings of one epidemic, before and after the real files stopped."""
    default, other = totals(files / name), totals(until(end) / name)
    days = min(default.shape[1], other.shape[1])
    assert (default[:, :days] == other[:, :days]).all()


def test_french_days_do_not_change_with_the_end(files, until):
    """Only the blanks of the last six days are filled in later."""
    name = "france_deaths/indicators.csv"
    early, late = table(files / name), table(until(date(2024, 12, 31)) / name)
    assert early[:-6] == late[: len(early) - 6]


def test_an_end_before_the_first_departement_is_refused(tmp_path):
    """The error names what was expected and what was found."""
    with pytest.raises(ValueError, match="expected 2020-03-19 or later, found 2020-03-18"):
        sample.write(tmp_path, end=date(2020, 3, 18))


def test_the_earliest_end_gives_one_day_of_departements(tmp_path):
    """The laboratory has not opened yet: its file has a header and no row."""
    sample.write(tmp_path, end=date(2020, 3, 19))
    france = tmp_path / "france_deaths"
    assert len(table(france / "departements.csv", ";")) == 102
    assert table(france / "screening.csv", ";") == []
    assert len(table(france / "indicators.csv")) == 57


def test_names_with_commas_are_quoted(files):
    """There are 289 places, of which four have a comma in their name."""
    lines = (files / "jhu_global/confirmed.csv").read_text("utf-8").splitlines()
    assert len(lines) == 290
    assert sum('"' in line for line in lines) == 4
    assert sum(line.startswith(',"Korea, South",35.9') for line in lines) == 1
    assert sum(line.startswith("Unknown,China,,,") for line in lines) == 1


@pytest.mark.parametrize(("name", "low"), [("confirmed", 5e8), ("deaths", 5e6)])
def test_world_totals_are_of_the_real_size_and_sometimes_corrected(files, name, low):
    """The real files end at 677 million cases and 6.9 million deaths, with some 300 corrections."""
    counts = totals(files / f"jhu_global/{name}.csv")
    assert counts.min() >= 0
    assert low < counts[:, -1].sum() < 1.5 * low
    assert 50 < (np.diff(counts) < 0).sum() < 600


def test_some_countries_report_weekly_in_the_last_year(files):
    """In the second half of 2022, between a fifth and a half change at most once in seven days."""
    counts = totals(files / "jhu_global/confirmed.csv")[:, 890:1074]
    large = counts[counts[:, -1] > 100_000]
    changes = (np.diff(large) != 0).mean(axis=1)
    assert 0.2 < (changes < 0.16).mean() < 0.5
    assert (changes > 0.9).mean() > 0.4


def test_deaths_follow_cases(files):
    """The world's daily deaths match its cases best about two weeks later, before omicron."""
    cases, deaths = (
        np.diff(totals(files / f"jhu_global/{name}.csv").sum(axis=0))[200:600]
        for name in ("confirmed", "deaths")
    )
    fit = [np.corrcoef(cases[: 400 - lag], deaths[lag:])[0, 1] for lag in range(36)]
    assert 7 <= int(np.argmax(fit)) <= 28


def test_departements_sum_to_the_national_figures(files):
    """On each of the 1108 days, for all four columns."""
    pairs = {
        "incid_hosp": "incid_hosp",
        "incid_rea": "incid_rea",
        "incid_dc": "incid_dchosp",
        "incid_rad": "incid_rad",
    }
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for row in table(files / "france_deaths/departements.csv", ";"):
        for local in pairs:
            sums[row["jour"], local] += int(row[local])
    national = [
        row for row in table(files / "france_deaths/indicators.csv") if row["date"] >= "2020-03-19"
    ]
    assert len(national) == 1108
    for row in national:
        for local, column in pairs.items():
            assert sums[row["date"], local] == int(row[column])


def test_hospital_deaths_never_go_down(files):
    """The running total dchosp begins above zero, on 2020-03-18."""
    rows = table(files / "france_deaths/indicators.csv")
    dchosp = [int(row["dchosp"]) for row in rows if row["dchosp"]]
    assert dchosp[0] > 0
    assert len(dchosp) == 1109
    assert (np.diff(dchosp) >= 0).all()


def test_late_deaths_enter_the_total_only(files):
    """On some days dchosp grows by more than incid_dchosp, and never by less."""
    rows = [row for row in table(files / "france_deaths/indicators.csv") if row["incid_dchosp"]]
    late = np.diff([int(row["dchosp"]) for row in rows])
    late -= [int(row["incid_dchosp"]) for row in rows[1:]]
    assert late.min() == 0
    assert 0.2 < (late > 0).mean() < 0.8


@pytest.mark.parametrize(
    ("column", "first", "last"),
    [
        ("dchosp", "2020-03-18", "2023-03-31"),
        ("incid_dchosp", "2020-03-19", "2023-03-31"),
        ("pos", "2020-05-13", "2023-03-28"),
        ("tx_pos", "2020-05-13", "2023-03-28"),
        ("R", "2020-06-01", "2023-03-25"),
        ("conf_j1", "2020-11-12", "2023-03-31"),
        ("esms_dc", "2021-02-05", "2023-03-31"),
    ],
)
def test_a_column_begins_and_ends_when_it_does_in_reality(files, column, first, last):
    """Between the two days there is no gap, outside them no value."""
    rows = table(files / "france_deaths/indicators.csv")
    filled = [row["date"] for row in rows if row[column]]
    assert filled == [row["date"] for row in rows if first <= row["date"] <= last]


def test_the_rows_before_the_hospitals_reported_hold_a_date_and_nothing_else(files):
    """From 2020-01-23 to 2020-03-17: 55 lines of a date and twenty commas."""
    lines = (files / "france_deaths/indicators.csv").read_text("utf-8").splitlines()
    assert lines[1] == "2020-01-23" + "," * 20
    assert all(line[10:] == "," * 20 for line in lines[1:56])
    assert not lines[56].endswith("," * 20)


def test_screening_writes_a_decimal_comma_even_for_whole_numbers(files):
    """`901,00` is nine hundred and one."""
    rows = table(files / "france_deaths/screening.csv", ";")
    assert rows[0]["jour"] == "2020-05-13"
    assert rows[0]["pop"] == "67114992,00"
    for row in rows:
        assert row["P"].endswith(",00")
        assert "." not in "".join(row.values())
        assert (row["fra"], row["cl_age90"]) == ("FR", "0")


def test_screening_agrees_with_the_national_table(files):
    """The positive tests of the table are those of the laboratories."""
    tested = table(files / "france_deaths/screening.csv", ";")
    national = [row for row in table(files / "france_deaths/indicators.csv") if row["pos"]]
    assert [row["P"].removesuffix(",00") for row in tested] == [row["pos"] for row in national]


def test_the_french_write_fewer_deaths_on_sundays(files):
    """The real mean is 155 on a Monday and 55 on a Sunday."""
    week = defaultdict(list)
    for row in table(files / "france_deaths/indicators.csv"):
        if row["incid_dchosp"]:
            week[date.fromisoformat(row["date"]).weekday()].append(int(row["incid_dchosp"]))
    assert np.mean(week[0]) > 2 * np.mean(week[6])
