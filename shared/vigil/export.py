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

import pyarrow as pa
import pyarrow.compute as pc

FORECASTS = (
    "SELECT target, source, series, period, reference_date, horizon, target_date, median, mean, "
    "low50, high50, low80, high80, low95, high95, phase, model, version, issued_at "
    "FROM latest_forecasts WHERE dataset = @dataset AND horizon IS NOT NULL "
    "ORDER BY target, source, series, period, horizon"
)
DECIMALS = 2
# What a spreadsheet takes for a formula, also behind spaces or quotes, and in full width.
FORMULA = re.compile(r"[\s\"']*[=+\-@＝＋－＠]|[ \"']*[\t\r\n]")


def forecasts(rows: pa.Table) -> bytes:
    """The file forecasts.csv: what FORECASTS finds, in UTF-8, numbers to two decimals."""
    return csv_text(rows.column_names, rounded(rows).to_pylist()).encode()


def rounded(rows: pa.Table, decimals: int = DECIMALS) -> pa.Table:
    """The same with shorter numbers."""
    for at, field in enumerate(rows.schema):
        if pa.types.is_floating(field.type):
            rows = rows.set_column(at, field, pc.round(rows[field.name], decimals))
    return rows


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
