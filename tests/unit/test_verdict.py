"""Verdicts: what a reader is told of a content, once, and what is expected of it."""

import ast
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from examples import days, grid, long

from vigil import verdict
from vigil.arrivals import Arrival, Content
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.layouts import Parsed
from vigil.panel import Grid, Key
from vigil.quality import Finding, Mark
from vigil.sources import Validators
from vigil.verdict import EVENTS, Case, aging, expected, reverted

PRODUCT = Path(verdict.__file__).parent
KEY = Key("hospital", "admitted")
JAN = datetime(2021, 1, 1, 12, tzinfo=UTC)


def named(node: ast.AST, kind: str) -> set[str]:
    """The rules that calls of Mark or Finding name in a piece of code."""
    calls = (one for one in ast.walk(node) if isinstance(one, ast.Call) and one.args)
    return {
        str(call.args[0].value)
        for call in calls
        if isinstance(call.func, ast.Name)
        and call.func.id == kind
        and isinstance(call.args[0], ast.Constant)
    }


def functions() -> list[ast.FunctionDef]:
    """All functions of the product that look at contents."""
    files = [file for file in PRODUCT.glob("*.py") if file.stem != "forecasts"]
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in files)
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def test_exactly_the_events_are_said_once_and_every_other_rule_is_a_mark():
    """A mark is compared with that of the content before; what is a finding at once is an event."""
    marks, events = set[str](), set[str]()
    for one in functions():
        at_once = "Finding" in ast.unparse(one.returns) if one.returns else False
        events |= named(one, "Finding") | (named(one, "Mark") if at_once else set())
        marks |= set() if at_once else named(one, "Mark")
    assert events == set(EVENTS)
    assert marks == {
        "categories",
        "duplicates",
        "empty_column",
        "ended",
        "extra_columns",
        "falling_total",
        "gaps",
        "negative",
        "overlap",
        "rhythm",
    }
    assert not marks & events


def parsed(values: list[float], first: str = "2021-01-01", **more) -> Parsed:
    """A content of one series."""
    one = Grid(days(first, len(values)), ("A",), np.array(values, float)[:, None])
    return Parsed({KEY: one}, {"A": {}}, **more)


def said(new: Parsed, old: Parsed | None = None, at: int = 5, dataset: Dataset | None = None):
    """Rule and severity of what is found in a content after another, so many days on."""
    held = {} if old is None else {"hospital": old}
    case = Case(dataset or long(), "hospital", new, held, JAN + timedelta(days=at))
    return [(finding.rule, finding.severity) for finding in case.findings()]


def test_a_good_content_says_nothing():
    """The first, and the one after it."""
    assert said(parsed([1, 2, 3])) == []
    assert said(parsed([1, 2, 3, 4]), parsed([1, 2, 3])) == []


def test_what_stands_is_said_once_and_cleared_once():
    """A negative number: found, still there, gone."""
    bad, good = parsed([1, -2, 3]), parsed([1, 2, 3])
    assert said(bad) == [("negative", "warning")]
    assert said(parsed([1, -2, 3, 4]), bad) == []
    assert said(good, bad) == [("negative", "cleared")]
    assert said(good, good) == []


def test_what_struck_the_reader_is_compared_too():
    """A column that came, stays and goes."""
    mark = Mark("extra_columns", "small.hospital", "declared columns", frozenset({"sex"}))
    with_, without = parsed([1, 2], marks=(mark,)), parsed([1, 2])
    assert said(with_, without) == [("extra_columns", "warning")]
    assert said(with_, with_) == []
    assert said(without, with_) == [("extra_columns", "cleared")]


def test_a_refusal_that_is_seen_in_a_replay_is_a_warning():
    """What was accepted once stays accepted, next to whatever neighbours."""
    old = parsed([1, 2, 3, 4])
    at = JAN + timedelta(days=5)
    case = Case(long(), "hospital", parsed([3, 4], "2021-01-03"), {"hospital": old}, at)
    with pytest.raises(Rejected, match="at most 0 of 4 known values gone"):
        case.check(downloaded=False)
    assert said(parsed([3, 4], "2021-01-03"), old) == [("shrunken", "warning")]


def test_an_old_content_is_stale_and_nothing_else_is_hidden_by_it():
    """A backfill is old by nature."""
    assert said(parsed([1, -2]), at=100) == [("negative", "warning"), ("stale", "warning")]


def test_a_jump_and_a_lost_series_are_said_of_the_content_that_brings_them():
    """And no more of the one after it."""
    old, new = parsed([5, 5]), parsed([5, 5, 500])
    assert said(new, old) == [("jump", "warning")]
    assert said(parsed([5, 5, 500, 5]), new) == []
    lost = replace(new, attributes={"B": {}})
    assert said(lost, new) == [("lost_series", "warning"), ("new_series", "info")]


def test_records_are_whole_in_themselves():
    """No dates, so nothing is stale, shrunken or in the future."""
    assert said(Parsed(), Parsed(), at=1000) == []


FOLLOWS = long().model_dump()
FOLLOWS["sources"] = dict.fromkeys(("old", "new"), FOLLOWS["sources"]["hospital"])
FOLLOWS["successions"] = {"line": {"old": None, "new": date(2021, 1, 3)}}
FOLLOWS["targets"]["admitted"]["sources"] = {"line": "n"}
FOLLOWS = Dataset.model_validate(FOLLOWS)


def held(source: str, values: list[float]) -> Parsed:
    """A content of one of the two sources that follow each other."""
    return Parsed({Key(source, "admitted"): grid([[one] for one in values])}, {"A": {}})


def follows(source: str, new: Parsed, /, **before: Parsed) -> list[Finding]:
    """What is found in a content of a source in a line."""
    case = Case(FOLLOWS, source, new, before, JAN + timedelta(days=5))
    return list(case.findings())


@pytest.mark.parametrize("later", ["old", "new"])
def test_sources_of_a_line_are_compared_whichever_comes_later(later):
    """The finding is the follower's, and is not said again while both stay as they are."""
    values = {"old": held("old", [10, 20]), "new": held("new", [10, 30])}
    earlier = {"old": "new", "new": "old"}[later]
    [finding] = follows(later, values[later], **{earlier: values[earlier]})
    assert (finding.rule, finding.severity, finding.scope) == ("overlap", "warning", "small.new")
    assert (finding.expected, finding.found) == (
        "values within 5% of the source before it",
        "A",
    )
    assert follows(later, values[later], **values) == []


def test_sources_that_agree_say_so_once():
    """A note, with the number of rows that both have."""
    old, new = held("old", [10, 20, 30]), held("new", [10, 20, 30])
    [finding] = follows("new", new, old=old)
    assert (finding.rule, finding.severity) == ("overlap", "info")
    assert finding.found == "3 rows in both, all agree"
    assert follows("new", new, old=old, new=new) == []


def test_a_content_that_was_here_before_is_a_warning():
    """Said of each return."""
    assert reverted("small.hospital") == Finding(
        "reverted",
        "warning",
        "small.hospital",
        "new content",
        "the content has been here before",
    )


def look(day: int, kind: str = "fetched", last: date | None = date(2021, 1, 1)) -> Arrival:
    """A look at the source, so many days after its newest date."""
    content = Content("a", 1, Validators("x"), last)
    return Arrival("small", JAN + timedelta(days=day), kind, {"hospital": content})


def aged(day: int, before: int | None, new=frozenset(), **more) -> list[str]:
    """What is found at a look after another at an unchanged source."""
    last = None if before is None else look(before)
    return [finding.rule for finding in aging(long(), look(day, **more), last, set(new))]


def test_an_unchanged_download_that_becomes_stale_alerts_once():
    """Seven days are allowed: on the eighth it is stale, on the ninth it still is."""
    assert [aged(day, day - 1) for day in (6, 7, 8, 9)] == [[], [], ["stale"], []]


def test_looks_that_were_missed_miss_no_alert():
    """From the third day to the twentieth."""
    assert aged(20, 3) == ["stale"]
    assert aged(20, None) == ["stale"]


def test_what_is_new_or_was_given_by_hand_does_not_age():
    """The new content says itself that it is stale; a file of the past is old by nature."""
    assert aged(20, 3, new={"hospital"}) == []
    assert aged(20, 3, kind="declared") == []
    assert aged(20, 3, last=None) == []


def test_a_source_that_has_ended_does_not_age():
    """Nobody waits for more."""
    ended = long(ended="2021-01-01")
    assert list(aging(ended, look(20), look(3), set())) == []


def knowing(*known: dict[str, str]) -> Dataset:
    """A dataset that knows some findings."""
    return Dataset.model_validate({**long().model_dump(), "known": known})


GAP = Finding("gaps", "warning", "small.hospital", "a row every day", "3 in 1 series")


@pytest.mark.parametrize("scope", ["", "hospital"])
def test_a_known_finding_stays_with_its_reason_and_alerts_nobody(scope):
    """For the whole dataset, or for one source."""
    [finding] = expected(knowing({"rule": "gaps", "scope": scope, "reason": "privacy"}), [GAP])
    assert finding == replace(GAP, severity="known", found="3 in 1 series (privacy)")


@pytest.mark.parametrize(
    "known",
    [
        {"rule": "negative", "reason": "x"},
        {"rule": "gaps", "scope": "hosp", "reason": "x"},
        {"rule": "gaps", "scope": "hospital.admitted", "reason": "x"},
    ],
    ids=["another rule", "the beginning of a name", "a part of it"],
)
def test_another_finding_is_not_known(known):
    """A scope is a source, or a source's measure, as a whole."""
    assert list(expected(knowing(known), [GAP])) == [GAP]


@pytest.mark.parametrize("severity", ["error", "cleared"])
def test_a_refusal_and_an_end_are_said_in_any_case(severity):
    """Only information and warnings can be expected."""
    finding = replace(GAP, severity=severity)
    assert list(expected(knowing({"rule": "gaps", "reason": "x"}), [finding])) == [finding]
