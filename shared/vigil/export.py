"""Exports: rows as CSV that a spreadsheet shows and does not execute."""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

# What a spreadsheet takes for a formula, also behind spaces or quotes, and in full width.
FORMULA = re.compile(r"[\s\"']*[=+\-@＝＋－＠]|[ \"']*[\t\r\n]")


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A header and one line a row; text that would be a formula begins with an apostrophe."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([_harmless(name) for name in columns])
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return file.getvalue()


def _cell(value: object) -> object:
    """Numbers stay numbers; what is no number and no text is written as text."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float() | Decimal():
            return value if math.isfinite(value) else ""
        case date() | time():
            return value.isoformat()
        case str():
            return _harmless(value)
    return _harmless(json.dumps(value, default=str, ensure_ascii=False))


def _harmless(text: str) -> str:
    return f"'{text}" if FORMULA.match(text) else text
