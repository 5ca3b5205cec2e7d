"""A dead source is a line: JHU's deaths end, WHO's go on, as the page on datasets says."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from examples import real

from vigil import datasets, layouts, roster
from vigil.datasets import Dataset
from vigil.layouts import Parsed
from vigil.lines import resolve
from vigil.panel import Key
from vigil.verdict import Case

PAGE = Path(__file__).parents[2] / "docs" / "datasets.md"
LINE = Key("world", "deaths")
JHU = b"""\
Province/State,Country/Region,Lat,Long,3/7/23,3/8/23,3/9/23
,"Korea, South",35.9,127.8,33900,33950,34000
,US,40,-100,1120000,1121000,1122000
Martinique,France,14.6,-61,1100,1100,1100
"""
WHO = """\
Date_reported,Country_code,Country,WHO_region,New_cases,Cumulative_cases,New_deaths,Cumulative_deaths
2023-03-05,KR,Republic of Korea,WPRO,70000,30550000,90,33890
2023-03-08,KR,Republic of Korea,WPRO,70000,30600000,60,33950
2023-03-12,KR,Republic of Korea,WPRO,70000,30650000,80,34050
2023-03-08,US,United States of America,AMRO,200000,103000000,2000,1121000
2023-03-12,US,United States of America,AMRO,200000,103200000,1900,1124000
2023-03-12,CA,Canada,AMRO,10000,4600000,200,52000
"""


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """The worked example of the page."""
    section = PAGE.read_text(encoding="utf-8").partition("## Sources that follow each other")[2]
    found = re.search(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert found
    (tmp_path / "world_deaths.yaml").write_text(found[1], encoding="utf-8")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path))
    return datasets.load("world_deaths")


def both(world: Dataset, who: str = WHO) -> dict[str, Parsed]:
    """A small file of each."""
    return {
        "deaths": layouts.parse(world, "deaths", JHU),
        "who": layouts.parse(world, "who", who.encode()),
    }


def found(world: Dataset, files: dict[str, Parsed]) -> dict[str, str]:
    """What is found in WHO's file, beside JHU's."""
    case = Case(
        world, "who", files["who"], {"deaths": files["deaths"]}, datetime(2023, 3, 14, tzinfo=UTC)
    )
    case.check(downloaded=True)
    return {one.rule: one.found for one in case.findings() if one.rule == "overlap"}


def values(world: Dataset, files: dict[str, Parsed], series: str) -> dict[str, float]:
    """What the line says of a series, day by day."""
    one = resolve(world, "world", {name: file.panel for name, file in files.items()})[LINE]
    column = one.values[:, one.series.index(series)]
    return {
        str(day)[5:]: value
        for day, value in zip(one.dates, column.tolist(), strict=True)
        if value == value  # noqa: PLR0124  no NaN
    }


def test_the_line_is_jhus_up_to_its_end_and_whos_from_then_on(world):
    """JHU's days of March stand, WHO's of before the tenth do not."""
    files = both(world)
    assert values(world, files, "Korea, South") == {
        "03-07": 33_900,
        "03-08": 33_950,
        "03-09": 34_000,
        "03-12": 34_050,
    }
    assert values(world, files, "US")["03-12"] == 1_124_000


def test_a_place_without_a_namesake_begins_with_the_new_source(world):
    """JHU has the provinces of Canada, WHO the country; overseas France is JHU's alone."""
    files = both(world)
    assert values(world, files, "Canada") == {"03-12": 52_000}
    assert list(values(world, files, "France/Martinique")) == ["03-07", "03-08", "03-09"]


def test_totals_that_agree_are_a_note(world):
    """Korea and the United States on the eighth of March."""
    assert found(world, both(world)) == {"overlap": "2 rows in both, all agree"}


def test_totals_that_are_far_apart_are_a_finding(world):
    """WHO's Korean total at half of JHU's is another way of counting."""
    files = both(world, WHO.replace(",60,33950", ",60,17000"))
    assert found(world, files) == {"overlap": "Korea, South"}


def test_without_the_map_of_names_the_same_places_are_new_ones(world):
    """Nothing is common, and nothing is compared."""
    spec = world.model_dump()
    spec["sources"]["who"]["entities"] = {}
    plain = Dataset.model_validate(spec)
    files = both(plain)
    assert found(plain, files) == {}
    assert "Republic of Korea" in files["who"].series


def test_the_new_sources_places_are_provisional_and_the_old_ones_stay(world):
    """Canada came with WHO; Martinique is still named by JHU's last file."""
    files, rows = both(world), {}
    for number, (name, file) in enumerate(files.items()):
        moment = datetime(2023, 3, 13 + number, tzinfo=UTC)
        rows = roster.updated(world, rows, name, file.attributes, moment, first=number == 0)
    assert {name: row["status"] for name, row in rows.items()} == {
        "Korea, South": "known",
        "US": "known",
        "France/Martinique": "known",
        "Canada": "provisional",
    }
    assert rows["US"]["sources"] == "deaths+who"


@pytest.mark.real
def test_every_name_of_the_map_is_one_of_jhus(world):
    """A slip of the pen would make a new place."""
    names = set(world.sources["who"].entities.values())
    assert names <= real("jhu_global", "deaths").series
