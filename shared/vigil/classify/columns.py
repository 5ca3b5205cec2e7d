"""What is known of each record before anything is learnt: fields, and what is made of them.

Nothing here reads an outcome.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vigil.classify.frame import Frame
from vigil.datasets import Classification, Derived
from vigil.panel import Floats

Columns = Mapping[str, pa.Array]  # numbers, or texts as dictionaries


def columns(asked: Classification, rows: Frame, known: Frame) -> dict[str, pa.Array]:
    """Every feature's column; a person's visits are counted in all that is known."""
    made = {name: _made(one, rows, known) for name, one in asked.derived.items()}
    return {**rows.fields, **made}


def _made(derived: Derived, rows: Frame, known: Frame) -> pa.Array:
    if derived.same:
        first, second = (_texts(rows.fields[name]) for name in derived.same)
        return pc.equal(first, second).cast(pa.float64())
    if derived.equals:
        field, value = derived.equals
        return pc.equal(_texts(rows.fields[field]), value).cast(pa.float64())
    if derived.by:
        return rows.fields[derived.by]  # what it is counted by: the count is learnt
    return pa.array(_visits(rows.people, known.people), from_pandas=True)


def _texts(values: pa.Array) -> pa.Array:
    return values.cast(pa.string())


def _visits(people: pa.Array, known: pa.Array) -> Floats:
    """How many known records each one has; NaN where nobody is named."""
    counts = pc.value_counts(known.drop_null())
    at = pc.index_in(people, counts.field("values"))
    found = counts.field("counts").take(at).cast(pa.float64())
    numbers: Floats = found.to_numpy(zero_copy_only=False)
    if people.null_count:
        numbers = np.where(people.is_null().to_numpy(zero_copy_only=False), np.nan, numbers)
    return numbers
