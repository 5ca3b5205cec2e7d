"""Columns as a table of numbers, by what the training rows held and nothing else.

Values of fewer than ten training rows are not kept, and numbers end where ten rows are beyond:
nothing of a single person is in an encoder.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vigil.classify.columns import Columns
from vigil.classify.frame import coded
from vigil.datasets import Classification
from vigil.datasets.questions import FEW
from vigil.panel import Floats

RANGE = r"^\d+-\d+$"
BLANK = ""
Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Feature:
    """How a column becomes numbers: the values that have a number, or the ends of its numbers."""

    name: str
    kind: str  # category, count, range, number
    values: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()  # of the values; of a number: its ends

    def encode(self, column: pa.Array) -> Numbers:
        """A number a row; NaN where it is blank or was not learnt from."""
        if self.kind == "number":
            low, high = self.numbers
            return _small(np.clip(_floats(column), low, high))
        told = coded(column)
        at = pc.index_in(told.dictionary, pa.array(self.values, pa.string()))
        found = _floats(pa.array(self.numbers, pa.float64()).take(at))
        blank = self.numbers[self.values.index(BLANK)] if BLANK in self.values else np.nan
        indices = told.indices.fill_null(len(found)).to_numpy()
        return _small(np.append(found, blank)[indices])


@dataclass(frozen=True)
class Encoder:
    """The features of a model."""

    features: tuple[Feature, ...]

    @classmethod
    def fit(cls, asked: Classification, columns: Columns) -> Self:
        """Learn from these rows; a column that says one thing only is no feature."""
        found = [_feature(asked, name, columns) for name in columns]
        return cls(tuple(one for one in found if one))

    def encode(self, columns: Columns) -> Numbers:
        """Rows x features."""
        first, *_ = columns.values()
        table = np.empty((len(first), len(self.features)), np.float32)
        for at, feature in enumerate(self.features):
            table[:, at] = feature.encode(columns[feature.name])
        return table

    @property
    def names(self) -> list[str]:
        """Of the features, in order."""
        return [one.name for one in self.features]

    @property
    def categories(self) -> list[int]:
        """The features whose numbers are names."""
        return [at for at, one in enumerate(self.features) if one.kind == "category"]

    def to_json(self) -> list[dict[str, Any]]:
        """As JSON."""
        return [asdict(one) for one in self.features]

    @classmethod
    def from_json(cls, said: Sequence[dict[str, Any]]) -> Self:
        """From JSON."""
        lists = ("values", "numbers")
        return cls(
            tuple(Feature(**one | {name: tuple(one[name]) for name in lists}) for one in said)
        )


def _feature(asked: Classification, name: str, columns: Columns) -> Feature | None:
    column, derived = columns[name], asked.derived.get(name)
    if not pa.types.is_dictionary(column.type):
        return _number(name, _floats(column))
    counts = _counts(column)
    kept = sorted(value for value, count in counts.items() if count >= FEW)
    if len(kept) < 2:
        return None
    if derived and derived.distinct:
        told = _distinct(columns[derived.distinct], column)
        found = tuple(float(told[value]) for value in kept)
        return Feature(name, "count", tuple(kept), found) if len(set(found)) > 1 else None
    if all(pc.match_substring_regex(pa.array(kept), RANGE).to_pylist()):
        return Feature(name, "range", tuple(kept), tuple(float(one.split("-")[0]) for one in kept))
    return Feature(name, "category", tuple(kept), tuple(map(float, range(len(kept)))))


def _number(name: str, values: Floats) -> Feature | None:
    """Its ends are those beyond which there are ten rows."""
    known = np.sort(values[np.isfinite(values)])
    if len(known) < 2 * FEW or known[FEW - 1] == known[-FEW]:
        return None
    return Feature(name, "number", (), (float(known[FEW - 1]), float(known[-FEW])))


def _counts(column: pa.Array) -> dict[str, int]:
    told = coded(column)
    sizes = np.bincount(told.indices.drop_null().to_numpy(), minlength=len(told.dictionary))
    found = dict(zip(told.dictionary.to_pylist(), sizes.tolist(), strict=True))
    return {**found, BLANK: told.indices.null_count}


def _distinct(values: pa.Array, by: pa.Array) -> dict[str, int]:
    """For each value of the one how many there are of the other."""
    table = pa.table({"by": coded(by), "value": coded(values)})
    pairs = table.cast(pa.schema([("by", pa.string()), ("value", pa.string())]))
    found = pairs.group_by("by").aggregate([("value", "count_distinct")]).to_pydict()
    named = (value or BLANK for value in found["by"])
    return dict(zip(named, found["value_count_distinct"], strict=True))


def _floats(column: pa.Array) -> Floats:
    found: Floats = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def _small(numbers: Floats) -> Numbers:
    found: Numbers = numbers.astype(np.float32)
    return found
