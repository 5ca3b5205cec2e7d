"""Records: rows that are things rather than days, people in them as keyed hashes.

Held in columns, each distinct cell once and as JSON already: half a million records are small, and
the text of one is made when it is asked for.
"""

import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vigil import cells
from vigil.datasets import Source
from vigil.datasets.questions import FEW
from vigil.errors import Misconfigured, Rejected
from vigil.places import check_codes
from vigil.quality import Item, Mark

type Pseudonym = Callable[[str], str]
type Rows = npt.NDArray[np.int64]

BLOCK = 1 << 13  # so many records are text at a time
RARE = "one that is rare"
EXACT = 2.0**53  # whole numbers beyond that are not told apart


@dataclass(frozen=True)
class Records:
    """Things: how each is called, whom it is about, and what is said of it, piece by piece."""

    names: pa.Array
    people: pa.DictionaryArray
    said: tuple[pa.DictionaryArray, ...] = ()

    def __len__(self) -> int:
        """How many they are."""
        return len(self.names)

    def take(self, rows: Rows) -> Self:
        """Some of them."""
        said = tuple(column.take(pa.array(rows)) for column in self.said)
        return type(self)(self.names.take(pa.array(rows)), self.people.take(pa.array(rows)), said)

    def blocks(self) -> Iterator[pa.RecordBatch]:
        """The columns record, person and fields, a part at a time; fields is a JSON object."""
        for start in range(0, len(self), BLOCK):
            names = self.names.slice(start, BLOCK)
            people = self.people.slice(start, BLOCK).cast(pa.string())
            said = [column.slice(start, BLOCK).cast(pa.string()) for column in self.said]
            pieces = pc.binary_join_element_wise(*said, ", ")
            fields = pc.binary_join_element_wise("{", pieces, "}", "")
            yield pa.RecordBatch.from_pydict({"record": names, "person": people, "fields": fields})


NOBODY = pa.nulls(0, pa.string())  # pa.array would load pandas
NONE = Records(NOBODY, NOBODY.dictionary_encode())


def keyed_hash(key: bytes, dataset: str) -> Pseudonym:
    """The same person under the same name everywhere in a dataset; nobody without the key."""

    def name(person: str) -> str:
        return hmac.digest(key, f"{dataset}/{person}".encode(), "sha256").hex()[:32]

    return name


def read(
    source: Source, table: pa.Table, where: str, pseudonym: Pseudonym | None
) -> tuple[Records, Mark]:
    """All records of a file, every cell typed, blanks as null, and so what the file leaves out."""
    said = _pieces(source, table, where)
    names = _names(source, table, said, where)
    held, repeated = _once(Records(names, _people(source, table, pseudonym), said), where)
    allowed = source.expect.duplicates
    return held, Mark("duplicates", where, "one row for each record", repeated, allowed)


class Whom(NamedTuple):
    """Whom a row is about: its record, the person as a keyed hash, and as the file says it."""

    record: str
    person: str | None
    own_id: str


def whom(source: Source, table: pa.Table, where: str, pseudonym: Pseudonym | None) -> list[Whom]:
    """Whom each row of a file is about; for erasing, and for nothing that is kept."""
    said = () if source.record in table.column_names else _pieces(source, table, where)
    names = _names(source, table, said, where).to_pylist()
    ids = [""] * len(names)
    if source.person and source.person in table.column_names:
        ids = [own or "" for own in _encoded(table, source.person).to_pylist()]
    return list(map(Whom, names, _people(source, table, pseudonym).to_pylist(), ids))


def _pieces(source: Source, table: pa.Table, where: str) -> tuple[pa.DictionaryArray, ...]:
    """What is said of each record, column by column."""
    return tuple(
        _said(column, _typed(source, table, column, kind, where))
        for column, kind in source.fields.items()
    )


def strange(source: Source, table: pa.Table, where: str) -> Iterator[Mark]:
    """The texts of a field that are none of its categories: taken in, and found.

    One that fewer than ten rows have may tell of somebody, and is not named.
    """
    for column, known in source.expect.categories.items():
        if column in table.column_names:
            scope, expected = f"{where}.{column}", f"one of {', '.join(known)}"
            counts = Counter(_encoded(table, column).drop_null().to_pylist())
            unknown = counts.keys() - set(known)
            named = frozenset(text if counts[text] >= FEW else RARE for text in unknown)
            yield Mark("categories", scope, expected, named, common=True)


def _once(records: Records, where: str) -> tuple[Records, frozenset[Item]]:
    """Each record once, and the names of those that are there more often, saying the same."""
    again, first = repeats(records.names)
    if not len(again):
        return records, frozenset()
    more, before = records.take(again), records.take(first)
    if any(here != there for here, there in zip(more.blocks(), before.blocks(), strict=True)):
        expected = "one row for each record, or rows that agree"
        raise Rejected(where, rule="duplicates", expected=expected, **plainly("two that differ"))
    once = np.setdiff1d(np.arange(len(records)), again)
    return records.take(once), frozenset(more.names.to_pylist())


def repeats(names: pa.Array) -> tuple[Rows, Rows]:
    """The rows whose name has come before, and where it came first.

    By sorting: Arrow's hash tables of half a million names take ten times their memory.
    """
    order = pc.array_sort_indices(names).to_numpy().astype(np.int64)
    ordered = names.take(pa.array(order))
    new = np.ones(len(order), dtype=bool)
    new[1:] = pc.not_equal(ordered[1:], ordered[:-1]).to_numpy(zero_copy_only=False)
    first = order[np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))]
    return order[~new], first[~new]


def _said(column: str, values: pa.Array) -> pa.DictionaryArray:
    """What a column says of each record, as a piece of a JSON object."""
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    distinct = [*encoded.dictionary.to_pylist(), None]
    name = json.dumps(column, ensure_ascii=False)
    pieces = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for value in distinct]
    codes = pc.fill_null(encoded.indices, len(distinct) - 1)
    return pa.DictionaryArray.from_arrays(codes, pieces)


def _typed(source: Source, table: pa.Table, column: str, kind: str, where: str) -> pa.Array:
    """A column's cells as what they are; of a column that is not there, blanks."""
    if column not in table.column_names:
        return pa.nulls(table.num_rows)
    if kind == "text":
        encoded = _encoded(table, column)
        check_codes(source, table, column, sorted(encoded.dictionary.to_pylist()), where)
        return encoded
    values = cells.numbers(table, column, source, where)
    known = np.isfinite(values)
    if kind == "number":
        return pa.array(values, mask=~known)
    whole = (values == np.round(values)) & (np.abs(values) <= EXACT)
    if (wrong := np.flatnonzero(known & ~whole)).size:
        found = f"{len(wrong)} that are not, the first in row {table[cells.ROW][int(wrong[0])]}"
        raise Rejected(
            f"{where}, column {column}", rule="numbers", expected="whole numbers", **plainly(found)
        )
    return pa.array(np.where(known, values, 0).astype(np.int64), mask=~known)


def plainly(found: str) -> dict[str, str]:
    """What was found, which quotes nothing."""
    return {"found": found, "plainly": found}


def _encoded(table: pa.Table, column: str) -> pa.DictionaryArray:
    """The texts of a column, each distinct one once, trimmed; a blank is none."""
    encoded = table[column].dictionary_encode().combine_chunks()
    texts = pc.utf8_trim_whitespace(encoded.dictionary)
    texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    again = texts.dictionary_encode()  # two that are the same once they are trimmed
    return pa.DictionaryArray.from_arrays(again.indices.take(encoded.indices), again.dictionary)


def _people(source: Source, table: pa.Table, pseudonym: Pseudonym | None) -> pa.DictionaryArray:
    """Whom each record is about; the names themselves go no further than this line."""
    if source.person is None or source.person not in table.column_names:
        return pa.nulls(table.num_rows, pa.string()).dictionary_encode()
    if pseudonym is None:
        raise Misconfigured(f"no key to hash the column {source.person} with: set VIGIL_HASH_KEY")
    encoded = _encoded(table, source.person)
    hashes = [pseudonym(person) for person in encoded.dictionary.to_pylist()]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(hashes, pa.string()))


def _names(
    source: Source, table: pa.Table, said: tuple[pa.DictionaryArray, ...], where: str
) -> pa.Array:
    """Each record's own name; where upstream gives none, its content and how often it came."""
    if source.record is None or source.record not in table.column_names:
        return pa.array(_named(said, table.num_rows), pa.string())
    names = pc.utf8_trim_whitespace(table[source.record].combine_chunks())
    if (blank := pc.index(names, "").as_py()) >= 0:
        row = table[cells.ROW][blank]
        found = f"none in row {row}"
        expected = f"a name in {source.record}"
        raise Rejected(where, rule="series", expected=expected, **plainly(found))
    return names


def _named(said: tuple[pa.DictionaryArray, ...], count: int) -> Iterator[str]:
    seen: Counter[str] = Counter()
    nobody = pa.nulls(count, pa.string())
    for block in Records(nobody, nobody.dictionary_encode(), said).blocks():
        for row in block["fields"].to_pylist():
            seen[row] += 1
            yield f"{sha256(row.encode()).hexdigest()[:16]}-{seen[row]}"
