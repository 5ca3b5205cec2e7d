"""Looker Studio's link, and the page that says how the report is built."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from vigil import looker, views
from vigil.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "looker.md").read_text(encoding="utf-8")
SETTINGS = Settings.from_env({"VIGIL_PROJECT": "health", "VIGIL_VIEWS": "people"})


def said(settings: Settings) -> dict[str, str]:
    """What the link's query says."""
    return dict(parse_qsl(urlsplit(looker.url(settings)).query))


def test_the_link_wires_every_view_that_a_chart_reads() -> None:
    """Each under its own name, in the project and dataset of the settings."""
    query = said(SETTINGS)
    assert query["c.mode"] == "edit"
    assert "c.reportId" not in query
    for view in {chart.view for chart in looker.charts()}:
        own = {name.split(".")[2]: value for name, value in query.items()
               if name.startswith(f"ds.{view}.")}  # fmt: skip
        assert own == {
            "connector": "bigQuery",
            "type": "TABLE",
            "datasourceName": view,
            "projectId": "health",
            "datasetId": "people",
            "tableId": view,
            "billingProjectId": "health",
        }


def test_host_and_template_are_settings() -> None:
    """The report that is copied keeps its own formats of fields."""
    there = {"VIGIL_LOOKER_HOST": "datastudio.google.com", "VIGIL_LOOKER_TEMPLATE": "abc"}
    settings = Settings.from_env({"VIGIL_PROJECT": "health", **there})
    parts = urlsplit(looker.url(settings))
    path = ("https", "datastudio.google.com", "/reporting/create")
    assert (parts.scheme, parts.netloc, parts.path) == path
    assert said(settings)["c.reportId"] == "abc"
    assert said(settings)["ds.accuracy.refreshFields"] == "false"
    assert urlsplit(looker.url(SETTINGS)).netloc == "lookerstudio.google.com"


def test_what_is_odd_in_a_name_is_escaped() -> None:
    """A project may have a colon."""
    odd = replace(SETTINGS, project="example.org:health&more")
    assert said(odd)["ds.drivers.projectId"] == "example.org:health&more"


@pytest.mark.parametrize("chart", [*looker.charts()], ids=lambda one: f"{one.view} {one.title}")
def test_a_chart_names_columns_that_its_view_has(chart: looker.Chart) -> None:
    """Also in its filters."""
    assert set(chart.columns) <= {column.name for column in views.load(chart.view).columns}


def row(chart: looker.Chart) -> str:
    """A chart as the page shows it."""
    dimensions, metrics = (
        ", ".join(f"`{one}`" for one in named.split())
        for named in (chart.dimensions, chart.metrics)
    )
    cells = [chart.title, chart.kind, f"`{chart.view}`", dimensions, metrics, chart.filters]
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def test_the_page_builds_exactly_these_charts() -> None:
    """Page by page, in order, and no others."""
    for title, page in looker.PAGES.items():
        text = PAGE.partition(f"\n## Page {title}\n")[2].partition("\n## ")[0]
        rows = [line for line in text.splitlines() if line.startswith("| ")]
        assert rows[1:] == [row(chart) for chart in page]
