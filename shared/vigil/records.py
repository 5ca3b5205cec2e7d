"""Records: rows that are things rather than days, people in them as keyed hashes."""

import hmac
import json
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vigil import cells
from vigil.datasets import Source
from vigil.errors import Misconfigured, Rejected
from vigil.places import check_codes
from vigil.quality import Item, Mark

Pseudonym = Callable[[str], str]


class Record(NamedTuple):
    """One thing: whom it is about, as a keyed hash, and what is said of it, as JSON."""

    person: str | None
    fields: str


Records = dict[str, Record]  # by the record's own name


def keyed_hash(key: bytes, dataset: str) -> Pseudonym:
    """The same person under the same name everywhere in a dataset; nobody without the key."""

    def name(person: str) -> str:
        return hmac.new(key, f"{dataset}/{person}".encode(), sha256).hexdigest()[:32]

    return name


def read(
    source: Source, table: pa.Table, where: str, pseudonym: Pseudonym | None
) -> tuple[Records, Mark]:
    """All records of a file, every cell typed, blanks as null."""
    rows = _rows(source, table, where)
    people = _people(source, table, pseudonym)
    held: Records = {}
    repeated = set[Item]()
    for name, person, row in zip(_names(source, table, rows, where), people, rows, strict=True):
        record = Record(person, row)
        if name in held:
            repeated.add(name)
        if held.setdefault(name, record) != record:
            expected = "one row for each record, or rows that agree"
            raise Rejected(where, rule="duplicates", expected=expected, **said("two that differ"))
    items, allowed = frozenset(repeated), source.expect.duplicates
    return held, Mark("duplicates", where, "one row for each record", items, allowed)


class Whom(NamedTuple):
    """Whom a row is about: its record, the person as a keyed hash, and as the file says it."""

    record: str
    person: str | None
    own_id: str


def whom(source: Source, table: pa.Table, where: str, pseudonym: Pseudonym | None) -> list[Whom]:
    """Whom each row of a file is about; for erasing, and for nothing that is kept."""
    own = source.person if source.person in table.column_names else None
    ids = _text(table, own) if own else [""] * table.num_rows
    nameless = source.record not in table.column_names
    names = _names(source, table, _rows(source, table, where) if nameless else [], where)
    return list(map(Whom, names, _people(source, table, pseudonym), ids))


def _rows(source: Source, table: pa.Table, where: str) -> list[str]:
    """What is said of each record, as JSON."""
    columns = {
        name: _typed(source, table, name, kind, where)
        for name, kind in source.fields.items()
        if name in table.column_names
    }
    return [
        json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False)
        for row in zip(*columns.values(), strict=True)
    ]


def _typed(
    source: Source, table: pa.Table, column: str, kind: str, where: str
) -> list[float | int | str | None]:
    """A column's cells as what they are."""
    if kind == "text":
        texts = _text(table, column)
        check_codes(source, table, column, sorted({text for text in texts if text}), where)
        return [text or None for text in texts]
    values = cells.numbers(table, column, source, where)
    known = np.isfinite(values)
    if kind == "number":
        return [
            value if there else None for value, there in zip(values.tolist(), known, strict=True)
        ]
    if (wrong := np.flatnonzero(known & (values != np.round(values)))).size:
        found = f"{len(wrong)} that are not, the first in row {table[cells.ROW][int(wrong[0])]}"
        raise Rejected(
            f"{where}, column {column}", rule="numbers", expected="whole numbers", **said(found)
        )
    return [int(value) if there else None for value, there in zip(values, known, strict=True)]


def said(found: str) -> dict[str, str]:
    """What was found, which quotes nothing."""
    return {"found": found, "plainly": found}


def _text(table: pa.Table, column: str) -> list[str]:
    texts: list[str] = pc.utf8_trim_whitespace(table[column]).to_pylist()
    return texts


def _people(source: Source, table: pa.Table, pseudonym: Pseudonym | None) -> list[str | None]:
    """Whom each record is about; the names themselves go no further than this line."""
    if source.person is None or source.person not in table.column_names:
        return [None] * table.num_rows
    if pseudonym is None:
        raise Misconfigured(f"no key to hash the column {source.person} with: set VIGIL_HASH_KEY")
    return [pseudonym(person) if person else None for person in _text(table, source.person)]


def _names(source: Source, table: pa.Table, rows: list[str], where: str) -> list[str]:
    """Each record's own name; where upstream gives none, its content and how often it came."""
    if source.record is None or source.record not in table.column_names:
        seen: Counter[str] = Counter()
        names = []
        for row in rows:
            seen[row] += 1
            names.append(f"{sha256(row.encode()).hexdigest()[:16]}-{seen[row]}")
        return names
    names = _text(table, source.record)
    if "" in names:
        row = table[cells.ROW][names.index("")]
        found = f"none in row {row}"
        raise Rejected(where, rule="series", expected=f"a name in {source.record}", **said(found))
    return names
