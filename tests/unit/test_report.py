"""The report as a file: small, closed, exact, and in words."""

import base64
import gzip
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from made_up import ISSUED, LAST, MODEL, bare, few, france, jhu, portugal, shown

from vigil import datasets
from vigil.report import Shown, filled, page, queries
from vigil.report.digits import plain, short
from vigil.report.encode import data
from vigil.report.notices import notices
from vigil.report.tree import places
from vigil.report.words import nouns, titles


@pytest.fixture(scope="module")
def small() -> Shown:
    """Three places and their sum."""
    return shown(few(jhu(), "Italy", "France", "France/Mayotte"))


@pytest.fixture(scope="module")
def text(small: Shown) -> str:
    """The page of the small dataset."""
    return page(small).decode()


def unpacked(text: str) -> dict[str, Any]:
    """The data that a page holds."""
    found = re.search(r'<script type="text/plain" id="data">([^<]*)</script>', text)
    assert found
    said: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found[1])))
    return said


def test_a_page_names_nothing_to_fetch(text: str) -> None:
    """No source, style sheet, font or frame; the one link is the producer's, to be followed."""
    without = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"\b(?:src|href)=|url\(|@import|https?:", without)


def test_the_policy_allows_the_scripts_of_the_page_and_no_network(text: str) -> None:
    """Each by its hash, and nothing else."""
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert found
    assert found[1].startswith("default-src 'none'; script-src 'sha256-")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert re.findall(r"'sha256-([^']*)'", found[1]) == hashes
    assert len(hashes) == 3


def test_a_title_of_markup_closes_nothing(small: Shown) -> None:
    """It stands there as text."""
    hostile = small.dataset.model_copy(update={"title": "</title><script>1</script>"})
    made = page(replace(small, dataset=hostile)).decode()
    assert "<title>&lt;/title&gt;&lt;script&gt;1" in made
    assert len(re.findall("<script>", made)) == 3


def test_a_page_is_the_same_when_it_is_made_again(small: Shown, text: str) -> None:
    """So that publishing twice changes nothing."""
    assert page(small).decode() == text


def test_the_numbers_of_a_page_are_those_of_the_outlook(small: Shown, text: str) -> None:
    """Actuals exactly where they are whole, quantiles to three digits of the band's width."""
    [measure] = [one for one in unpacked(text)["measures"] if one["target"] == "cases"]
    series = measure["series"].index("Italy")
    week = measure["periods"]["week"]
    own = pc.and_(
        pc.equal(small.outlook["series"], "Italy"), pc.equal(small.outlook["target"], "cases")
    )
    rows = small.outlook.filter(pc.and_(own, pc.equal(small.outlook["period"], "week")))
    actual = [value for value in rows["actual"].to_pylist() if value is not None]
    assert week["actual"][series * 104 : (series + 1) * 104] == actual
    last = rows.filter(pc.equal(rows["horizon"], 4)).to_pylist()[0]
    width = last["q975"] - last["q025"]
    for number, name in enumerate(("q025", "q100", "q250", "q500", "q750", "q900", "q975")):
        assert abs(week["q"][number][series * 4 + 3] - last[name]) <= width / 200


def test_totals_keep_the_digits_that_tell_their_bands_apart(small: Shown, text: str) -> None:
    """A running total of millions with a band of hundreds is not rounded to thousands."""
    [measure] = [one for one in unpacked(text)["measures"] if one["target"] == "deaths"]
    low, *_, high = measure["periods"]["total"]["q"]
    assert all(one < other for one, other in zip(low, high, strict=True))


def test_rounding_is_to_digits_of_the_finer_of_value_and_spread() -> None:
    """Worked out by hand."""
    values = np.array([123456.7, 12.3456, 0.0123456, 7.0, np.nan])
    assert plain(short(values)) == [123500, 12.35, 0.0123, 7, None]
    assert plain(short(np.array([123456.7]), 3, 50.0)) == [123456.7]
    assert plain(np.array([np.inf, -0.5])) == [None, -0.5]


def test_places_stand_under_their_country_and_sums_come_first() -> None:
    """Also a country that is no series, and one that is a series beside its sum."""
    ids = ["World", "France", "France/Mayotte", "France (total)", "China/Hubei", "Åland", "Zaire"]
    rows = [(one["id"], one["name"], one["depth"], one["where"]) for one in places(ids, [])]
    assert rows == [
        ("World", "World", 0, ""),
        ("Åland", "Åland", 0, ""),
        (None, "China", 0, ""),
        ("China/Hubei", "Hubei", 1, "China"),
        ("France", "France", 0, ""),
        ("France (total)", "France (total)", 1, "France"),
        ("France/Mayotte", "Mayotte", 1, "France"),
        ("Zaire", "Zaire", 0, ""),
    ]


def test_places_are_called_what_the_source_calls_them() -> None:
    """A code has a name, and stands under its continent."""
    said = [{"series": "KOR", "name": "South Korea", "parent": "Asia", "aggregate": False}]
    rows = [(one["id"], one["name"], one["where"]) for one in places(["KOR"], said)]
    assert rows == [(None, "Asia", ""), ("KOR", "South Korea", "Asia")]


def test_targets_are_called_what_they_count() -> None:
    """Also where the column's name says little, and where a week is a mean."""
    assert titles(datasets.load("france_deaths"), "incid_dchosp")["week"] == "Deaths a week"
    assert titles(datasets.load("jhu_global"), "cases")["total"] == "Cases: running total"
    mobility = datasets.load("portugal_mobility")
    assert titles(mobility, "retail")["week"] == "Retail, per cent change: mean of the week"
    assert nouns(mobility)["workplaces"] == "Workplaces"


def test_a_young_model_needs_no_notice(small: Shown) -> None:
    """Its age stands below, with the rest that is said of it."""
    assert notices(small) == []


def test_an_old_model_is_announced_with_its_age(small: Shown) -> None:
    """JHU is trained every week: after two weeks without a new one."""
    old = {**MODEL, "as_of": ISSUED - timedelta(days=15)}
    [said] = notices(replace(small, model=old))
    assert said.startswith("The model is 15 days old")


def test_a_model_that_stands_in_for_the_champion_is_announced(small: Shown) -> None:
    """Another took over before the forecast, and yet it serves."""
    replaced = {**MODEL, "served_until": ISSUED - timedelta(days=1)}
    [said] = notices(replace(small, model=replaced))
    assert said.startswith("The champion cannot be used: version 7")


def test_a_baseline_is_announced(small: Shown) -> None:
    """And where there is no forecast at all, that."""
    assert notices(bare(small))[0].startswith("No trained model serves")
    none = small.outlook.filter(pc.invert(pc.is_valid(small.outlook["horizon"])))
    assert notices(replace(small, outlook=none))[0].startswith("There is no forecast yet")


def test_a_page_without_forecasts_scores_or_sources_is_made(small: Shown) -> None:
    """Everything else may be missing; the history stands."""
    empty = bare(small)
    none = empty.outlook.filter(pc.invert(pc.is_valid(empty.outlook["horizon"])))
    said = unpacked(page(replace(empty, outlook=none, health=[], series=[])).decode())
    assert said["measures"][0]["periods"]["week"]["dates"] == []
    assert len(said["measures"][0]["periods"]["week"]["days"]) == 104


def test_the_end_of_a_succession_is_the_end_of_its_last_source() -> None:
    """The years before it have ended long ago."""
    whole = shown(few(portugal(), "Portugal"))
    years = {row["source"]: row for row in whole.health}
    last = {**years["y2022"], "status": "ended", "last_date": date(2022, 10, 15)}
    assert data(whole)["measures"][0]["ended"] is None
    ended = data(replace(whole, health=[years["y2020"], last]))
    assert ended["measures"][0]["ended"] == (date(2022, 10, 15) - date(1970, 1, 1)).days


def test_two_sources_of_a_target_are_two_measures() -> None:
    """France's nation and its departements: the page switches between them by place."""
    said = data(
        shown(replace(france(), places={"indicators": ("France",), "departements": ("France/01",)}))
    )
    assert [(one["source"], one["series"]) for one in said["measures"]] == [
        ("departements", ["France/01"]),
        ("indicators", ["France"]),
    ]


def test_a_page_that_would_be_too_large_shows_fewer_earlier_forecasts(
    small: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest stay."""
    whole = unpacked(page(small).decode())["measures"][0]["earlier"]
    monkeypatch.setattr(filled, "MOST", len(page(small)) - 1)
    fewer = unpacked(page(small).decode())["measures"][0]["earlier"]
    assert (len(whole), fewer) == (10, whole[5:])


def test_a_forecast_of_the_newest_day_is_no_earlier_one(small: Shown) -> None:
    """It may have been made twice, by two models."""
    same = small.earlier.slice(0, 4)
    column = same.column_names.index("reference_date")
    newest = same.set_column(column, "reference_date", pa.array([LAST] * 4, pa.date32()))
    said = data(replace(small, earlier=pa.concat_tables([small.earlier, newest])))
    assert [len(one["earlier"]) for one in said["measures"]] == [10, 10]


def test_earlier_forecasts_are_asked_for_by_constants() -> None:
    """Ten weeks before the oldest of the newest; partitions are told by values alone."""
    asked = queries.earlier(datasets.load("jhu_global"), [date(2023, 3, 9), date(2023, 3, 1)])
    assert asked == {
        "dataset": "jhu_global",
        "grain": "week",
        "since": date(2022, 12, 21),
        "until": date(2023, 3, 9),
    }
    assert "SELECT" not in queries.EARLIER.partition("WHERE")[2]


def test_the_report_needs_no_heavy_library() -> None:
    """It is made where neither pandas nor plots are installed."""
    code = "import sys, vigil.report; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert {"pandas", "matplotlib", "mlflow"}.isdisjoint(loaded)
    assert not [name for name in loaded if name.startswith("google.cloud.")]


def test_the_vendored_libraries_are_what_their_authors_published() -> None:
    """By hash, each with its licence."""
    folder = filled.HERE / "vendor"
    said = (folder / "sha256.txt").read_text(encoding="utf-8").splitlines()
    for line in said:
        digest, name = line.split()
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert {line.split()[1] for line in said} == {*filled.VENDORED, "LICENSE.d3", "LICENSE.plot"}
