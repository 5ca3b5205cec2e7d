"""Who is learnt from and who is judged: people stay together, copies are dropped."""

from collections.abc import Iterable
from zlib import crc32

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vigil.classify.frame import Frame, coded
from vigil.panel import Index

GROUPS, FOLDS = 26, 5
HELD_OUT, SEED = 5, 42  # a fifth
Mask = NDArray[np.bool_]
Hashes = NDArray[np.uint64]
ODD = np.uint64(0x9E3779B97F4A7C15)


def groups(rows: Frame) -> Index:
    """A group for each row, the same for all of a person; who is nobody stands alone."""
    people = coded(rows.people)
    found = np.append(_group(people.dictionary), 0)[_places(people)]
    nobody = np.flatnonzero(people.is_null().to_numpy(zero_copy_only=False))
    found[nobody] = _group(rows.records.take(pa.array(nobody)))
    return found


def _group(names: pa.Array) -> Index:
    return np.array([crc32(name.encode()) % GROUPS for name in names.to_pylist()], int)


def _places(values: pa.DictionaryArray) -> Index:
    """Where each row's text stands; behind all where there is none."""
    found: Index = values.indices.fill_null(len(values.dictionary)).to_numpy().astype(np.int64)
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
        mixed = (mixed ^ (_bits(values) + np.uint64(1))) * ODD
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _bits(values: pa.Array) -> Hashes:
    """A number's own; a text's place among all."""
    if pa.types.is_floating(values.type):
        found: Hashes = values.to_numpy(zero_copy_only=False).view(np.uint64)
        return found
    return _places(coded(values)).astype(np.uint64)
