"""What scores may not tell: counts that point to a few records, and what gives them away."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vigil.classify.encoder import BLANK
from vigil.datasets.questions import FEW
from vigil.panel import Floats

OTHER = "other"
COUNTS = ("true_positives", "false_positives", "false_negatives", "true_negatives")
TELLING = (*COUNTS, "accuracy", "f1")  # each of them tells the counts
Mask = NDArray[np.bool_]


def groups(values: pa.Array, yes: Floats) -> Iterator[tuple[str, Mask]]:
    """Rows by value. Values of few rows are one group, with the next ones until they are enough.

    So every row is in a group: what all rows tell less what groups tell is nothing.
    """
    told = values.cast(pa.string()).fill_null(BLANK)
    masks = {one: _equal(told, one) for one in sorted(pc.unique(told).to_pylist())}
    large = {value: mask for value, mask in masks.items() if enough(yes[mask])}
    rest = ~np.any([np.zeros(len(yes), bool), *large.values()], axis=0)
    for value in sorted(large, key=lambda value: large[value].sum()):
        if rest.any() and not enough(yes[rest]):
            rest |= large.pop(value)
    yield from large.items()
    if enough(yes[rest]):
        yield OTHER, rest


def enough(yes: Floats) -> bool:
    """Ten of either answer."""
    return min(int(yes.sum()), int(len(yes) - yes.sum())) >= FEW


def hidden(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the counts of right and wrong answers where one of them is small."""
    few = any(0 < row[name] < FEW for name in COUNTS)
    return {**row, **dict.fromkeys(TELLING)} if few else row


def _equal(values: pa.Array, value: str) -> Mask:
    same: Mask = pc.equal(values, value).to_numpy(zero_copy_only=False)
    return same
