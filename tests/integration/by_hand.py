"""Rows of tables that are written by hand: what a test does not name is filled in."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from vigil import tables
from vigil.cloud import Cloud
from vigil.local import resources

FILL = {
    "STRING": "x",
    "INT64": 1,
    "FLOAT64": 0.0,
    "BOOL": False,
    "DATE": date(2024, 1, 1),
    "TIMESTAMP": datetime(2024, 1, 1, tzinfo=UTC),
}


@contextmanager
def own_cloud() -> Iterator[Cloud]:
    """An empty warehouse for the tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        name = f"t{uuid4().hex[:8]}"
        patch.setenv("VIGIL_WAREHOUSE", name)
        patch.setenv("VIGIL_RAW_BUCKET", f"raw-{name}")
        patch.setenv("VIGIL_MODELS_BUCKET", f"models-{name}")
        patch.setenv("VIGIL_REPORTS_BUCKET", f"reports-{name}")
        resources.make([], restricted=False)
        yield Cloud.from_env()


def insert(cloud: Cloud, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows; columns that must have a value and are not named get one."""
    spec = tables.load(table)
    filled = {c["name"]: FILL[c["type"]] for c in spec.schema if c["mode"] == "REQUIRED"}
    cloud.warehouse.append(table, spec.rows([{**filled, **row} for row in rows]))
