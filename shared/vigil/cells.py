"""Cells: text as it stands in a file, read strictly, cast once."""

import csv
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from vigil import sniff
from vigil.datasets import Source
from vigil.errors import Rejected
from vigil.panel import Dates, Floats

ISO = "%Y-%m-%d"
ROW = "\0row"  # no file can have a column of that name
MISSING = ["", "NA", "NaN", "nan"]
Kind = Literal["text", "number"]
TYPES = {"text": pa.string(), "number": pa.float64()}


@dataclass(frozen=True)
class Cells:
    """The cells of the columns that are wanted, and the names of all there are."""

    table: pa.Table
    header: list[str]


def read(source: Source, body: bytes, where: str, kind: Callable[[str], Kind | None]) -> Cells:
    """The columns that have a kind; each row knows its number.

    Numbers are read as such at once. Where a cell is none, all are read as text, and the contract
    names the cell.
    """
    sniff.check(body, where)
    plain = _utf8(source, body, where)
    end = plain.find(b"\n")
    header = _header(source, (plain if end < 0 else plain[:end]).decode(), where)
    kinds = {column: found for column in header if (found := kind(column))}
    try:
        table = _table(source, plain, header, kinds)
    except pa.ArrowInvalid:
        try:
            table = _table(source, plain, header, dict.fromkeys(kinds, "text"))
        except pa.ArrowInvalid as error:
            raise _broken(plain, len(header), source.delimiter, str(error), where) from None
    rows = pa.array(np.arange(2, table.num_rows + 2))
    return Cells(table.append_column(ROW, rows), header)


def _table(source: Source, plain: bytes, header: list[str], kinds: Mapping[str, Kind]) -> pa.Table:
    return pa_csv.read_csv(
        pa.BufferReader(plain),
        pa_csv.ReadOptions(
            column_names=header, skip_rows=1, block_size=1 << 20, use_threads=False
        ),  # so measured on two cores: threads and larger blocks take longer
        pa_csv.ParseOptions(delimiter=source.delimiter),
        pa_csv.ConvertOptions(
            column_types={column: TYPES[kind] for column, kind in kinds.items()},
            include_columns=list(kinds),
            null_values=MISSING,
            decimal_point=source.decimal,
        ),
    )


def _broken(plain: bytes, columns: int, delimiter: str, error: str, where: str) -> Rejected:
    """A row with too few or too many cells; when it is the last and unfinished, a cut."""
    last = plain[plain.rfind(b"\n") + 1 :].decode()
    if last and len(next(csv.reader([last], delimiter=delimiter))) < columns:
        return Rejected(
            where,
            rule="truncated",
            expected=f"{columns} cells in the last row",
            found=f"a file that ends with {last[-60:]!r}",
            remedy="The download was cut off: the next Tick fetches it again.",
        )
    expected = f"{columns} cells in every row, as in the header"
    return Rejected(where, rule="columns", expected=expected, found=error[:200])


def _header(source: Source, line: str, where: str) -> list[str]:
    """The names of the columns as the dataset calls them, each once."""
    try:
        cells = next(csv.reader([line.rstrip("\r")], delimiter=source.delimiter), [])
    except csv.Error as error:
        raise Rejected(where, rule="columns", expected="a header", found=str(error)) from None
    columns = [source.aliases.get(name, name) for name in map(str.strip, cells)]
    if not any(columns):
        raise Rejected(where, rule="empty", expected="a header and rows", found="nothing")
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise Rejected(
            where,
            rule="columns",
            expected="every column name once",
            found=f"twice: {twice[:5]} in {line[:120]!r}",
        )
    return columns


def _utf8(source: Source, body: bytes, where: str) -> bytes:
    """The text as UTF-8 without a byte order mark."""
    utf8 = source.encoding.lower() in {"utf8", "utf-8"}
    if utf8 and body.isascii():
        return body
    try:
        text = body.decode(source.encoding)
    except UnicodeDecodeError as error:
        raise Rejected(
            where, rule="encoding", expected=f"{source.encoding} text", found=str(error)
        ) from None
    if utf8:
        return body.removeprefix(b"\xef\xbb\xbf")
    return text.encode()


def numbers(table: pa.Table, column: str, source: Source, where: str) -> Floats:
    """The column as numbers, blank is NaN; text that is no number is a breach."""
    if pa.types.is_floating(table[column].type) and not pc.any(pc.is_inf(table[column])).as_py():
        found: Floats = pc.fill_null(table[column], float("nan")).to_numpy()
        return found
    text = pc.utf8_trim_whitespace(pc.cast(table[column], pa.string()))
    filled = pc.if_else(pc.is_in(text, pa.array(MISSING)), pa.scalar(None, pa.string()), text)
    values = _cast(filled, source.decimal)
    if values is None or np.isinf(values).any():
        raise Rejected(
            f"{where}, column {column}",
            rule="numbers",
            expected=f"finite numbers with '{source.decimal}' as the decimal mark",
            **_not_numbers(filled, table[ROW], source.decimal),
        )
    return values


def _cast(text: pa.ChunkedArray, decimal: str) -> Floats | None:
    """Text as numbers; None when a cell is none."""
    if decimal == ",":
        if pc.any(pc.match_substring(text, ".")).as_py():
            return None
        text = pc.replace_substring(text, ",", ".")
    try:
        values: Floats = pc.fill_null(pc.cast(text, pa.float64()), float("nan")).to_numpy()
    except pa.ArrowInvalid:
        return None
    return values


def _not_numbers(texts: pa.ChunkedArray, rows: pa.ChunkedArray, decimal: str) -> dict[str, str]:
    """Which cells are no numbers, the first ones by name; and plainly."""
    distinct = [text for text in pc.unique(texts).to_pylist() if text is not None]
    cast = {text: _cast(pa.chunked_array([[text]]), decimal) for text in distinct}
    wrong = {text for text, value in cast.items() if value is None or np.isinf(value).any()}
    cells = zip(texts.to_pylist(), rows.to_pylist(), strict=True)
    found = [(text, row) for text, row in cells if text in wrong]
    quoted = ", ".join(f"{text!r} in row {row}" for text, row in found[:3])
    said = f"{len(found)} cells that are not"
    return {"found": f"{said}: {quoted}", "plainly": f"{said}, the first in row {found[0][1]}"}


def first_row(table: pa.Table, column: str, texts: Collection[str]) -> int:
    """The number of the first row that has one of these texts, trimmed."""
    trimmed = pc.utf8_trim_whitespace(pc.cast(table[column], pa.string()))
    which = pc.index(pc.is_in(trimmed, pa.array([*texts], pa.string())), value=True).as_py()
    row: int = table[ROW][which].as_py()
    return row


@lru_cache(maxsize=1 << 14)
def as_date(text: str, pattern: str) -> date | None:
    """The day that *text* names; None when it names none."""
    try:
        if pattern == ISO and len(text) == 10 and text[4] == "-":
            return date.fromisoformat(text)
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
