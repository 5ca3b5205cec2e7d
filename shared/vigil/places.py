"""Places: how the series of a file are called, and what the file says of each."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vigil import cells
from vigil.datasets import Source
from vigil.errors import Rejected

Attributes = dict[str, dict[str, float | str | bool]]  # series -> what is said of it
TEXTS = {"name", "parent"}


def series_of(source: Source, table: pa.Table, where: str) -> pa.DictionaryArray:
    """Each row's series: the root, then the parts that are not blank, joined by /."""
    parts = [_part(source, table, column, where) for column in source.series]
    codes = np.zeros(table.num_rows, np.int64)
    for part in parts:
        codes = codes * len(part.dictionary) + part.indices.to_numpy()
    _, rows, which = np.unique(codes, return_index=True, return_inverse=True)
    joined = [_joined(source, [part[row].as_py() for part in parts]) for row in rows.tolist()]
    if "" in joined:
        row = table[cells.ROW][int(rows[joined.index("")])]
        raise Rejected(
            where, rule="series", expected=f"a name in {source.series}", found=f"none in row {row}"
        )
    names = sorted(set(joined))
    position = np.array([names.index(name) for name in joined], np.int32)
    return pa.DictionaryArray.from_arrays(position[which], names)


def _joined(source: Source, parts: list[str]) -> str:
    return "/".join(part for part in (source.root, *parts) if part)


def _part(source: Source, table: pa.Table, column: str, where: str) -> pa.DictionaryArray:
    """A column of names, checked; blank ones are filled from elsewhere. No slash is in one."""
    encoded = _encoded(table[column])
    texts = encoded.dictionary.to_pylist()
    check_codes(source, table, column, texts, where)
    if source.unnamed and "" in texts:
        text = pc.cast(encoded, pa.string())
        encoded = _encoded(pc.if_else(pc.equal(text, ""), table[source.unnamed], text))
    names = pc.replace_substring(encoded.dictionary, "/", "-")
    return pa.DictionaryArray.from_arrays(encoded.indices, names)


def _encoded(texts: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """The column with each text once, trimmed; two may be the same then."""
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    encoded = whole.dictionary_encode()
    trimmed = pc.utf8_trim_whitespace(encoded.dictionary)
    return pa.DictionaryArray.from_arrays(encoded.indices, trimmed)


def check_codes(
    source: Source, table: pa.Table, column: str, values: list[str], where: str
) -> None:
    """Reject values of a column that do not match its pattern."""
    pattern = source.expect.parts.get(column)
    wrong = sorted(value for value in values if pattern and not re.fullmatch(pattern, value))
    if wrong:
        raise Rejected(
            f"{where}, column {column}",
            rule="codes",
            expected=f"codes like {pattern}",
            found=f"{wrong[:8]}",
            plainly=f"{len(wrong)} others, first in row {cells.first_row(table, column, wrong)}",
            remedy="A spreadsheet may have dropped leading zeros, or made dates of ranges.",
        )


def attributes_of(
    source: Source, table: pa.Table, series: pa.DictionaryArray, where: str
) -> Attributes:
    """What the source says of each series, such as where it lies; the last value wins."""
    names, codes = series.dictionary.to_pylist(), series.indices.to_numpy()
    said: Attributes = {name: {} for name in names}
    for attribute, column in source.attributes.items():
        if attribute in TEXTS:
            values, given = pc.utf8_trim_whitespace(table[column]), _given(table, column)
        else:
            values = pa.array(cells.numbers(table, column, source, where))
            given = np.isfinite(values)
        for code, row in _last_rows(codes, given).items():
            said[names[code]][attribute] = values[row].as_py()
    if source.aggregate:
        placed = _last_rows(codes, _given(table, source.aggregate))
        for code, name in enumerate(names):
            said[name]["aggregate"] = code not in placed
    return said


def _given(table: pa.Table, column: str) -> NDArray[np.bool_]:
    encoded = _encoded(table[column])
    filled = np.array([bool(text) for text in encoded.dictionary.to_pylist()], dtype=bool)
    given: NDArray[np.bool_] = filled[encoded.indices.to_numpy()]
    return given


def _last_rows(codes: NDArray[np.int32], given: NDArray[np.bool_]) -> dict[int, int]:
    """For each code the last row in which there is something."""
    rows = np.flatnonzero(given)
    last = np.full(codes.max(initial=-1) + 1, -1)
    last[codes[rows]] = rows  # of rows with one code the last one stays
    return {int(code): int(last[code]) for code in np.flatnonzero(last >= 0)}
