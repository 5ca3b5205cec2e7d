"""The features that move a record most, as JSON."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vigil.classify.columns import Columns
from vigil.panel import Floats

MOST = 5
DIGITS = 4


def drivers(names: list[str], columns: Columns, adds: Floats) -> pa.Array:
    """For each row the five that add most to its log odds or take most from it."""
    count = min(MOST, len(names))
    if not count:
        return pa.repeat("[]", len(adds))
    top = np.argsort(-np.abs(adds), axis=1, kind="stable")[:, :count]
    opened = [_opened(name, columns[name]) for name in names]
    parts = []
    for rank in range(count):
        at = top[:, rank]
        number = np.round(np.take_along_axis(adds, at[:, None], axis=1)[:, 0], DIGITS) + 0.0
        start = pc.choose(pa.array(at), *opened)
        parts.append(pc.binary_join_element_wise(start, _text(pa.array(number)), "}", ""))
    joined = pc.binary_join_element_wise(*parts, ", ")
    return pc.binary_join_element_wise("[", joined, "]", "")


def _opened(name: str, column: pa.Array) -> pa.Array:
    """The object of a feature up to its last number."""
    start = f'{{"feature": {json.dumps(name)}, "value": '
    if pa.types.is_dictionary(column.type):
        said = [json.dumps(value) for value in column.dictionary.to_pylist()]
        values = pa.array(said, pa.string()).take(column.indices)
    else:
        values = _text(column)
    return pc.binary_join_element_wise(start, values.fill_null("null"), ', "adds": ', "")


def _text(numbers: pa.Array) -> pa.Array:
    return numbers.cast(pa.string())
