"""Cells: text as it stands in a file, read strictly, cast once."""

import csv
import io
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from vigil.datasets import Source
from vigil.errors import Rejected
from vigil.panel import Dates, Floats
from vigil.quality import Finding

MISSING = pa.array(["", "NA", "NaN", "nan"])


def read(source: Source, body: bytes, where: str) -> pa.Table:
    """All cells as text: types are the contract's business, not the reader's."""
    plain = _utf8(source, body, where)
    header = plain[: plain.find(b"\n") % (len(plain) + 1)].decode().strip("\r\n")
    columns = [cell.strip() for cell in next(csv.reader([header], delimiter=source.delimiter), [])]
    _check_header(columns, header, where)
    try:
        return pa_csv.read_csv(
            io.BytesIO(plain),
            pa_csv.ReadOptions(column_names=columns, skip_rows=1, block_size=1 << 24),
            pa_csv.ParseOptions(delimiter=source.delimiter),
            pa_csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string())),
        )
    except pa.ArrowInvalid as error:
        raise Rejected(
            where,
            rule="columns",
            expected=f"{len(columns)} cells in every row, as in the header",
            found=str(error)[:200],
        ) from None


def _utf8(source: Source, body: bytes, where: str) -> bytes:
    """The text as UTF-8 without a byte order mark."""
    try:
        text = body.decode(source.encoding)
    except UnicodeDecodeError as error:
        raise Rejected(
            where, rule="encoding", expected=f"{source.encoding} text", found=str(error)
        ) from None
    if source.encoding.lower() in {"utf8", "utf-8"}:
        return body.removeprefix(b"\xef\xbb\xbf")
    return text.encode()


def _check_header(columns: list[str], header: str, where: str) -> None:
    if not any(columns):
        raise Rejected(where, rule="empty", expected="a header and rows", found="nothing")
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise Rejected(
            where,
            rule="columns",
            expected="every column name once",
            found=f"twice: {twice[:5]} in {header[:120]!r}",
        )


def numbers(table: pa.Table, column: str, source: Source, where: str) -> Floats:
    """The column as numbers, blank is NaN; text that is no number is a breach."""
    text = pc.utf8_trim_whitespace(table[column])
    if source.decimal == ",":
        text = pc.replace_substring(text, ",", ".")
    blank = pc.is_in(text, MISSING)
    filled = pc.if_else(blank, pa.scalar(None, pa.string()), text)
    try:
        numbers = pc.cast(filled, pa.float64())
    except pa.ArrowInvalid:
        raise Rejected(
            f"{where}, column {column}",
            rule="numbers",
            expected=f"numbers with '{source.decimal}' as the decimal mark",
            found=_not_numbers(filled),
        ) from None
    values: Floats = pc.fill_null(numbers, float("nan")).to_numpy()
    if np.isinf(values).any():
        raise Rejected(
            f"{where}, column {column}", rule="numbers", expected="finite numbers", found="infinity"
        )
    return values


def _not_numbers(texts: pa.ChunkedArray) -> str:
    wrong = []
    for row, text in enumerate(texts.to_pylist()):
        try:
            float(text or 0)
        except ValueError:
            wrong.append((row + 2, text))
    first = ", ".join(f"{text!r} in row {row}" for row, text in wrong[:3])
    return f"{len(wrong)} cells that are not: {first}"


def as_date(text: str, pattern: str) -> date | None:
    """The day that *text* names; None when it names none."""
    try:
        return datetime.strptime(text, pattern).date()  # noqa: DTZ007  a date has no zone
    except ValueError:
        return None


def example(pattern: str) -> str:
    """A date as the pattern writes it, for people to compare with."""
    return date(2021, 1, 30).strftime(pattern)


def dates(table: pa.Table, source: Source, where: str) -> Dates:
    """The date column, each distinct text parsed once."""
    encoded = table[source.date].combine_chunks().dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    parsed = [as_date(text.strip(), source.date_format) for text in texts]
    if wrong := [text for text, day in zip(texts, parsed, strict=True) if day is None]:
        raise Rejected(
            f"{where}, column {source.date}",
            rule="dates",
            expected=f"dates such as {example(source.date_format)}",
            found=f"{wrong[:5]}",
        )
    days: Dates = np.array(parsed, "datetime64[D]")[encoded.indices.to_numpy()]
    return days


def check_unique(items: Dates | np.ndarray, what: str, where: str) -> None:
    """Reject a file that names a thing twice."""
    values, counts = np.unique(items, return_counts=True)
    if (counts > 1).any():
        twice = [str(value) for value in values[counts > 1][:5]]
        raise Rejected(where, rule="duplicates", expected=f"one {what}", found=f"several: {twice}")


def without_repeats(
    table: pa.Table, keys: list[str], where: str
) -> tuple[pa.Table, tuple[Finding, ...]]:
    """Rows that say the same twice are counted once; rows that disagree are a breach."""
    if table.group_by(keys).aggregate([]).num_rows == table.num_rows:
        return table, ()
    distinct = table.group_by(table.column_names, use_threads=False).aggregate([])
    if distinct.group_by(keys).aggregate([]).num_rows < distinct.num_rows:
        counts = distinct.group_by(keys).aggregate([([], "count_all")])
        worst = counts.filter(pc.greater(counts["count_all"], 1)).slice(0, 3)
        raise Rejected(
            where,
            rule="duplicates",
            expected=f"one row for each {keys}",
            found=f"several that disagree: {worst.select(keys).to_pylist()}",
        )
    repeats = f"{table.num_rows - distinct.num_rows} repeated rows, counted once"
    return distinct, (Finding("duplicates", "warning", where, f"one row for {keys}", repeats),)
