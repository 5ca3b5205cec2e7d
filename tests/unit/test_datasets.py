"""Dataset files: those that ship, those of your own, and the mistakes that can be made in them."""

import datetime as dt
import os
from pathlib import Path

import pytest

from vigil import datasets
from vigil.errors import Misconfigured, Rejected

MINE = """\
title: Weekly admissions
producer: A hospital
licence: CC0
citation: A hospital, 2021
homepage: https://example.org
horizon: 14
grain: week
schedules: {ingest: "15 6 * * *", train: "0 20 * * 1", predict: "45 6 * * *"}
sources:
  wards: {url: "https://example.org/a.csv", files: "a*", layout: long, date: day, series: [ward]}
  total: {url: "https://example.org/b.csv", files: "b*", layout: wide, series: [town]}
targets:
  admitted: {sources: {wards: n, total: null}, unit: people}
covariates:
  beds: {sources: {wards: beds}, unit: beds}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The folder that VIGIL_DATASETS names."""
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path))
    return tmp_path


def mine(folder: Path, text: str | bytes = MINE) -> datasets.Dataset:
    """A dataset file of one's own, loaded."""
    body = text if isinstance(text, bytes) else text.encode()
    (folder / "mine.yaml").write_bytes(body)
    return datasets.load("mine")


def replaced(old: str, new: str) -> str:
    """The good file with one mistake in it."""
    assert MINE.count(old) == 1
    return MINE.replace(old, new)


@pytest.mark.parametrize("name", [file.stem for file in datasets.HERE.glob("*.yaml")])
def test_every_dataset_that_ships_loads_under_the_name_of_its_file(name):
    """It names its producer and licence, and every measure knows where it comes from."""
    dataset = datasets.load(name)
    assert dataset.name == name
    assert name in datasets.names()
    assert dataset.producer
    assert dataset.licence
    assert all(measure.sources for measure in dataset.measures.values())
    assert all(dataset.columns(source) for source in dataset.sources)


def test_five_datasets_ship():
    """The world by JHU and by Our World in Data, France, Portugal, and stays in hospitals."""
    shipped = {file.stem for file in datasets.HERE.glob("*.yaml")}
    assert shipped == {
        "france_deaths",
        "hospital_stay",
        "jhu_global",
        "owid",
        "portugal_mobility",
    }


def test_one_measure_may_come_from_two_sources_under_two_names():
    """Deaths are incid_dchosp in the national table and incid_dc in the file by departement."""
    france = datasets.load("france_deaths")
    assert france.columns("indicators")["incid_dchosp"] == "incid_dchosp"
    assert france.columns("departements") == {
        "incid_dchosp": "incid_dc",
        "incid_hosp": "incid_hosp",
        "incid_rea": "incid_rea",
        "incid_rad": "incid_rad",
    }


def test_an_ended_source_says_since_when():
    """JHU stopped on 2023-03-09."""
    sources = datasets.load("jhu_global").sources.values()
    assert {source.ended for source in sources} == {dt.date(2023, 3, 9)}


def test_a_folder_of_your_own_adds_a_dataset(folder):
    """One file and no code: it loads, it is listed, and the shipped ones are still there."""
    dataset = mine(folder)
    assert dataset.name == "mine"
    assert dataset.columns("wards") == {"admitted": "n", "beds": "beds"}
    assert dataset.columns("total") == {"admitted": None}
    assert {"mine", "jhu_global"} <= set(datasets.names())


def test_a_file_of_your_own_does_not_hide_a_shipped_one(folder):
    """The package's file wins over a namesake."""
    (folder / "jhu_global.yaml").write_text(MINE)
    assert datasets.load("jhu_global").title != "Weekly admissions"


def test_a_file_that_says_little_is_understood(folder):
    """Commas, points, ISO dates; a fiftieth may vanish; counts a day, known the day after."""
    wards = mine(folder).sources["wards"]
    assert (wards.delimiter, wards.decimal, wards.date_format) == (",", ".", "%Y-%m-%d")
    assert (wards.expect.series, wards.expect.shrink, wards.expect.stale_days) == (1, 0.02, 7)
    assert wards.ended is None
    beds = mine(folder).covariates["beds"]
    assert (beds.cumulative, beds.non_negative) == (False, True)
    assert (beds.publication_lag, beds.settle_days) == (1, 28)
    assert not mine(folder).personal
    assert str(mine(folder).schedules.zone) == "UTC"


def test_a_changed_file_is_read_again(folder):
    """No restart is needed to try something else."""
    assert mine(folder).horizon == 14
    (folder / "mine.yaml").write_text(replaced("horizon: 14", "horizon: 21"))
    os.utime(folder / "mine.yaml", ns=(1, 1))
    assert datasets.load("mine").horizon == 21


def test_a_dataset_cannot_be_changed_after_reading(folder):
    """The same object is handed to everyone."""
    with pytest.raises(ValueError, match="frozen"):
        mine(folder).horizon = 7


def test_an_unknown_name_is_rejected_with_those_there_are():
    """A slip of the pen shows the choice."""
    with pytest.raises(Rejected) as refused:
        datasets.load("jhu_globl")
    assert str(refused.value).startswith("dataset: expected one of ")
    assert "france_deaths" in refused.value.expected
    assert "jhu_global" in refused.value.expected
    assert refused.value.found == "'jhu_globl'"


@pytest.mark.parametrize(
    "name", ["../mine", "mine.yaml", "%2e%2e/mine", "mine\0", "mine\n", "mine; DROP TABLE x", "", 3]
)
def test_a_name_that_is_a_path_or_sql_is_rejected_even_where_a_file_answers(folder, name):
    """The name is held against the pattern before any file is looked for."""
    mine(folder)
    with pytest.raises(Rejected, match="dataset: expected a letter"):
        datasets.load(name)


MISTAKES = {
    "a field is missing": ("licence: CC0\n", "", "licence", "add it"),
    "a field is misspelt": ("licence: CC0", "license: CC0", "license", "check its spelling"),
    "a field inside is missing": (', files: "a*"', "", "sources.wards.files", "add it"),
    "a field inside is misspelt": ("date: day", "datum: day", "sources.wards.datum", "check"),
    "the horizon is none": ("horizon: 14", "horizon: 0", "needs 'horizon'", "task forecast"),
    "the horizon is far": ("horizon: 14", "horizon: 121", "horizon", "less than or equal to 120"),
    "the horizon is text": ("horizon: 14", "horizon: soon", "horizon", "found 'soon'"),
    "the grain is unknown": ("grain: week", "grain: month", "grain", "'week' or 'day'"),
    "the layout is unknown": (
        "layout: wide",
        "layout: tall",
        "layout",
        "'wide', 'long' or 'records'",
    ),
    "the url is none": ("https://example.org/a.csv", "/a.csv", "sources.wards.url", "valid URL"),
    "the url is of another kind": (
        "https://example.org/a.csv",
        "ftp://example.org/a.csv",
        "sources.wards.url",
        "'http' or 'https'",
    ),
    "cron has four fields": ('"15 6 * * *"', '"15 6 * *"', "schedules.ingest", "'15 6 * * *'"),
    "cron is a word": ('"15 6 * * *"', '"@daily"', "schedules.ingest", "'15 6 * * *'"),
    "cron has a minute 61": ('"45 6 * * *"', '"61 6 * * *"', "schedules.predict", "five cron"),
    "the zone is unknown": (
        '* *"}',
        '* *", timezone: Paris}',
        "schedules.timezone",
        "such as Europe/Paris",
    ),
    "a source is a path": ("  wards:", "  ../wards:", "sources.../wards", "match pattern"),
    "a target is SQL": ("  admitted:", '  "n; DROP":', "targets.n; DROP", "match pattern"),
    "a long source has no date": (", date: day", "", "sources.wards", "'date': the column"),
    "a series has no name": (", series: [town]", "", "sources.total", "a root"),
    "a measure names no source": (
        "{wards: beds}",
        "{ward: beds}",
        "beds: no source ['ward']",
        "add",
    ),
    "a long source has no column": (
        "{wards: beds}",
        "{wards: null}",
        "beds: a column for a long source",
        "null for a wide one",
    ),
    "a wide source has a column": (
        "total: null}",
        "total: n}",
        "admitted: a column for a long source",
        "null for a wide one",
    ),
    "a source gives nothing": ("n, total: null}", "n}", "total: a source gives a measure", "one"),
    "a wide source gives two": (
        "{wards: beds}",
        "{total: null}",
        "total: a source gives a measure",
        "exactly one",
    ),
    "a target is a covariate": ("  beds:", "  admitted:", "both a target and a covariate", "admit"),
    "the delimiter is two": (
        "layout: wide",
        'layout: wide, delimiter: ";;"',
        "sources.total.delimiter",
        "at most 1 character",
    ),
    "the delimiter is none": (
        "layout: wide",
        'layout: wide, delimiter: ""',
        "sources.total.delimiter",
        "at least 1 character",
    ),
    "no series are expected": (
        "layout: wide",
        "layout: wide, expect: {series: 0}",
        "sources.total.expect.series",
        "greater than or equal to 1",
    ),
    "everything may vanish": (
        "layout: wide",
        "layout: wide, expect: {shrink: 1}",
        "sources.total.expect.shrink",
        "less than 1",
    ),
    "less than nothing may vanish": (
        "layout: wide",
        "layout: wide, expect: {shrink: -0.01}",
        "sources.total.expect.shrink",
        "greater than or equal to 0",
    ),
    "it is stale tomorrow": (
        "layout: wide",
        "layout: wide, expect: {stale_days: -1}",
        "sources.total.expect.stale_days",
        "greater than or equal to 0",
    ),
    "it is published the day before": (
        "unit: beds",
        "unit: beds, publication_lag: -1",
        "covariates.beds.publication_lag",
        "greater than or equal to 0",
    ),
    "it settles the day before": (
        "unit: beds",
        "unit: beds, settle_days: -1",
        "covariates.beds.settle_days",
        "greater than or equal to 0",
    ),
    "nothing is to be forecast": (
        "targets:\n  admitted: {sources: {wards: n, total: null}, unit: people}",
        "targets: {}",
        "targets",
        "at least 1 item",
    ),
    "it is no YAML": ("grain: week", "grain: [week", "not YAML", "line 8"),
    "an anchor is unknown": ("grain: week", "grain: *week", "not YAML", "undefined alias 'week'"),
    "it is a list": (MINE, "- title", "expected fields such as 'title: ...'", "found none"),
    "it is empty": (MINE, "", "expected fields such as 'title: ...'", "found none"),
}


@pytest.mark.parametrize(("old", "new", "field", "remedy"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_answered_with_file_field_and_remedy(folder, old, new, field, remedy):
    """Whoever made it need not read our code to find it."""
    with pytest.raises(Misconfigured) as wrong:
        mine(folder, replaced(old, new))
    text = str(wrong.value)
    assert text.startswith("mine.yaml: ")
    assert field in text
    assert remedy in text


def test_every_mistake_is_named_not_only_the_first(folder):
    """A line each."""
    text = MINE.replace("horizon: 14", "horizon: 121").replace("licence: CC0", "license: CC0")
    with pytest.raises(Misconfigured) as wrong:
        mine(folder, text)
    assert {line.split(":")[1].strip() for line in str(wrong.value).splitlines()} == {
        "horizon",
        "licence",
        "license",
    }


MISSED = {
    "it calls itself otherwise": (MINE, MINE + "name: other\n"),
    "its encoding is unknown": ("layout: wide", "layout: wide, encoding: latin-99"),
    "its pattern is broken": ("layout: wide", 'layout: wide, expect: {parts: {town: "["}}'),
    "its date format is none": ("layout: wide", "layout: wide, date_format: soon"),
    "a measure has no source": ("{wards: beds}", "{}"),
    "a wide source filters rows": ("layout: wide", "layout: wide, where: {town: A}"),
    "an attribute may be absent": (
        "layout: wide",
        "layout: wide, attributes: {latitude: Lat}, optional: [Lat]",
    ),
}


@pytest.mark.parametrize(("old", "new"), MISSED.values(), ids=MISSED)
def test_a_mistake_is_found_when_the_file_is_read(folder, old, new):
    """Not on the morning when the first data come."""
    with pytest.raises(Misconfigured, match=r"mine\.yaml"):
        mine(folder, replaced(old, new))


STILL_MISSED = {
    "the date is optional": ("series: [ward]", "series: [ward], optional: [day]"),
    "a filter is optional": ("series: [ward]", "series: [ward], where: {sex: F}, optional: [sex]"),
    "its encoding is no text's": ("layout: wide", "layout: wide, encoding: hex"),
    "its pattern is of no series": ("layout: wide", 'layout: wide, expect: {parts: {ton: "A"}}'),
}


@pytest.mark.parametrize(("old", "new"), STILL_MISSED.values(), ids=STILL_MISSED)
def test_a_mistake_in_a_source_is_found_when_the_file_is_read(folder, old, new):
    """The first three end as KeyError and LookupError on the morning when the column is gone."""
    with pytest.raises(Misconfigured, match=r"mine\.yaml"):
        mine(folder, replaced(old, new))


def test_a_file_in_latin_1_is_answered_with_its_name(folder):
    """Many editors still write it."""
    with pytest.raises(Misconfigured, match=r"mine\.yaml"):
        mine(folder, MINE.replace("A hospital\n", "Un hôpital\n").encode("latin-1"))


def test_a_file_with_a_name_that_is_none_does_not_hide_the_others(folder):
    """The list holds what can be loaded."""
    (folder / "my-data.yaml").write_text(MINE)
    assert [datasets.load(name).name for name in datasets.names()]
