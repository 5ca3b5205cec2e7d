"""Recorded: of each record that the tables show, a hash of what they say of it; what is new."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vigil import tables
from vigil.records import Records, Rows, repeats

DIGEST = "SHA256(CONCAT(IFNULL(person, ''), fields))"  # the same in SQL


@dataclass(frozen=True)
class Recorded:
    """The newest of each record, by its hash: half a million fit where their texts would not."""

    names: pa.ChunkedArray
    digests: pa.ChunkedArray

    def news(self, records: Records) -> tuple[Records, "Recorded"]:
        """The records that are new or changed, and what is recorded with them."""
        at, start = self._rows(records), 0
        rows, digests = [np.array([], np.int64)], []
        for block in records.blocks():
            now, then = _digests(block), at[start : start + block.num_rows]
            before = self.digests.take(pa.array(then, mask=then < 0)).combine_chunks()
            other = np.flatnonzero(pc.invert(pc.fill_null(pc.equal(before, now), fill_value=False)))
            rows.append(start + other)
            digests.append(now.take(pa.array(other)))
            start += len(now)
        changed = np.concatenate(rows)
        new = records.take(changed)
        return new, self._with(new.names, digests, at[changed])

    def _rows(self, records: Records) -> Rows:
        """Where each of these is recorded; -1 where it is not."""
        names = pa.concat_arrays([*self.names.chunks, records.names])
        again, first = repeats(names)
        at = np.full(len(records), -1)
        at[again - len(self.names)] = first
        return at

    def _with(self, names: pa.Array, digests: list[pa.Array], instead: Rows) -> "Recorded":
        """What stays, and what is new or takes the place of what stood in some rows."""
        stays = np.ones(len(self.names), dtype=bool)
        stays[instead[instead >= 0]] = False
        return Recorded(
            pa.chunked_array([*self.names.filter(pa.array(stays)).chunks, names], pa.string()),
            pa.chunked_array([*self.digests.filter(pa.array(stays)).chunks, *digests], pa.binary()),
        )


NOTHING = Recorded(pa.chunked_array([], pa.string()), pa.chunked_array([], pa.binary()))


def _digests(block: pa.RecordBatch) -> pa.Array:
    """A hash of each record's person and fields."""
    people = pc.fill_null(block["person"], "")
    texts = pc.binary_join_element_wise(people, block["fields"], "").cast(pa.binary())
    return pa.array([sha256(text).digest() for text in texts.to_pylist()], pa.binary())


@dataclass(frozen=True)
class Added:
    """Records that became known at a moment."""

    source: str
    issued_at: datetime
    records: Records


@dataclass(frozen=True)
class Additions:
    """Rows of the table, made while they are read: never more than a part of them is text."""

    dataset: str
    parts: Sequence[Added]

    @property
    def num_rows(self) -> int:
        """How many they are."""
        return sum(len(part.records) for part in self.parts)

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, a part at a time."""
        schema = tables.load("records").arrow
        for part in self.parts:
            for block in part.records.blocks():
                said = {"dataset": self.dataset, "source": part.source, "issued_at": part.issued_at}
                same = {name: pa.repeat(value, block.num_rows) for name, value in said.items()}
                columns = same | dict(zip(block.schema.names, block.columns, strict=True))
                cast = [columns[field.name].cast(field.type) for field in schema]
                yield pa.RecordBatch.from_arrays(cast, schema=schema)

    def to_pylist(self) -> list[dict[str, Any]]:
        """The rows of a small addition."""
        return [row for batch in self.to_batches() for row in batch.to_pylist()]
