"""The roster: which series there are, since when, and what became of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from examples import wide

from vigil.datasets import Dataset
from vigil.roster import Rows, updated

DAY0 = datetime(2021, 1, 10, 12, tzinfo=UTC)


def small(**more: Any) -> Dataset:
    """Provisional for ten days."""
    return Dataset.model_validate({**wide().model_dump(), "provisional_days": 10, **more})


def after(*contents: tuple[int, str, dict], dataset: Dataset | None = None) -> Rows:
    """The roster after contents: on which day, of which source, what is said of which series."""
    rows: Rows = {}
    seen = set[str]()
    for day, source, said in contents:
        moment = DAY0 + timedelta(days=day)
        rows = updated(dataset or small(), rows, source, said, moment, first=source not in seen)
        seen.add(source)
    return rows


def status(rows: Rows) -> dict[str, tuple[str, int]]:
    """Each series' status, and since which day."""
    return {name: (row["status"], (row["since"] - DAY0).days) for name, row in rows.items()}


A, AB, B = {"A": {}}, {"A": {}, "B": {}}, {"B": {}}


def test_what_is_there_at_first_is_known():
    """Nobody knows how long it has been there."""
    assert status(after((0, "x", AB))) == {"A": ("known", 0), "B": ("known", 0)}


def test_what_comes_later_is_provisional_for_a_while():
    """Nine days after it came it still is; after ten it is known, since the day it came."""
    came = ((0, "x", A), (1, "x", AB))
    assert status(after(*came))["B"] == ("provisional", 1)
    assert status(after(*came, (10, "x", AB)))["B"] == ("provisional", 1)
    assert status(after(*came, (11, "x", AB)))["B"] == ("known", 1)


def test_what_vanished_is_kept():
    """With all that was said of it, and the day on which it went."""
    rows = after((0, "x", {"A": {}, "B": {"population": 5.0}}), (3, "x", A))
    assert status(rows) == {"A": ("known", 0), "B": ("vanished", 3)}
    assert (rows["B"]["population"], rows["B"]["sources"]) == (5.0, "")


def test_what_is_back_again_is_known_since_then():
    """It was known before."""
    rows = after((0, "x", AB), (3, "x", A), (5, "x", AB))
    assert status(rows)["B"] == ("known", 5)
    assert rows["B"]["sources"] == "x"


def test_what_vanished_stays_vanished_since_then():
    """The next file without it moves nothing."""
    rows = after((0, "x", AB), (3, "x", A), (5, "x", A))
    assert status(rows)["B"] == ("vanished", 3)


def test_a_series_of_two_sources_vanishes_with_the_last_of_them():
    """The first no longer names it: it is still there."""
    both = ((0, "x", AB), (0, "y", B))
    assert after(*both)["B"]["sources"] == "x+y"
    rows = after(*both, (2, "x", A))
    assert (status(rows)["B"], rows["B"]["sources"]) == (("known", 0), "y")
    rows = after(*both, (2, "x", A), (4, "y", {"C": {}}))
    assert status(rows)["B"] == ("vanished", 4)
    assert status(rows)["C"] == ("provisional", 4)


def test_the_newest_description_stands_and_a_blank_takes_nothing_back():
    """Population is revised, the latitude no longer said."""
    rows = after(
        (0, "x", {"A": {"population": 1.0, "latitude": 2.0}}), (1, "x", {"A": {"population": 3.0}})
    )
    assert (rows["A"]["population"], rows["A"]["latitude"]) == (3.0, 2.0)


def test_a_row_says_what_the_name_tells():
    """Parent and own name; ships are no place; a country's own parent wins over none."""
    dataset = small(not_places=["MS Zaandam"])
    said = {"Canada/Ontario": {}, "MS Zaandam": {}, "FRA": {"parent": "Europe", "aggregate": False}}
    rows = after((0, "x", said), dataset=dataset)
    shown = {n: (row["parent"], row["name"], row["place"]) for n, row in rows.items()}
    assert shown == {
        "Canada/Ontario": ("Canada", "Ontario", True),
        "MS Zaandam": (None, "MS Zaandam", False),
        "FRA": ("Europe", "FRA", True),
    }
    assert {row["dataset"] for row in rows.values()} == {"small"}


def test_the_roster_before_is_left_as_it_was():
    """A replay compares the two."""
    before = after((0, "x", A))
    kept = {name: dict(row) for name, row in before.items()}
    updated(small(), before, "x", B, DAY0 + timedelta(days=1), first=False)
    assert before == kept
