"""The report in a real browser: drawn, switched, read by keyboard, printed, without a network."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from chromium import PHONE, Browser
from made_scores import LAST
from made_up import Shape, bare, few, france, jhu, portugal, shown

from sizes import soaked
from vigil.report import Shown
from vigil.report import page as made
from vigil.report.grids import day

Written = Callable[[Shown], Path]
ARROW_DOWN, ARROW_RIGHT, ENTER, TAB = "\ue015", "\ue014", "\ue007", "\ue004"
FAN = "#plot .band-95 path"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A page as a file."""

    def write(what: Shown) -> Path:
        file = tmp_path_factory.mktemp("report") / "report.html"
        file.write_bytes(made(what))
        return file

    return write


@pytest.fixture(scope="module")
def small() -> Shown:
    """Three places and their sum."""
    return shown(few(jhu(), "Italy", "France", "France/Mayotte"))


@pytest.fixture(scope="module")
def page(small: Shown, written: Written) -> Path:
    """The small report."""
    return written(small)


def test_the_whole_of_a_large_dataset_opens_in_a_second_and_in_three_megabytes(
    browser: Browser, written: Written
) -> None:
    """602 series of actuals by day and week, forecasts, drivers and scores; the best of three."""
    file = written(shown(jhu()))
    took = []
    for _ in range(3):
        browser.open(file)
        took.append(float(browser.says("document.documentElement.dataset.drawn")))
    assert file.stat().st_size < 3_000_000
    assert min(took) < 1000
    assert browser.says(f"document.querySelectorAll({FAN!r}).length") == 1
    assert browser.complaints == []


def test_nothing_is_fetched_and_nothing_could_be(browser: Browser, page: Path) -> None:
    """The page asks for no resource; a script that tries is stopped by the page's own policy."""
    browser.open(page)
    assert browser.says("performance.getEntriesByType('resource').length") == 0
    tried = "const done = arguments[0]; fetch('https://example.org').catch((e) => done(String(e)))"
    assert "Failed to fetch" in browser.driver.execute_async_script(tried)
    assert any("Content Security Policy" in said for said in browser.complaints)


def test_a_place_is_found_by_typing_and_picked_by_keyboard(browser: Browser, page: Path) -> None:
    """The chart, the title and the address follow; the address alone leads there again."""
    browser.open(page)
    assert browser.text("#place") == "World"
    before = browser.says(f"document.querySelector({FAN!r}).getAttribute('d')")
    browser.press("#search", "mayo", ARROW_DOWN, ENTER)
    browser.until("document.querySelector('#place').textContent === 'Mayotte'")
    assert browser.says(f"document.querySelector({FAN!r}).getAttribute('d')") != before
    assert "place=France%2FMayotte" in browser.driver.current_url
    browser.open(page, "#place=France%2FMayotte&target=deaths&by=day")
    assert (browser.text("#place"), browser.text("#chart-title")) == ("Mayotte", "Deaths a day")
    assert browser.complaints == []


def test_target_period_and_earlier_forecasts_are_switched(browser: Browser, page: Path) -> None:
    """Each changes the chart, and the control that was used keeps the focus."""
    browser.open(page)
    assert browser.says("document.querySelectorAll('#plot .past path').length") == 10
    browser.click("input[name=target][value=deaths]")
    browser.until("document.querySelector('#chart-title').textContent === 'Deaths a week'")
    browser.click("input[name=by][value=total]")
    browser.until("document.querySelector('#chart-title').textContent === 'Deaths: running total'")
    assert browser.says("document.querySelectorAll('#plot .past path').length") == 0
    browser.driver.execute_script("document.querySelector('input[name=by]:checked').focus()")
    browser.press("input[name=by]:checked", "\ue012")
    browser.until("document.querySelector('#chart-title').textContent === 'Deaths a day'")
    assert browser.says("document.activeElement.value") == "day"
    assert browser.complaints == []


def test_one_earlier_forecast_is_shown_with_its_bands_over_what_came_true(
    browser: Browser, page: Path, small: Shown
) -> None:
    """And the table says what came true beside it."""
    oldest = day(min(small.earlier["reference_date"].to_pylist()))
    browser.open(page, f"#past={oldest}")
    assert browser.says("document.querySelectorAll('#plot .past-95 path').length") == 1
    browser.click("summary")
    browser.until("document.querySelectorAll('#table table').length === 2")
    rows = browser.says(
        "[...document.querySelectorAll('#table table')[1].tBodies[0].rows]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    assert len(rows) == 4
    assert all(row[0] == "24 Dec 2022" and "–" not in row for row in rows)


def test_the_chart_is_read_by_the_arrow_keys(browser: Browser, page: Path) -> None:
    """Right leads into the forecast, with its bands in words."""
    browser.open(page)
    browser.press("#plot", ARROW_RIGHT)
    said = browser.text("#reading")
    assert said.startswith("Week to 11 March 2023 forecast")
    assert all(f"{level}%:" in said for level in (50, 80, 95))


def test_the_table_holds_the_numbers_of_the_chart(
    browser: Browser, page: Path, small: Shown
) -> None:
    """To three digits: the last row of the forecast is the first of the table."""
    browser.open(page, "#place=Italy")
    browser.click("summary")
    browser.until("document.querySelector('#table table')")
    cells = browser.says(
        "[...document.querySelector('#table tbody tr').cells].map((cell) => cell.textContent)"
    )
    rows = small.outlook
    for name, value in {"target": "cases", "series": "Italy", "period": "week"}.items():
        rows = rows.filter(pc.equal(rows[name], value))
    last = rows.filter(pc.equal(rows["horizon"], 4)).to_pylist()[0]
    assert cells[0] == "1 Apr 2023"
    assert float(cells[2].replace(",", "")) == pytest.approx(last["q500"], rel=5e-3)
    low, high = cells[5].split(" to ")
    assert float(low.replace(",", "")) == pytest.approx(last["q025"], rel=5e-3)
    assert float(high.replace(",", "")) == pytest.approx(last["q975"], rel=5e-3)


def test_a_name_that_looks_like_markup_is_a_name(
    browser: Browser, small: Shown, written: Written
) -> None:
    """In the list, the title, the drivers, the sources and the dataset's own title."""
    name = '<img src=x onerror="document.title=1"><!--'
    hostile = f"</title></script>{name}"
    names = [name if one == "Italy" else one for one in small.outlook["series"].to_pylist()]
    column = small.outlook.column_names.index("series")
    health = [{**row, "worst": hostile, "warnings": 1} for row in small.health]
    dataset = small.dataset.model_copy(update={"title": hostile, "citation": hostile})
    outlook = small.outlook.set_column(column, "series", pa.array(names))
    file = written(replace(small, outlook=outlook, health=health, dataset=dataset))
    browser.open(file, f"#place={quote(name, safe='')}")
    assert browser.text("#place") == name
    assert hostile in browser.text("h1")
    assert hostile in browser.text("#health")
    assert browser.says("document.querySelectorAll('img').length") == 0
    assert browser.complaints == []


def test_a_phone_shows_it_without_scrolling_sideways(browser: Browser, page: Path) -> None:
    """360 pixels wide; the list of places opens over the page when it is asked for."""
    browser.open(page, size=PHONE)
    assert browser.says("document.documentElement.scrollWidth <= innerWidth")
    assert not browser.says("document.querySelector('#list').checkVisibility()")
    browser.press("#search", "ital")
    assert browser.says("document.querySelector('#list').checkVisibility()")
    assert browser.says("document.querySelector('#search').getAttribute('aria-expanded')") == "true"


def test_the_dark_is_dark_and_paper_is_white(browser: Browser, page: Path) -> None:
    """Whoever prefers dark gets it, except on paper; the chart is printed as lines, not as dots."""
    ground = "getComputedStyle(document.body).backgroundColor"
    browser.open(page, look="dark")
    assert browser.says(ground) == "rgb(20, 23, 26)"
    browser.paper()
    assert browser.says(ground) == "rgb(255, 255, 255)"
    assert not browser.says("document.querySelector('.places').checkVisibility()")
    printed = browser.printed()
    assert printed.startswith(b"%PDF")
    assert b"/Subtype /Image" not in printed


def test_every_control_is_reached_by_tab_and_shows_it(browser: Browser, page: Path) -> None:
    """Search, switches, chart and table, each with a visible outline."""
    browser.open(page)
    active = "document.activeElement"
    outlines = {}
    while len(outlines) < 30:
        browser.driver.switch_to.active_element.send_keys(TAB)
        if browser.says(f"{active} === document.body"):
            break
        on = f"({active}.type === 'radio' ? {active}.nextElementSibling : {active})"
        name = browser.says(f"{active}.name || {active}.id || {active}.tagName")
        outlines[name] = browser.says(f"getComputedStyle({on}).outlineStyle")
    assert {"skip", "search", "target", "by", "span", "past", "plot", "SUMMARY"} <= set(outlines)
    assert set(outlines.values()) == {"solid"}


def test_a_dataset_without_a_model_says_so_and_still_shows_a_chart(
    browser: Browser, small: Shown, written: Written
) -> None:
    """A notice in sight, and sentences where drivers and scores will stand."""
    browser.open(written(bare(small)))
    assert "No trained model serves" in browser.text("#notices")
    assert "No forecast has been scored yet" in browser.text("#accuracy")
    assert browser.says(f"document.querySelectorAll({FAN!r}).length") == 1
    assert browser.complaints == []


def test_a_browser_of_before_2025_reads_it_too(browser: Browser, page: Path) -> None:
    """It has no base64 of its own."""
    older = {"source": "delete Uint8Array.fromBase64"}
    command = "Page.addScriptToEvaluateOnNewDocument"
    added = browser.driver.execute_cdp_cmd(command, older)
    browser.open(page)
    assert browser.says("Uint8Array.fromBase64") is None
    assert browser.text("#place") == "World"
    browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_an_empty_dataset_has_a_page_that_says_so(
    browser: Browser, small: Shown, written: Written
) -> None:
    """Before the first forecast there is a title, a notice and what is known of the sources."""
    empty = bare(small)
    browser.open(written(replace(empty, outlook=empty.outlook.slice(0, 0), series=[])))
    assert browser.text("#notices").startswith("There is nothing to show yet")
    assert not browser.says("document.querySelector('#frame').checkVisibility()")
    assert browser.complaints == []


def test_a_place_that_stopped_reporting_and_one_with_gaps_are_shown(
    browser: Browser, small: Shown, written: Written
) -> None:
    """A sentence where the span holds nothing; a line that breaks where days are missing."""
    rows = small.outlook
    italy = pc.and_(pc.equal(rows["series"], "Italy"), pc.equal(rows["target"], "cases"))
    late = pc.greater(rows["date"], pa.scalar(LAST - timedelta(days=200)))
    mayotte = pc.and_(pc.equal(rows["series"], "France/Mayotte"), pc.equal(rows["period"], "week"))
    hole = pc.equal(rows["date"], pa.scalar(LAST - timedelta(days=35)))
    gone = pc.or_(pc.and_(italy, late), pc.and_(mayotte, hole))
    file = written(replace(small, outlook=rows.filter(pc.invert(gone))))
    browser.open(file, "#place=Italy")
    assert browser.text("#plot") == "Nothing was reported in the span that is shown."
    assert "There is no forecast of this series" in browser.text("#here")
    browser.press("#plot", ARROW_RIGHT)
    browser.open(file, "#place=France%2FMayotte")
    line = browser.says("document.querySelector('#plot .actual path').getAttribute('d')")
    assert line.count("M") == 2
    assert browser.complaints == []


@pytest.mark.parametrize(
    ("shape", "place", "title"),
    [
        soaked(france(), "France/2A", "Deaths a day"),
        (portugal(), "Portugal", "Retail, per cent change"),
    ],
    ids=["france", "portugal"],
)
def test_other_datasets_have_the_same_page(
    browser: Browser, written: Written, shape: Shape, place: str, title: str
) -> None:
    """Daily ones, several sources of a target, and numbers below zero with a line at zero."""
    file = written(shown(shape))
    browser.open(file)
    assert browser.text("#place") == place.partition("/")[0]
    browser.open(file, f"#place={quote(place, safe='')}")
    assert browser.text("#chart-title") == title
    assert browser.says("document.querySelectorAll('#plot .zero line').length") == 1
    assert browser.says(f"document.querySelectorAll({FAN!r}).length") == 1
    assert browser.says("document.querySelectorAll('.drivers li').length") == 6
    assert browser.complaints == []
