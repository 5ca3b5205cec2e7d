"""What is known of each record before anything is learnt: fields, and what is made of them.

Nothing here reads an outcome.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vigil.classify.frame import Frame, coded
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
    asked, all_ = coded(people), coded(known)
    counts = np.bincount(all_.indices.drop_null().to_numpy(), minlength=len(all_.dictionary))
    there = pc.index_in(asked.dictionary, all_.dictionary)
    each = pa.array(counts.astype(float)).take(there).take(asked.indices)
    found: Floats = each.to_numpy(zero_copy_only=False)
    return found
