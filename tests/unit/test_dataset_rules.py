"""Dataset files: records of people, sources that follow each other, and what their hash tells."""

import datetime as dt
import os
import re
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from vigil import datasets
from vigil.errors import Misconfigured

STAMPS = count(1)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The folder that VIGIL_DATASETS names."""
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path))
    return tmp_path


def mine(folder: Path, text: str) -> datasets.Dataset:
    """A dataset file of one's own, loaded."""
    file = folder / "mine.yaml"
    file.write_text(text)
    os.utime(file, ns=(stamp := next(STAMPS), stamp))  # two writes may share a tick of the clock
    return datasets.load("mine")


PERSONAL = """\
title: Stays
producer: A hospital
licence: none
citation: A hospital
homepage: https://example.org
task: classify
classification:
  question: Long
  outcome: {field: Stay, above: 30}
  derived: {Known: {visits: true}}
personal: true
retention_days: 30
schedules: {ingest: "15 6 * * *", train: "0 20 * * 1", predict: "45 6 * * *"}
sources:
  stays: {files: "s*", layout: records, record: case, person: who, fields: {Stay: text}}
targets:
  stay: {sources: {stays: Stay}, unit: days}
"""
PERSONAL_MISTAKES = {
    "it is forecast": ("task: classify", "task: forecast\nhorizon: 7", "no source with layout re"),
    "it has a horizon": ("task: classify", "task: classify\nhorizon: 7", "no 'horizon'"),
    "it is kept for ever": ("retention_days: 30\n", "", "belong together"),
    "its people are nobody": ("personal: true\nretention_days: 30\n", "", "needs 'personal: true'"),
    "its records have no name": ("record: case, ", "", "needs 'record' and 'fields'"),
    "its records say nothing": (", fields: {Stay: text}", "", "needs 'record' and 'fields'"),
    "nothing is asked of them": (
        """classification:
  question: Long
  outcome: {field: Stay, above: 30}
  derived: {Known: {visits: true}}
""",
        "",
        "'task: classify' and 'classification' belong together",
    ),
    "a model of days classifies": (
        "task: classify",
        "task: classify\nrecipe: ridge",
        "['ridge'] c",
    ),
    "the outcome is of no field": ("field: Stay", "field: Weeks", "no field ['Weeks']; add it"),
    "it learns from the outcome": ("above: 30}", "above: 30}\n  groups: [Stay]", "is the outcome"),
    "a feature is of two kinds": ("visits: true", "visits: true, same: [A, B]", "one of 'same'"),
    "a feature is a field, too": ("{Known:", "{Stay:", "['Stay'] are fields and derived, too"),
    "a field is of no kind": ("{Stay: text}", "{Stay: date}", "'integer', 'number' or 'text'"),
    "it is a long file": ("layout: records", "layout: long, root: A, date: day", "are for the lay"),
    "a pattern is of no field": (
        "{Stay: text}}",
        "{Stay: text}, expect: {parts: {Age: A}}}",
        "no columns of 'series' or 'fields'",
    ),
    "a category is of no field": (
        "{Stay: text}}",
        "{Stay: text}, expect: {categories: {Age: [old]}}}",
        "expect.categories: ['Age'] are no fields of text",
    ),
}


@pytest.mark.parametrize(
    ("old", "new", "remedy"), PERSONAL_MISTAKES.values(), ids=PERSONAL_MISTAKES
)
def test_a_mistake_with_records_is_found_when_the_file_is_read(folder, old, new, remedy):
    """What is said of people without an end, or in the wrong layout, is never taken in."""
    assert mine(folder, PERSONAL).personal
    assert PERSONAL.count(old) == 1
    with pytest.raises(Misconfigured) as wrong:
        mine(folder, PERSONAL.replace(old, new))
    assert remedy in str(wrong.value)


LINES = """title: Deaths
producer: Two of them
licence: CC0
citation: Two of them
homepage: https://example.org
horizon: 14
schedules: {ingest: "15 6 * * *", train: "0 20 * * 1", predict: "45 6 * * *"}
sources:
  old: {url: "https://example.org/a.csv", files: "a*", layout: long, date: day, series: [place]}
  new: {url: "https://example.org/b.csv", files: "b*", layout: long, date: day, series: [place]}
  own: {url: "https://example.org/c.csv", files: "c*", layout: long, date: day, series: [place]}
successions:
  line: {old: null, new: 2021-01-01}
targets:
  deaths: {sources: {line: n, own: m}, unit: people}
covariates:
  beds: {sources: {new: beds}, unit: beds}
"""
LINE_MISTAKES = {
    "a member is no source": ("new: 2021-01-01}", "newer: 2021-01-01}", "no source ['newer']"),
    "the first has a date": ("{old: null,", "{old: 2020-01-01,", "first null, then dates"),
    "the second has none": ("new: 2021-01-01}", "new: null}", "first null, then dates"),
    "it goes backwards": (
        "new: 2021-01-01}",
        "new: 2021-01-01, own: 2020-12-31}",
        "first null, then dates that ascend",
    ),
    "two begin on one day": (
        "new: 2021-01-01}",
        "new: 2021-01-01, own: 2021-01-01}",
        "first null, then dates that ascend",
    ),
    "a source is in two": (
        "new: 2021-01-01}",
        "new: 2021-01-01}\n  other: {new: null}",
        "in one succession only",
    ),
    "a line is called as a source": ("  line: {old", "  own: {old", "names of their own"),
}


@pytest.mark.parametrize(("old", "new", "remedy"), LINE_MISTAKES.values(), ids=LINE_MISTAKES)
def test_a_mistake_in_a_succession_is_found_when_the_file_is_read(folder, old, new, remedy):
    """Each source once, each later than the one before."""
    assert LINES.count(old) == 1
    with pytest.raises(Misconfigured) as wrong:
        mine(folder, LINES.replace(old, new))
    assert remedy in str(wrong.value)


def test_a_succession_is_a_line_of_its_own_name(folder):
    """Its members give what is declared of the line, and what is declared of themselves."""
    both = mine(folder, LINES)
    assert [both.line(name) for name in ("old", "new", "own")] == ["line", "line", "own"]
    assert both.members("line") == {"old": None, "new": dt.date(2021, 1, 1)}
    assert both.members("own") == {"own": None}
    assert both.columns("old") == {"deaths": "n"}
    assert both.columns("new") == {"deaths": "n", "beds": "beds"}
    assert both.columns("own") == {"deaths": "m"}
    assert (both.lines("deaths"), both.lines("beds")) == (["line", "own"], ["line"])


def test_the_members_of_a_line_may_name_their_columns_differently(folder):
    """What is said of a source itself comes before what is said of its line."""
    text = LINES.replace("{line: n, own: m}", "{old: deaths, new: dead, own: m}")
    both = mine(folder, text)
    assert (both.columns("old"), both.lines("deaths")) == ({"deaths": "deaths"}, ["line", "own"])
    assert both.columns("new")["deaths"] == "dead"


TELLS = {
    "a source's rows": ("{place: A}", "{place: B}"),
    "a line's date": ("new: 2021-01-01}", "new: 2021-02-01}"),
    "a target's column": ("{line: n, own: m}", "{line: k, own: m}"),
    "what a target counts": ("unit: people", "unit: people, cumulative: true"),
    "a covariate": ("{new: beds}, unit: beds", "{new: wards}, unit: wards"),
    "what is no place": ("not_places: [ship]", "not_places: [boat]"),
    "what is known": ("reason: so it is", "reason: so it was"),
    "how long a series is provisional": ("provisional_days: 28", "provisional_days: 7"),
    "a threshold": ("expect: {gaps: 1}", "expect: {gaps: 2}"),
}
TELLS_NOT = {
    "the title": ("title: Deaths", "title: All deaths"),
    "a schedule": ('"15 6 * * *"', '"0 7 * * *"'),
    "the horizon": ("horizon: 14", "horizon: 21"),
    "the licence": ("licence: CC0", "licence: CC BY 4.0"),
}
FULL = LINES.replace(
    "series: [place]}\nsucc", "series: [place], where: {place: A}, expect: {gaps: 1}}\nsucc"
)
FULL += """\
not_places: [ship]
provisional_days: 28
known: [{rule: gaps, reason: so it is}]
"""


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [*((*one, True) for one in TELLS.values()), *((*one, False) for one in TELLS_NOT.values())],
    ids=[*TELLS, *TELLS_NOT],
)
def test_the_digest_tells_whether_the_tables_would_be_others(folder, old, new, differs):
    """A change of the file replays all arrivals; a new schedule is no reason to."""
    before = mine(folder, FULL).digest
    assert FULL.count(old) == 1
    after = mine(folder, FULL.replace(old, new))
    assert (after.digest != before) is differs


def test_the_digest_is_the_same_in_every_process(folder):
    """It is kept in heads and compared by whoever comes next."""
    code = "from vigil import datasets; print(datasets.load('mine').digest)"
    mine(folder, FULL)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == datasets.load("mine").digest
    assert re.fullmatch("[0-9a-f]{16}", datasets.load("mine").digest)


def test_countries_are_chosen_by_a_line(folder):
    """One value may stand without brackets."""
    one, many = (
        mine(folder, FULL.replace("where: {place: A}", f"where: {{place: {kept}}}"))
        for kept in ("KOR", "[KOR, FRA]")
    )
    assert one.sources["own"].where == {"place": ("KOR",)}
    assert many.sources["own"].where == {"place": ("KOR", "FRA")}
