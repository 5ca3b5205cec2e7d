"""Vintages: what changed when, and the same tables whatever order the files came in."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from examples import days, grid, unpacked, wide
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import REAL
from vigil import datasets, layouts, panel
from vigil.arrivals import Arrival, Content
from vigil.layouts import Parsed
from vigil.panel import EMPTY, Grid, Key
from vigil.recorded import Additions
from vigil.records import Records
from vigil.sources import Validators
from vigil.vintages import Replay, difference, pending

NAN = float("nan")
KEY = Key("deaths", "deaths")
FIRST = datetime(2021, 1, 10, 12, tzinfo=UTC)
VALUES = st.sampled_from([0.0, 1.0, 2.5, NAN])


@st.composite
def grids(draw) -> Grid:
    """Any grid of at most three days and three series."""
    at = sorted(draw(st.sets(st.integers(0, 4), max_size=3)))
    names = sorted(draw(st.sets(st.sampled_from("ABCD"), max_size=3)))
    count = len(at) * len(names)
    values = draw(st.lists(VALUES, min_size=count, max_size=count))
    made = np.array(values, float).reshape(len(at), len(names))
    return Grid(np.datetime64("2021-01-01", "D") + np.array(at, int), tuple(names), made)


def changes(old: Grid, new: Grid) -> list[tuple[str, date, float | None]]:
    """Series, date and value of every row from one grid to the next."""
    return [
        (row["series"], row["date"], row["value"])
        for table in difference(KEY, old, new, FIRST)
        for row in table.to_pylist()
    ]


def values_of(one: Grid) -> dict[tuple[str, date], float]:
    """What a grid knows."""
    return {
        (name, day.astype(date)): value
        for day, row in zip(one.dates, one.values.tolist(), strict=True)
        for name, value in zip(one.series, row, strict=True)
        if np.isfinite(value)
    }


def test_only_what_is_new_different_or_gone_becomes_a_row():
    """Of A's 1 2 3 the 2 becomes 5, the 3 vanishes and a 4th day comes: three rows."""
    old, new = grid([[1], [2], [3]]), grid([[1], [5], [NAN], [7]])
    assert changes(old, new) == [
        ("A", date(2021, 1, 2), 5.0),
        ("A", date(2021, 1, 3), None),
        ("A", date(2021, 1, 4), 7.0),
    ]


def test_the_first_vintage_is_all_new_and_the_same_again_is_nothing():
    """A blank is no row."""
    one = grid([[1, NAN], [0, 4]], "AB")
    assert changes(EMPTY, one) == [
        ("A", date(2021, 1, 1), 1.0),
        ("A", date(2021, 1, 2), 0.0),
        ("B", date(2021, 1, 2), 4.0),
    ]
    assert changes(one, one) == []


def test_a_series_that_vanished_is_gone_day_by_day():
    """And the one in its place is new."""
    assert changes(grid([[1], [2]], "A"), grid([[1], [2]], "B")) == [
        ("A", date(2021, 1, 1), None),
        ("A", date(2021, 1, 2), None),
        ("B", date(2021, 1, 1), 1.0),
        ("B", date(2021, 1, 2), 2.0),
    ]


def test_a_file_that_moved_on_by_a_day_loses_one_and_gains_one():
    """The same size and the same numbers, but not the same days."""
    old, new = grid([[1], [2]]), grid([[1], [2]], first="2021-01-03")
    assert changes(old, new) == [
        ("A", date(2021, 1, 1), None),
        ("A", date(2021, 1, 2), None),
        ("A", date(2021, 1, 3), 1.0),
        ("A", date(2021, 1, 4), 2.0),
    ]


def test_rows_say_where_they_come_from_and_when_they_were_known():
    """Source, target and moment are the same for all of them."""
    [table] = difference(KEY, EMPTY, grid([[1]]), FIRST)
    [row] = table.to_pylist()
    assert (row["source"], row["target"], row["issued_at"]) == ("deaths", "deaths", FIRST)


@settings(max_examples=150)
@given(grids(), grids())
def test_the_rows_applied_to_the_old_grid_give_the_new_one(old, new):
    """And each of them changes something."""
    known = values_of(old)
    for name, day, value in changes(old, new):
        assert known.get((name, day)) != value
        known[name, day] = value
    assert {place: value for place, value in known.items() if value is not None} == values_of(new)


@pytest.mark.parametrize(
    ("names", "last", "reflected", "expected"),
    [
        ([], "", 0, ([], True)),
        (["1"], "", 0, (["1"], True)),
        (["1"], "1", 1, ([], True)),
        (["1", "2", "3"], "1", 1, (["2", "3"], True)),
        (["1", "2", "3"], "2", 1, (["1", "2", "3"], False)),
        (["1", "2"], "2", 1, (["1", "2"], False)),
        (["1", "2", "3", "4"], "3", 3, (["4"], True)),
    ],
)
def test_what_came_late_has_everything_replayed(names, last, reflected, expected):
    """The tables show so many arrivals up to the last; one more before it came late."""
    assert pending(names, last, reflected) == expected


def arrival(number: int, content: str) -> Arrival:
    """An arrival on the day of that number; a content is its own hash."""
    moment = FIRST + timedelta(days=number)
    held = Content(content, len(content), Validators("x"))
    return Arrival("small", moment, "declared", {"deaths": held})


CONTENTS = {
    "A": Parsed({KEY: grid([[1], [2]])}, {"A": {"latitude": 1.0}}),
    "B": Parsed({KEY: grid([[1], [3], [4]])}, {"A": {"latitude": 2.0}}),
    "C": Parsed({KEY: grid([[1, 9]], "AB")}, {"A": {}, "B": {"latitude": 3.0}}),
    "D": Parsed({KEY: Grid(days("2021-01-02", 1), ("A",), np.array([[2.0]]))}, {"A": {}}),
}


def read(_source: str, digest: str) -> Parsed:
    """A content by its hash."""
    return CONTENTS[digest]


def replayed(*contents: str) -> Replay:
    """Contents that came one a day."""
    replay = Replay(wide(), read)
    for number, one in enumerate(contents):
        replay.add(arrival(number, one))
    return replay


def rows_of(replay: Replay) -> list[tuple]:
    """What changed when."""
    return [
        (row["issued_at"].day, row["series"], row["date"].day, row["value"])
        for table in replay.changes
        for row in table.to_pylist()
    ]


def test_a_content_that_comes_back_is_a_vintage_of_its_own():
    """A, B, A are three vintages; the second A takes back what B said."""
    replay = replayed("A", "B", "A")
    assert rows_of(replay) == [
        (10, "A", 1, 1.0),
        (10, "A", 2, 2.0),
        (11, "A", 2, 3.0),
        (11, "A", 3, 4.0),
        (12, "A", 2, 2.0),
        (12, "A", 3, None),
    ]
    names = [arrival(number, "x").name for number in range(3)]
    assert [row["vintage"] for row in replay.vintages] == names
    assert [row["predecessor"] for row in replay.vintages] == [None, *names[:2]]
    assert [row["sha256"] for row in replay.vintages] == ["A", "B", "A"]


def test_a_content_that_is_still_the_same_is_no_vintage():
    """Nothing is written, and the predecessor of the next is the one that changed something."""
    replay = replayed("A", "A", "B")
    assert [row["predecessor"] for row in replay.vintages] == [None, arrival(0, "A").name]
    assert replay.issued_at == FIRST + timedelta(days=2)


TWO = wide().model_dump()
TWO["sources"]["confirmed"] = TWO["sources"]["deaths"]
TWO["targets"]["cases"] = {**TWO["targets"]["deaths"], "sources": {"confirmed": None}}
TWO = datasets.Dataset.model_validate(TWO)


def test_only_what_the_same_source_held_before_can_be_gone():
    """The cases stay when a file of deaths comes without them."""
    cases = Parsed({Key("confirmed", "cases"): grid([[5]])}, {"A": {}})
    contents = {**CONTENTS, "cases": cases}
    replay = Replay(TWO, lambda _, digest: contents[digest])
    held = Content("cases", 5, Validators("x"))
    replay.add(replace(arrival(0, "A"), contents={"confirmed": held}))
    replay.add(arrival(1, "A"))
    assert rows_of(replay) == [(10, "A", 1, 5.0), (11, "A", 1, 1.0), (11, "A", 2, 2.0)]
    assert replay.contents == {"confirmed": "cases", "deaths": "A"}


def test_a_content_that_is_still_the_same_is_not_even_read():
    """It may be large."""
    asked = []
    replay = Replay(wide(), lambda *what: asked.append(what) or CONTENTS[what[1]])
    replay.contents = {"deaths": "A"}
    replay.add(arrival(0, "A"))
    assert asked == []
    replay.add(arrival(1, "B"))
    assert asked == [("deaths", "B"), ("deaths", "A")]


def findings(replay: Replay, rule: str) -> list[tuple[int, str, str]]:
    """Day, severity and words of what a rule has found."""
    return [(at.day, one.severity, one.found) for at, one in replay.findings if one.rule == rule]


def test_an_arrival_that_was_accepted_stays_whatever_its_neighbours_say():
    """A late older file makes the next one look shrunken: a warning, not a refusal."""
    replay = replayed("B", "D")
    assert findings(replay, "shrunken") == [(11, "warning", "2 gone")]
    assert rows_of(replay)[-2:] == [(11, "A", 2, 2.0), (11, "A", 3, None)]


def test_a_content_that_was_here_before_is_a_finding():
    """A, B, A: upstream may have gone back to an older file."""
    replay = replayed("A", "B", "A", "A")
    assert findings(replay, "reverted") == [(12, "warning", "the content has been here before")]


def test_series_that_come_and_go_are_said_once():
    """B comes with C and goes with A's return; the roster keeps both."""
    replay = replayed("A", "C", "A", "A")
    assert findings(replay, "new_series") == [(11, "info", "B")]
    assert findings(replay, "lost_series") == [(12, "warning", "B")]
    status = {name: row["status"] for name, row in replay.roster.items()}
    assert status == {"A": "known", "B": "vanished"}


def test_an_old_file_is_taken_in_with_all_that_is_found():
    """A backfill is stale by nature; that hides nothing else."""
    replay = Replay(wide(), lambda *_: Parsed({KEY: grid([[5], [4]])}))
    replay.add(replace(arrival(0, "A"), issued_at=FIRST + timedelta(days=100)))
    rules = [(finding.rule, finding.severity) for _, finding in replay.findings]
    assert rules == [("falling_total", "warning"), ("stale", "warning")]


def in_line(*contents: tuple[str, Grid]) -> Replay:
    """Contents of two sources that follow each other, one a day: new counts from the 3rd on."""
    spec = wide().model_dump()
    spec["sources"] = {"old": spec["sources"]["deaths"], "new": spec["sources"]["deaths"]}
    spec["successions"] = {"line": {"old": None, "new": date(2021, 1, 3)}}
    spec["targets"]["deaths"]["sources"] = {"line": None}
    files = {
        str(number): Parsed({Key(source, "deaths"): one}, {"A": {}})
        for number, (source, one) in enumerate(contents)
    }
    replay = Replay(datasets.Dataset.model_validate(spec), lambda _, digest: files[digest])
    for number, (source, _) in enumerate(contents):
        held = Content(str(number), 1, Validators("x"))
        replay.add(replace(arrival(number, "A"), contents={source: held}))
    return replay


OLD, NEW = grid([[1], [2], [3], [4]]), grid([[2], [3], [5]], first="2021-01-02")


def test_rows_that_two_sources_of_a_line_have_come_once():
    """Old says 1 2 3 4, new 2 3 5 from the 2nd on: only the 4th differs, and new counts there."""
    replay = in_line(("old", OLD), ("new", NEW))
    assert rows_of(replay) == [
        (10, "A", 1, 1.0),
        (10, "A", 2, 2.0),
        (10, "A", 3, 3.0),
        (10, "A", 4, 4.0),
        (11, "A", 4, 5.0),
    ]
    assert {row["source"] for table in replay.changes for row in table.to_pylist()} == {"line"}
    assert [row["source"] for row in replay.vintages] == ["old", "new"]


def test_a_line_says_the_same_whichever_source_came_first():
    """The leader fills what the follower has not: two more rows, and none for the 3rd and 4th."""
    replay = in_line(("new", NEW), ("old", OLD))
    assert rows_of(replay) == [
        (10, "A", 3, 3.0),
        (10, "A", 4, 5.0),
        (11, "A", 1, 1.0),
        (11, "A", 2, 2.0),
    ]


def test_a_value_that_the_follower_loses_is_the_leaders_again():
    """Judged within the line: 4 stands where 5 is gone, and nothing is NULL."""
    later = grid([[2], [3], [NAN]], first="2021-01-02")
    replay = in_line(("old", OLD), ("new", NEW), ("new", later))
    assert rows_of(replay)[5:] == [(12, "A", 4, 4.0)]


def test_the_leader_can_no_longer_change_what_the_follower_says():
    """What it corrects before that day counts, what it says later does not."""
    replay = in_line(("old", OLD), ("new", NEW), ("old", grid([[9], [2], [3], [9]])))
    assert rows_of(replay)[5:] == [(12, "A", 1, 9.0)]


def stays(**said: tuple[str, str | None]) -> Parsed:
    """A hospital's file: of each case the person and the stay."""
    people, ends = zip(*said.values(), strict=True)
    pieces = [f'"Stay": {json.dumps(end)}' for end in ends]
    about, told = (pa.array(texts).dictionary_encode() for texts in (people, pieces))
    return Parsed(records=Records(pa.array(list(said)), about, (told,)))


STAYS = {
    "first": stays(a=("p", None), b=("q", None)),
    "second": stays(a=("p", "0-10"), c=("p", None)),
    "again": stays(b=("q", None), c=("p", None)),
    "back": stays(a=("p", None)),
}


def test_records_are_added_when_they_are_new_or_changed():
    """Case a gets its stay and loses it, c is new, b is not mentioned and stays."""
    replay = Replay(datasets.load("hospital_stay"), lambda _, digest: STAYS[digest])
    for number, digest in enumerate(STAYS):
        one = replace(arrival(number, digest), dataset="hospital_stay")
        replay.add(replace(one, contents={"admissions": one.contents["deaths"]}))
    rows = Additions("hospital_stay", replay.records)
    found = [(row["issued_at"].day, row["record"], row["fields"]) for row in rows.to_pylist()]
    assert found == [
        (10, "a", '{"Stay": null}'),
        (10, "b", '{"Stay": null}'),
        (11, "a", '{"Stay": "0-10"}'),
        (11, "c", '{"Stay": null}'),
        (13, "a", '{"Stay": null}'),
    ]
    assert {row["source"] for row in rows.to_pylist()} == {"admissions"}
    assert rows.num_rows == 5
    assert sorted(replay.recorded.names.to_pylist()) == ["a", "b", "c"]
    assert [row["sha256"] for row in replay.vintages] == ["first", "second", "again", "back"]


@dataclass
class Tables:
    """The tables and the lake as ingest keeps them: catching up after every delivery."""

    lake: dict[str, Arrival] = field(default_factory=dict)
    shown: tuple[str, int] = ("", 0)
    rows: list[tuple] = field(default_factory=list)
    vintages: list[dict] = field(default_factory=list)
    findings: list[tuple] = field(default_factory=list)
    roster: dict[str, dict] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)
    predecessor: str | None = None

    def deliver(self, one: Arrival) -> None:
        """An arrival is kept, then everything that the tables do not show yet is replayed."""
        self.lake[one.name] = one
        names = sorted(self.lake)
        todo, in_order = pending(names, *self.shown)
        replay = Replay(wide(), read)
        if in_order:
            replay.contents, replay.predecessor = dict(self.contents), self.predecessor
            replay.roster, replay.last = dict(self.roster), self.lake.get(self.shown[0])
            replay.seen = {(row["source"], row["sha256"]) for row in self.vintages}
        else:
            self.rows, self.vintages, self.findings = [], [], []
        for name in todo:
            replay.add(self.lake[name])
        self.shown = (names[-1], len(names))
        self.rows += rows_of(replay)
        self.vintages += replay.vintages
        self.findings += replay.findings
        self.roster = replay.roster
        self.contents, self.predecessor = replay.contents, replay.predecessor


@settings(max_examples=80)
@given(st.lists(st.sampled_from("ABCD"), min_size=1, max_size=5), st.data())
def test_the_tables_are_the_same_whatever_order_the_files_came_in(contents, data):
    """Shuffled, some of them twice: rows, vintages, findings and roster of the right order."""
    expected = replayed(*contents)
    arrivals = [arrival(number, one) for number, one in enumerate(contents)]
    again = data.draw(st.lists(st.sampled_from(arrivals), max_size=2))
    tables = Tables()
    for one in data.draw(st.permutations(arrivals + again)):
        tables.deliver(one)
    assert tables.rows == rows_of(expected)
    assert tables.vintages == expected.vintages
    assert tables.findings == expected.findings
    assert tables.contents == expected.contents
    assert tables.roster == expected.roster


@settings(max_examples=50)
@given(st.lists(st.sampled_from("ABCD"), min_size=1, max_size=5))
def test_the_rows_up_to_any_moment_are_the_file_of_that_moment(contents):
    """Point in time: the newest row of each place, as of each day, is that day's file."""
    rows = rows_of(replayed(*contents))
    for number, one in enumerate(contents):
        known = {
            (name, date(2021, 1, day)): value
            for issued, name, day, value in rows
            if issued <= FIRST.day + number
        }
        found = {place: value for place, value in known.items() if value is not None}
        assert found == values_of(CONTENTS[one].panel[KEY])


@pytest.mark.real
def test_three_real_vintages_are_replayed_to_the_last_of_them():
    """JHU's deaths as of three days: each adds its day, and the rows give the last file back."""
    jhu, bodies = datasets.load("jhu_global"), {}
    replay = Replay(jhu, lambda source, digest: layouts.parse(jhu, source, bodies[digest]))
    for day in ("2021-01-29", "2021-01-30", "2021-01-31"):
        file = REAL / "vintages" / f"time_series_covid19_deaths_global_asof-{day}.csv.gz"
        bodies[day] = unpacked(file)
        moment = datetime.fromisoformat(f"{day}T23:00:00Z")
        replay.add(replace(arrival(0, day), issued_at=moment))
    assert {finding.rule for _, finding in replay.findings} == {"falling_total", "rhythm"}
    counts = [table.num_rows for table in replay.changes]
    assert counts[0] == 374 * 273
    assert all(count >= 273 for count in counts[1:])
    rows = pa.concat_tables(table.cast(replay.changes[0].schema) for table in replay.changes)
    rebuilt = panel.from_rows(rows)[KEY]
    [last] = layouts.parse(jhu, "deaths", bodies["2021-01-31"]).panel.values()
    assert rebuilt.series == last.series
    np.testing.assert_array_equal(rebuilt.dates, last.dates)
    np.testing.assert_array_equal(rebuilt.values, last.values)
