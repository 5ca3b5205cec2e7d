"""Lines: sources that follow each other, read as one."""

from datetime import date

import numpy as np
from examples import grid, long

from vigil.datasets import Dataset
from vigil.lines import resolve
from vigil.panel import Grid, Key, Panel

NAN = float("nan")
SINCE = {"a": None, "b": date(2021, 1, 3), "c": date(2021, 1, 5)}


def dataset(members: dict[str, date | None]) -> Dataset:
    """Admissions from sources that follow each other."""
    spec = long().model_dump()
    source = spec["sources"]["hospital"]
    spec["sources"] = dict.fromkeys("abc", source)
    spec["successions"] = {"line": members}
    others = dict.fromkeys(set("abc") - set(members), "n")
    spec["targets"]["admitted"]["sources"] = {"line": "n", **others}
    return Dataset.model_validate(spec)


def one(members: dict[str, date | None], **held: Grid) -> Grid:
    """What the line says of the sources that are held."""
    panels: dict[str, Panel] = {name: {Key(name, "admitted"): g} for name, g in held.items()}
    [(key, found)] = resolve(dataset(members), "line", panels).items()
    assert key == Key("line", "admitted")
    return found


def same(found: Grid, expected: Grid) -> bool:
    """Equal axes and equal values."""
    return (
        found.series == expected.series
        and np.array_equal(found.dates, expected.dates)
        and np.array_equal(found.values, expected.values, equal_nan=True)
    )


TWO = {"a": None, "b": date(2021, 1, 3)}
A = grid([[1], [2], [3], [4]])
B = grid([[20], [30], [40], [50]], first="2021-01-02")


def test_a_follower_counts_from_its_date():
    """It has the 2nd, too, but the 2nd is the leader's."""
    assert same(one(TWO, a=A, b=B), grid([[1], [2], [30], [40], [50]]))


def test_the_leader_stands_where_the_follower_has_nothing():
    """A series that only the leader knows, and a day that the follower passes over."""
    leader = grid([[1, 5], [2, 6], [3, 7], [4, 8]], "AB")
    follower = grid([[NAN], [40]], first="2021-01-03")
    assert same(one(TWO, a=leader, b=follower), grid([[1, 5], [2, 6], [3, 7], [40, 8]], "AB"))


def test_a_series_that_only_the_follower_knows_begins_with_it():
    """Before its date it has none."""
    follower = grid([[7, 9], [8, 10]], "AC", first="2021-01-03")
    expected = [[1, NAN], [2, NAN], [7, 9], [8, 10]]
    assert same(one(TWO, a=A, b=follower), grid(expected, "AC"))


def test_of_three_each_counts_from_its_own_date():
    """1 2 from the first, 30 40 from the second, then the third."""
    c = grid([[300], [400], [500], [600]], first="2021-01-03")
    assert same(one(SINCE, a=A, b=B, c=c), grid([[1], [2], [30], [40], [500], [600]]))


def test_the_third_stands_on_the_first_where_the_second_has_not_come_yet():
    """The sources come in any order."""
    c = grid([[500]], first="2021-01-05")
    assert same(one(SINCE, a=A, c=c), grid([[1], [2], [3], [4], [500]]))


def test_a_follower_alone_begins_with_its_date():
    """What it says of earlier days is not its to say."""
    assert same(one(TWO, b=B), grid([[30], [40], [50]], first="2021-01-03"))


def test_a_source_without_a_succession_is_its_own_line():
    """Its values are as they are."""
    own = Key("c", "admitted")
    found = resolve(dataset(TWO), "c", {"c": {own: A}})
    assert list(found) == [own]
    assert found[own] is A


def test_nothing_held_is_nothing_said():
    """No empty grids."""
    assert resolve(dataset(TWO), "line", {}) == {}
