"""Cells: from bytes to text, from text to numbers and days, strictly."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil import cells
from vigil.datasets import Source
from vigil.errors import Rejected

FILE = {"url": "https://example.org/a.csv", "files": "a*", "layout": "long", "series": ["dep"]}
NAN = float("nan")


def source(**spec) -> Source:
    """A source with a column `dep` and a column `day`."""
    return Source.model_validate({**FILE, "date": "day", **spec})


def column(cells_: list[str], name: str = "n") -> pa.Table:
    """A table of one column of text."""
    rows = list(range(2, len(cells_) + 2))
    return pa.table({name: pa.array(cells_, pa.string()), cells.ROW: rows})


def numbers(cells_: list[str], decimal: str = ".") -> list[float]:
    """The numbers that the cells say."""
    return cells.numbers(column(cells_), "n", source(decimal=decimal), "file").tolist()


def read(body: bytes, wanted=lambda _: True, **spec) -> cells.Cells:
    """A file's cells, all columns of them unless it is said which."""
    return cells.read(source(**spec), body, "file", lambda name: "text" if wanted(name) else None)


def refused(call, *arguments) -> Rejected:
    """The reason why a call is refused."""
    with pytest.raises(Rejected) as reason:
        call(*arguments)
    return reason.value


def test_every_cell_is_read_as_text():
    """A departement 01 keeps its zero, 2A its letter, and a blank stays blank."""
    found = read(b"dep,day,n\n01,2021-01-01,5\n2A,2021-01-01,\n")
    assert found.table.to_pydict() == {
        "dep": ["01", "2A"],
        "day": ["2021-01-01", "2021-01-01"],
        "n": ["5", ""],
        cells.ROW: [2, 3],
    }


def test_the_dialect_may_be_any_of_one_file_family():
    """A byte order mark, CRLF, quotes, semicolons and padded names mean nothing of their own."""
    body = b'\xef\xbb\xbf"dep";"jour ";n\r\n"01";"a;b";" 5"\r\n'
    table = read(body, delimiter=";").table
    assert table.to_pydict() == {"dep": ["01"], "jour": ["a;b"], "n": [" 5"], cells.ROW: [2]}


def test_the_last_line_needs_no_end():
    """JHU's earlier files had none."""
    assert read(b"dep,n\n01,5").table.num_rows == 1


def test_latin_1_is_read_when_the_source_says_so():
    """The byte 0xE9 is an e with an accent, and no UTF-8."""
    body = "dep,n\nLa Réunion,5\n".encode("latin-1")
    assert read(body, encoding="latin-1").table["dep"][0].as_py() == "La Réunion"
    reason = refused(read, body)
    assert (reason.where, reason.rule, reason.expected) == ("file", "encoding", "utf-8 text")
    assert "0xe9 in position 10" in reason.found


@pytest.mark.parametrize("body", [b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b",,\n1,2,3\n", b" \n"])
def test_a_file_without_a_header_is_rejected(body):
    """Nothing at all, or columns without names."""
    reason = refused(read, body)
    assert (reason.rule, reason.expected) == ("empty", "a header and rows")


def test_a_column_that_is_there_twice_is_rejected():
    """Which of the two is meant nobody can say."""
    reason = refused(read, b"dep,n,n\n01,5,6\n")
    assert str(reason) == "file: expected every column name once; found twice: ['n'] in 'dep,n,n'"


@pytest.mark.parametrize("row", [b"01", b"01,2021-01-01", b"01,2021-01-01,5,6", b"=======", b"x"])
def test_a_row_with_more_or_fewer_cells_than_the_header_is_rejected(row):
    """A decimal comma in a file of commas, the markers of a merge."""
    reason = refused(read, b"dep,day,n\n01,2021-01-01,5\n" + row + b"\n")
    assert reason.rule == "columns"
    assert reason.expected == "3 cells in every row, as in the header"
    assert row.decode() in reason.found


@pytest.mark.parametrize("row", [b"0", b"01,2021-01", b"01,2021-01-01"])
def test_a_last_row_without_an_end_and_with_fewer_cells_was_cut_off(row):
    """The download broke: the message shows where, and that the next Tick tries again."""
    reason = refused(read, b"dep,day,n\n01,2021-01-01,5\n" + row)
    assert (reason.rule, reason.expected) == ("truncated", "3 cells in the last row")
    assert reason.found == f"a file that ends with {row.decode()!r}"
    assert "next Tick" in reason.remedy


def test_a_last_row_without_an_end_and_with_more_cells_was_not_cut_off():
    """Too many cells are no cut."""
    assert refused(read, b"dep,n\n01,5\n02,5,6").rule == "columns"


def test_only_the_wanted_columns_are_read_and_the_header_tells_of_all():
    """Sixty-seven columns of which fifteen are kept need not be held."""
    found = read(b"dep,day,n\n01,2021-01-01,5\n", {"dep", "n"}.__contains__)
    assert found.table.column_names == ["dep", "n", cells.ROW]
    assert found.header == ["dep", "day", "n"]


def test_a_column_of_another_name_is_read_under_ours():
    """iso_code is called code in the newer file."""
    found = read(b"departement,n\n01,5\n", aliases={"departement": "dep"})
    assert found.header == ["dep", "n"]
    assert found.table["dep"].to_pylist() == ["01"]


def test_a_column_under_its_own_name_and_another_is_there_twice():
    """Both names in one header."""
    reason = refused(lambda body: read(body, aliases={"departement": "dep"}), b"dep,departement\n")
    assert (reason.rule, reason.expected) == ("columns", "every column name once")


@pytest.mark.parametrize(
    "body", [b"dep,n\r01,5\r", b"<html>" + b"x" * 131_073], ids=["CR only", "a long first line"]
)
def test_a_header_that_the_csv_module_refuses_is_rejected(body):
    """Line ends of an old Mac, and a page squeezed into one line."""
    assert refused(read, body).rule


def test_blanks_of_every_spelling_are_no_number():
    """Empty, NA and NaN, padded or not."""
    assert np.isnan(numbers(["", " ", "NA", "NaN", "nan", " NA "])).all()


def test_numbers_are_read_with_the_decimal_mark_of_the_source():
    """`901,00` is nine hundred and one in France."""
    assert numbers(["901,00", "1,34", "-0,5", " 7 "], ",") == [901.0, 1.34, -0.5, 7.0]
    assert numbers(["901.00", "1.34", "-0.5", "1e3"]) == [901.0, 1.34, -0.5, 1000.0]


@settings(max_examples=60)
@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_any_number_comes_back_from_a_file_with_decimal_commas(values):
    """Written as text with a comma, read to the last bit; a blank is NaN."""
    texts = ["" if value is None else repr(value).replace(".", ",") for value in values]
    expected = [NAN if value is None else value for value in values]
    np.testing.assert_array_equal(numbers(texts, ","), expected)


@pytest.mark.parametrize("text", ["many", "1 000", "1,000", "0x10", "#REF!", "5 deaths", "--1"])
def test_text_in_a_column_of_numbers_is_rejected(text):
    """The message shows the cell and its row in the file, counted from the header as 1."""
    reason = refused(numbers, ["1", text, "3"])
    assert reason.where == "file, column n"
    assert reason.expected == "finite numbers with '.' as the decimal mark"
    assert reason.found == f"1 cells that are not: {text!r} in row 3"


def test_the_first_three_cells_that_are_no_numbers_are_shown():
    """And how many there are."""
    reason = refused(numbers, ["a", "1", "b", "c", "d"])
    assert reason.found == "4 cells that are not: 'a' in row 2, 'b' in row 4, 'c' in row 5"


@pytest.mark.parametrize("text", ["1_000", "١٢"])
def test_a_cell_that_only_python_takes_for_a_number_is_shown(text):
    """Rejected, but the message says `0 cells that are not`."""
    assert repr(text) in refused(numbers, ["1", text]).found


def test_a_point_is_no_number_where_the_comma_is_the_decimal_mark():
    """`1.234` may be a thousand: better to ask than to guess."""
    assert refused(numbers, ["1.234"], ",").rule == "numbers"


@pytest.mark.parametrize("text", ["inf", "-inf", "Infinity", "1e999"])
def test_infinity_is_rejected(text):
    """No count is infinite."""
    reason = refused(numbers, ["1", text])
    assert reason.found == f"1 cells that are not: {text!r} in row 3"


def test_days_are_read_with_the_pattern_of_the_source():
    """In any order, several times, padded."""
    read = cells.dates(
        column(["2/1/21", "1/30/21", " 2/1/21"], "day"), source(date_format="%m/%d/%y"), "file"
    )
    assert [str(day) for day in read] == ["2021-02-01", "2021-01-30", "2021-02-01"]


@pytest.mark.parametrize("text", ["30/01/2021", "30-Jan", "44226", "2021-02-29", ""])
def test_a_mangled_date_is_rejected_with_an_example(text):
    """What a spreadsheet does to dates, and days that never were."""
    reason = refused(cells.dates, column(["2021-01-30", text], "day"), source(), "file")
    assert str(reason) == (f"file, column day: expected dates such as 2021-01-30; found {[text]}")


def test_an_example_is_written_as_the_source_writes_dates():
    """For people to compare with."""
    assert cells.example("%m/%d/%y") == "01/30/21"
    assert cells.as_date("1/30/21", "%m/%d/%y") == cells.as_date("2021-01-30", "%Y-%m-%d")


def test_a_thing_that_is_named_twice_is_rejected():
    """Five of them at most are shown."""
    cells.check_unique(np.array(["a", "b"]), "row for each series", "file")
    reason = refused(cells.check_unique, np.array(["b", "a", "b"]), "row for each series", "file")
    assert str(reason) == "file: expected one row for each series; found several: ['b']"
