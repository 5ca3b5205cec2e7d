"""Places: how the series of a file are called, and what the file says of each."""

import numpy as np
import pyarrow as pa
import pytest
from examples import long

from vigil import cells, places
from vigil.errors import Rejected


def table(**columns: list[str]) -> pa.Table:
    """A table of text that knows its rows."""
    count = len(next(iter(columns.values())))
    return pa.table({**columns, cells.ROW: list(range(2, count + 2))})


def names(columns: dict[str, list[str]], **spec) -> list[str]:
    """Each row's series."""
    source = long(**{"root": None, "series": list(columns), **spec}).sources["hospital"]
    return places.series_of(source, table(**columns), "file").to_pylist()


def refused(columns: dict[str, list[str]], **spec) -> Rejected:
    """The reason why names are refused."""
    with pytest.raises(Rejected) as reason:
        names(columns, **spec)
    return reason.value


LEVELS = {
    "country": ["Portugal", "Portugal", "Portugal", "Portugal"],
    "district": ["", "Lisbon", "Lisbon", " Évora "],
    "town": ["", "", "Sintra", ""],
}


def test_the_parts_of_a_name_are_joined_and_blank_ones_left_out():
    """Three levels in three columns: the nation, a district, a municipality."""
    assert names(LEVELS) == [
        "Portugal",
        "Portugal/Lisbon",
        "Portugal/Lisbon/Sintra",
        "Portugal/Évora",
    ]


def test_a_root_stands_above_all_of_them():
    """Alone it names the one series."""
    assert names({"dep": ["01", "2A"]}, root="France") == ["France/01", "France/2A"]
    assert names({"dep": ["", ""]}, root="France") == ["France", "France"]


def test_rows_that_differ_only_in_blanks_are_one_series():
    """Lisbon and Lisbon with a space, a part in this column or the next."""
    spec = {"district": ["Lisbon ", "Lisbon", ""], "town": ["", "", "Lisbon"]}
    assert names(spec) == ["Lisbon"] * 3


def test_a_slash_in_a_value_makes_no_parent():
    """Slashes join parts, so none can be in one: neither in a code nor in the name for it."""
    assert names({"code": ["N/A", ""], "name": ["x", "A/B"]}, series=["code"], unnamed="name") == [
        "N-A",
        "A-B",
    ]


def test_a_row_without_a_name_takes_that_of_another_column():
    """The World without China has no code."""
    columns = {"code": ["FRA", ""], "name": ["France", " World excl. China "]}
    assert names(columns, series=["code"], unnamed="name") == ["FRA", "World excl. China"]


def test_a_row_without_any_name_is_refused_with_its_number():
    """Counted from the header as 1."""
    reason = refused({"code": ["FRA", ""]})
    assert (reason.rule, reason.found) == ("series", "none in row 3")


def test_codes_that_do_not_match_are_refused():
    """The first eight in order, and what may have happened to them."""
    pattern = {"parts": {"dep": "0[1-9]|2[AB]"}}
    assert names({"dep": ["01", "2A"]}, expect=pattern) == ["01", "2A"]
    reason = refused({"dep": ["1", "01", "C", "1"]}, expect=pattern)
    assert (reason.where, reason.rule) == ("file, column dep", "codes")
    assert reason.found == "['1', 'C']"
    assert "leading zeros" in reason.remedy


def test_a_pattern_has_to_match_the_whole_value():
    """2A1 begins like a code."""
    assert refused({"dep": ["2A1"]}, expect={"parts": {"dep": "2[AB]"}}).rule == "codes"


def said(columns: dict[str, list[str]], **spec) -> places.Attributes:
    """What a table says of its series, which the column `code` names."""
    source = long(**{"root": None, "series": ["code"], **spec}).sources["hospital"]
    made = table(**columns)
    return places.attributes_of(source, made, places.series_of(source, made, "file"), "file")


def test_text_and_numbers_are_attributes_and_the_last_value_wins():
    """Population is repeated on every row and revised; a blank takes nothing back."""
    columns = {
        "code": ["FRA", "NAM", "FRA", "FRA", "XXX"],
        "who": ["France", "Namibia", "FRANCE ", "", ""],
        "people": ["1", "2.5", "3", "", "NA"],
    }
    assert said(columns, attributes={"name": "who", "population": "people"}) == {
        "FRA": {"name": "FRANCE", "population": 3.0},
        "NAM": {"name": "Namibia", "population": 2.5},
        "XXX": {},
    }


def test_an_attribute_that_is_no_number_is_refused():
    """Latitude, longitude and population are."""
    with pytest.raises(Rejected, match=r"column people: expected finite numbers .* 'many' in row"):
        said({"code": ["FRA"], "people": ["many"]}, attributes={"population": "people"})


def test_what_has_no_continent_is_an_aggregate():
    """One row with a continent is enough to be a place."""
    columns = {"code": ["FRA", "WRL", "FRA", "WRL"], "continent": ["", "", "Europe", " "]}
    assert said(columns, aggregate="continent") == {
        "FRA": {"aggregate": False},
        "WRL": {"aggregate": True},
    }


def test_many_names_are_one_code_a_row():
    """Three columns of a hundred values each, and every row finds its own name."""
    rng = np.random.default_rng(7)
    parts = {name: rng.integers(0, 100, 3000).astype(str).tolist() for name in "abc"}
    expected = ["/".join(row) for row in zip(*parts.values(), strict=True)]
    assert names(parts) == expected
