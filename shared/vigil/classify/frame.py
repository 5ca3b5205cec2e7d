"""Records as columns: JSON texts become typed arrays, labels of the outcome yes or no."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from vigil.datasets import Dataset
from vigil.panel import Floats, Index

TYPES = {"integer": pa.float64(), "number": pa.float64(), "text": pa.string()}
ROWS = 50_000  # read at once


@dataclass(frozen=True)
class Frame:
    """Records in an order: each field an array, texts and people as dictionaries."""

    records: pa.Array
    people: pa.Array
    fields: Mapping[str, pa.Array]
    outcome: Floats  # 1 yes, 0 no, NaN not known yet

    def __len__(self) -> int:
        return len(self.outcome)

    def take(self, rows: Index) -> "Frame":
        """Those rows, in that order."""
        if len(rows) == len(self) and (np.diff(rows) == 1).all():
            return self
        fields = {name: values.take(pa.array(rows)) for name, values in self.fields.items()}
        at = pa.array(rows)
        return Frame(self.records.take(at), self.people.take(at), fields, self.outcome[rows])

    @property
    def known(self) -> "Frame":
        """The records whose outcome is known."""
        return self.take(np.flatnonzero(np.isfinite(self.outcome)))

    @property
    def open(self) -> "Frame":
        """The records whose outcome is not known yet."""
        return self.take(np.flatnonzero(np.isnan(self.outcome)))


def frame(dataset: Dataset, rows: pa.Table) -> Frame:
    """Of rows with record, person and fields, as the table records holds them."""
    asked = dataset.classification
    if asked is None:
        raise ValueError(f"{dataset.name}: expected a dataset to classify")
    schema = pa.schema([(name, TYPES[kind]) for name, kind in dataset.fields.items()])
    read = [_read(batch["fields"], schema) for batch in rows.to_batches(ROWS) if batch.num_rows]
    said = pa.concat_tables([_small(schema.empty_table()), *read])
    outcome = _answers(said[asked.outcome.field], asked.outcome.above)
    fields = {
        name: _array(_named(said[name]) if name in asked.codes else said[name])
        for name in schema.names
        if name != asked.outcome.field
    }
    records, people = (_array(rows[name].cast(pa.string())) for name in ("record", "person"))
    return Frame(records, coded(people), fields, outcome)


def coded(values: pa.Array) -> pa.DictionaryArray:
    """Each text once, and which one each row has."""
    return values if pa.types.is_dictionary(values.type) else values.dictionary_encode()


def _read(texts: pa.Array, schema: pa.Schema) -> pa.Table:
    """A line of JSON a row."""
    lines = pc.binary_join_element_wise(texts.cast(pa.string()), "", "\n")
    _, offsets, data = lines.buffers()
    first, last = np.frombuffer(offsets, np.int32)[[lines.offset, lines.offset + len(lines)]]
    options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    found = pj.read_json(pa.BufferReader(data.slice(int(first), int(last - first))), None, options)
    return _small(found.select(schema.names))


def _small(read: pa.Table) -> pa.Table:
    """Texts as dictionaries: the same few come again and again."""
    for at, column in enumerate(read.columns):
        if pa.types.is_string(column.type):
            read = read.set_column(at, read.field(at).name, column.dictionary_encode())
    return read


def _named(numbers: pa.ChunkedArray) -> pa.ChunkedArray:
    """Numbers that are names, as texts."""
    found = numbers.dictionary_encode().combine_chunks()
    return pa.DictionaryArray.from_arrays(found.indices, _texts(found.dictionary))


def _texts(numbers: pa.Array) -> pa.Array:
    """A whole number without its zero."""
    return pa.array([f"{number:g}" for number in numbers.to_pylist()], pa.string())


def _array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    found = column.combine_chunks()
    return found.chunk(0) if isinstance(found, pa.ChunkedArray) else found


def _answers(labels: pa.ChunkedArray, above: float) -> Floats:
    """Whether the first number of each label is above; NaN where none is said."""
    if not pa.types.is_dictionary(labels.type):
        said = labels.to_numpy().astype(float)
        return np.where(np.isnan(said), np.nan, said > above).astype(float)
    found = _array(labels)
    firsts = pc.extract_regex(found.dictionary.cast(pa.string()), r"(?P<first>\d+(?:\.\d+)?)")
    numbers = pc.struct_field(firsts, "first").cast(pa.float64())
    return _answers(pa.chunked_array([numbers.take(found.indices)]), above)
