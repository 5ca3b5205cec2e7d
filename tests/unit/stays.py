"""Simulated admissions as the table records has them, and as a frame."""

from functools import cache

import pyarrow as pa

from vigil import datasets, layouts
from vigil.classify.frame import Frame, frame
from vigil.local.sample import hospital_stay
from vigil.records import keyed_hash

DATASET = datasets.load("hospital_stay")


@cache
def simulated(ended: int = 900, open_: int = 60) -> pa.Table:
    """Rows of record, person and fields: some with an outcome, some without."""
    found = []
    for body in hospital_stay.files(1, ended, open_).values():
        pseudonym = keyed_hash(b"a key", DATASET.name)
        parsed = layouts.parse(DATASET, "admissions", b"".join(body), pseudonym)
        found.append(pa.Table.from_batches(parsed.records.blocks()))
    return pa.concat_tables(found)


@cache
def admissions(ended: int = 900, open_: int = 60) -> Frame:
    """The same as columns."""
    return frame(DATASET, simulated(ended, open_))
