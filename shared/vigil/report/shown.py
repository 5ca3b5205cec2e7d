"""What a report shows, as the tables and views give it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from vigil.datasets import Dataset

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Shown:
    """All that a page is made from; vigil/report/queries.py says where each comes from."""

    dataset: Dataset
    made: datetime
    outlook: pa.Table
    earlier: pa.Table
    drivers: pa.Table
    accuracy: pa.Table
    health: Sequence[Row]
    model: Row | None
    series: Sequence[Row]


@dataclass(frozen=True)
class Classified:
    """All that the page of a classified dataset is made from: counts and curves, nobody single."""

    dataset: Dataset
    made: datetime
    publication: Row | None  # the newest
    bands: Sequence[Row]
    scores: Sequence[Row]
    assessments: Sequence[Row]
    curves: Sequence[Row]
    drivers: Sequence[Row]
    drift: Sequence[Row]
    health: Sequence[Row]
    model: Row | None
