"""The report of a classified dataset as a file: closed, in words, and nobody in it."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from made_classes import ISSUED, MODEL, classified
from made_up import few as places
from made_up import jhu, shown
from test_report import unpacked

from vigil.report import Classified, class_queries, classes, few, page
from vigil.report.classified import data, notices


@pytest.fixture(scope="module")
def whole() -> Classified:
    """Everything there can be."""
    return classified(count=13_000, known=30_000)


@pytest.fixture(scope="module")
def text(whole: Classified) -> str:
    """Its page."""
    return classes(whole).decode()


def answers(value: str, *counts: int) -> dict[str, Any]:
    """A group's right and wrong answers: yes right, yes wrong, no wrong, no right."""
    n, positives = sum(counts), counts[0] + counts[2]
    kinds = dict(zip(few.KINDS, counts, strict=True))
    return {"value": value, "n": n, "positives": positives, "mean_probability": 0.4, **kinds}


def test_a_page_names_nothing_to_fetch_and_is_the_same_again(whole: Classified, text: str) -> None:
    """As the other reports are; only its three scripts run."""
    without = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"\b(?:src|href)=|url\(|@import|https?:", without)
    assert len(re.findall(r"'sha256-", text)) == len(re.findall("<script>", text)) == 3
    assert classes(whole).decode() == text


def test_each_kind_of_page_carries_its_own_scripts_alone(text: str) -> None:
    """No list of places for stays; no ROC for series."""
    series = page(shown(places(jhu(), "Italy"))).decode()
    for own, other, needed in (
        (text, series, "function roc("),
        (series, text, "function pickable("),
    ):
        assert needed in own
        assert needed not in other


def test_no_question_to_the_tables_names_a_record_or_a_person() -> None:
    """What is not read cannot be shown."""
    asked = [sql for name, sql in vars(class_queries).items() if name.isupper()]
    assert len(asked) == 7
    assert not [sql for sql in asked if re.search(r"\b(record|person|probability|fields)\b", sql)]


def test_groups_that_are_too_few_are_left_out_with_as_many_as_hide_them() -> None:
    """B has nine missed. Without B alone, the whole less C and A would say nine; so A goes, too."""
    rows = [
        answers("A", 20, 20, 20, 20),
        answers("B", 30, 30, 9, 30),
        answers("C", 40, 40, 40, 40),
    ]
    whole = answers("", 90, 90, 69, 90)
    kept = few.groups(rows, whole)
    assert [row["value"] for row in kept] == ["C"]
    assert few.rest(kept, whole) == dict(zip(few.KINDS, (50, 50, 29, 50), strict=True))


def test_groups_without_a_row_hide_another_where_they_are_few() -> None:
    """Two records are in no group's row: what the rows leave of the whole would be two."""
    rows = [answers("A", 20, 20, 20, 20), answers("B", 40, 40, 40, 40)]
    kept = few.groups(rows, answers("", 60, 61, 60, 61))
    assert [row["value"] for row in kept] == ["B"]
    assert few.groups(rows, answers("", 60, 60, 60, 60)) == rows
    assert few.groups([rows[0]], answers("", 20, 21, 20, 20)) == []


def test_a_share_of_a_few_is_not_said() -> None:
    """Nobody, everybody, ten: yes. Nine, or all but one: no."""
    said = [few.share(count / 100, 100) for count in (0, 9, 10, 50, 99, 100)]
    assert said == [0.0, None, 0.1, 0.5, None, 1.0]


def test_other_groups_are_told_together(whole: Classified) -> None:
    """Their mean probability is what is left of the whole's: (339 x 0.4 - 160 x 0.4) / 179."""
    same = {"model": "trees", "split": "crossed", "field": "Age"}
    own = [{**same, **answers("A", 40, 40, 40, 40)}, {**same, **answers("B", 9, 9, 9, 9)}]
    total = {**same, **answers("", 90, 90, 69, 90), "field": ""}
    said = data(replace(whole, assessments=[total, *own]))["groups"]
    [part] = [one["rows"] for one in said if one["field"] == "Age"]
    assert [(row["value"], row["n"]) for row in part] == [("A", 160), ("other", 179)]
    assert part[1]["mean_probability"] == pytest.approx(0.4)
    assert part[1]["positives"] == 79


def test_a_model_that_is_judged_on_few_shows_rates_and_no_counts(whole: Classified) -> None:
    """Nine were missed: neither that nor how many came is in the page."""
    first = whole.assessments[0]
    judged = data(replace(whole, assessments=[{**first, "false_negatives": 9}]))["judged"]
    assert set(judged) == {
        "model", "n", "auc", "average_precision", "brier", "log_loss", "accuracy", "covered"
    }  # fmt: skip


def test_the_page_holds_the_counts_of_the_view_in_the_order_of_the_file(
    whole: Classified, text: str
) -> None:
    """All first, then age and ward."""
    said = unpacked(text)["bands"]
    assert [part["field"] for part in said] == ["", "Age", "Ward_Type"]
    rows = [row for row in whole.bands if row["field"] == "Age"]
    assert sum(row["n"] for row in said[1]["rows"]) == sum(row["n"] for row in rows)
    assert [row["band"] for row in said[0]["rows"]] == ["low", "moderate", "raised", "high"]


def test_notices_say_what_must_be_known_first(whole: Classified) -> None:
    """Nothing classified; no model; an old one; other people than before."""
    assert notices(replace(whole, publication=None)) == [
        "There is nothing to show yet: no admissions have been classified."
    ]
    base = {**(whole.publication or {}), "model": "base_rate"}
    [said] = notices(replace(whole, publication=base))
    assert said.startswith("No trained model serves: all admissions get the same probability")
    old, moved = notices(replace(whole, model={**MODEL, "as_of": ISSUED - timedelta(days=15)}))
    assert old.startswith("The model is 15 days old")
    assert moved.endswith("not like those that were learnt from: Admission Deposit.")
    assert notices(replace(whole, drift=[])) == []
