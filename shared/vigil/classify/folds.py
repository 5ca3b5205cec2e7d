"""Who is learnt from and who is judged: people stay together, copies are dropped."""

from collections.abc import Iterable
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vigil.classify.frame import Frame
from vigil.panel import Index

GROUPS, FOLDS = 26, 5
HELD_OUT, SEED = 5, 42  # a fifth
Mask = NDArray[np.bool_]
Hashes = NDArray[np.uint64]
ODD = np.uint64(0x9E3779B97F4A7C15)


def groups(rows: Frame) -> Index:
    """A group for each row, the same for all of a person; who is nobody stands alone."""
    people = pc.coalesce(rows.people, rows.records).dictionary_encode()
    hashed = [crc32(name.encode()) % GROUPS for name in people.dictionary.to_pylist()]
    found: Index = np.array(hashed, int)[people.indices.to_numpy()]
    return found


def random_fifth(count: int) -> Mask:
    """A fifth of the rows: those that scikit-learn's train_test_split holds out at seed 42."""
    drawn = np.random.RandomState(SEED).permutation(count)
    held = np.zeros(count, bool)
    held[drawn[: -(-count // HELD_OUT)]] = True
    return held


def without_copies(rows: Frame) -> Frame:
    """Of rows of the same person that agree in all there is, the first."""
    mixed = hashes([rows.people, *rows.fields.values(), pa.array(rows.outcome)])
    return rows.take(np.sort(np.unique(mixed, return_index=True)[1]))


def hashes(columns: Iterable[pa.Array]) -> Hashes:
    """A number for each row of these columns, the same for the same."""
    mixed: Hashes = np.zeros(1, np.uint64)
    for values in columns:
        coded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        at = coded.indices.fill_null(len(coded.dictionary)).to_numpy().astype(np.uint64)
        mixed = (mixed ^ (at + np.uint64(1))) * ODD
        mixed ^= mixed >> np.uint64(29)
    return mixed
