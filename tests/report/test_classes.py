"""The report of a classified dataset in a real browser: drawn, read, printed, nobody in it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from chromium import PHONE, Browser
from made_classes import classified

from vigil.report import Classified, classes

Written = Callable[[Classified], Path]
TAB = "\ue004"


@pytest.fixture(scope="module")
def whole() -> Classified:
    """Everything there can be."""
    return classified(count=13_000, known=30_000)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A page as a file."""

    def write(what: Classified) -> Path:
        file = tmp_path_factory.mktemp("classes") / "report.html"
        file.write_bytes(classes(what))
        return file

    return write


@pytest.fixture(scope="module")
def page(whole: Classified, written: Written) -> Path:
    """The whole report."""
    return written(whole)


def bare(whole: Classified) -> Classified:
    """The same before anything was known of it."""
    empty = {"bands": [], "scores": [], "assessments": [], "curves": [], "drivers": [], "drift": []}
    return replace(whole, model=None, **empty)


def test_the_page_asks_its_question_and_draws_both_curves(browser: Browser, page: Path) -> None:
    """Counts in all and by group, the curve of what came true, and the ROC with the threshold."""
    browser.open(page)
    assert browser.text("#question") == "Longer than 30 days in hospital?"
    assert browser.says("document.querySelectorAll('#reliability .point circle').length") == 20
    assert browser.says("document.querySelectorAll('#roc .flag circle').length") == 1
    assert browser.says("document.querySelectorAll('#bands .kind').length") == 2
    assert browser.says("document.querySelectorAll('#bands .big i').length") == 4
    assert browser.says("performance.getEntriesByType('resource').length") == 0
    assert browser.complaints == []


def test_a_flag_is_explained_by_hundreds(
    browser: Browser, whole: Classified, written: Written
) -> None:
    """60 of 90 flags are right; of 80 that come 60 are flagged, of 110 that are not 20 come."""
    kinds = {"true_positives": 60, "false_positives": 30, "false_negatives": 20}
    told = {**whole.assessments[0], **kinds, "true_negatives": 90, "n": 200, "positives": 80}
    browser.open(written(replace(whole, assessments=[told])))
    said = browser.text("#flags")
    assert "Of 100 admissions that are flagged, 67 turn out" in said
    assert "33 are false alarms" in said
    assert "Of 100 that turn out so, 75 are flagged; 25 are missed" in said
    assert "Of 100 that are not flagged, 18 turn out so" in said
    assert "to miss one costs 2 times as much as a false alarm" in said


def test_every_number_of_a_picture_stands_in_a_table(browser: Browser, page: Path) -> None:
    """Opened by keyboard: the counts of each band, and the points of the curve."""
    browser.open(page)
    browser.says("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    rows = "document.querySelectorAll('#bands details tbody tr').length"
    assert browser.says(rows) == browser.says(
        "document.querySelectorAll('#bands .kind > .scroll tbody tr').length"
    )
    assert browser.says("document.querySelectorAll('#trust details tbody tr').length") == 20
    labels = browser.says(
        "[...document.querySelectorAll('.plot svg')].map((one) => one.getAttribute('aria-label'))"
    )
    assert labels[0].startswith("Reliability: said")
    assert "Flagged from 33% on" in labels[1]


def test_what_has_moved_stands_first_and_in_words(browser: Browser, page: Path) -> None:
    """Another population is announced above, too; of fewer than ten new values only that."""
    browser.open(page)
    assert "Admission Deposit" in browser.text("#notices")
    assert browser.text("#drift tbody tr").startswith("Admission Depositanother population0.31")
    browser.click("#drift summary")
    hospital = browser.says(
        "[...document.querySelectorAll('#drift tr')].find((row) => row.cells[0].textContent"
        " === 'Hospital code').cells[3].textContent"
    )
    assert hospital == "few"


def test_a_phone_shows_it_without_scrolling_sideways(browser: Browser, page: Path) -> None:
    """The page, and none of its tables."""
    browser.open(page, size=PHONE)
    assert browser.says("document.documentElement.scrollWidth <= innerWidth")
    assert browser.says(
        "[...document.querySelectorAll('.scroll')].every((one) => !one.clientWidth || "
        "one.scrollWidth <= one.clientWidth + 1)"
    )


def test_the_dark_is_dark_and_paper_is_white(browser: Browser, page: Path) -> None:
    """Printed as lines, without what can only be clicked."""
    ground = "getComputedStyle(document.body).backgroundColor"
    browser.open(page, look="dark")
    assert browser.says(ground) == "rgb(20, 23, 26)"
    browser.paper()
    assert browser.says(ground) == "rgb(255, 255, 255)"
    assert not browser.says("document.querySelector('summary').checkVisibility()")
    printed = browser.printed()
    assert printed.startswith(b"%PDF")
    assert b"/Subtype /Image" not in printed


def test_tables_are_opened_by_keyboard_and_the_focus_is_seen(browser: Browser, page: Path) -> None:
    """Skip, each summary, the link; all with an outline."""
    browser.open(page)
    active = "document.activeElement"
    seen = []
    while len(seen) < 30:
        browser.driver.switch_to.active_element.send_keys(TAB)
        if browser.says(f"{active} === document.body"):
            break
        seen.append(browser.says(f"[{active}.tagName, getComputedStyle({active}).outlineStyle]"))
    assert [tag for tag, _ in seen] == ["BUTTON", *["SUMMARY"] * 6, "A"]
    assert {outline for _, outline in seen} == {"solid"}


def test_a_value_that_looks_like_markup_is_a_value(
    browser: Browser, whole: Classified, written: Written
) -> None:
    """In groups, features and the question."""
    hostile = "</script><img src=x onerror=alert(1)><!--"
    bands = [{**row, "value": hostile} if row["value"] == "P" else row for row in whole.bands]
    drivers = [{**whole.drivers[0], "feature": hostile}, *whole.drivers[1:]]
    asked = whole.dataset.classification
    assert asked is not None
    question = {"classification": asked.model_copy(update={"question": hostile})}
    dataset = whole.dataset.model_copy(update=question)
    browser.open(written(replace(whole, bands=bands, drivers=drivers, dataset=dataset)))
    assert browser.text("#question") == f"{hostile}?"
    assert hostile in browser.text("#bands")
    assert hostile in browser.text("#drivers")
    assert browser.says("document.querySelectorAll('img').length") == 0
    assert browser.complaints == []


def test_before_a_model_and_before_a_classification_the_page_says_so(
    browser: Browser, whole: Classified, written: Written
) -> None:
    """Sentences where numbers will stand; nothing at all before the first classification."""
    publication = {**(whole.publication or {}), "model": "base_rate", "version": "1"}
    browser.open(written(replace(bare(whole), publication=publication)))
    assert "No trained model serves" in browser.text("#notices")
    assert "no number below ten is shown" in browser.text("#bands")
    assert "ten of each kind of answer" in browser.text("#scores")
    browser.open(written(replace(bare(whole), publication=None)))
    assert browser.text("#notices").startswith("There is nothing to show yet")
    assert not browser.says("document.querySelector('#frame').checkVisibility()")
    assert browser.complaints == []
