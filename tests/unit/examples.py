"""Two small datasets that many tests share, and the real files, each read once."""

import gzip
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from conftest import FILES
from vigil import datasets, layouts
from vigil.datasets import Dataset
from vigil.layouts import Parsed
from vigil.panel import Grid
from vigil.records import Records, keyed_hash

NOON = datetime(2021, 1, 4, 12, tzinfo=UTC)  # the moment of the small vintages: a Monday

ABOUT = {
    "title": "Small",
    "producer": "Nobody",
    "licence": "CC0",
    "citation": "None",
    "homepage": "https://example.org",
    "horizon": 7,
    "grain": "day",
    "schedules": {"ingest": "15 6 * * *", "train": "0 20 * * 1", "predict": "45 6 * * *"},
}


def wide(*, measure: dict[str, Any] | None = None, **source: Any) -> Dataset:
    """Deaths so far by country and province, a column a day, as JHU writes them."""
    spec = {
        "url": "https://example.org/deaths.csv",
        "files": "deaths*",
        "layout": "wide",
        "date_format": "%m/%d/%y",
        "series": ["Country/Region", "Province/State"],
        "attributes": {"latitude": "Lat", "longitude": "Long"},
        **source,
    }
    deaths = {"sources": {"deaths": None}, "unit": "people", "cumulative": True, **(measure or {})}
    return Dataset.model_validate(
        {**ABOUT, "name": "small", "sources": {"deaths": spec}, "targets": {"deaths": deaths}}
    )


def long(*, measure: dict[str, Any] | None = None, **source: Any) -> Dataset:
    """Admissions by day and departement, as Santé publique France writes them."""
    spec = {
        "url": "https://example.org/hospital.csv",
        "files": "hospital*",
        "layout": "long",
        "delimiter": ";",
        "date": "jour",
        "root": "France",
        "series": ["dep"],
        **source,
    }
    admitted = {"sources": {"hospital": "incid_hosp"}, "unit": "people", **(measure or {})}
    return Dataset.model_validate(
        {**ABOUT, "name": "small", "sources": {"hospital": spec}, "targets": {"admitted": admitted}}
    )


def days(first: str, count: int) -> np.ndarray:
    """So many days from that one."""
    return np.datetime64(first, "D") + np.arange(count)


def grid(values: list[list[float]], series: str = "A", first: str = "2021-01-01") -> Grid:
    """A grid of a row a day; the series are letters."""
    return Grid(days(first, len(values)), tuple(series), np.array(values, float))


@cache
def unpacked(path: Path) -> bytes:
    """The bytes of a gzip file."""
    return gzip.decompress(path.read_bytes())


@cache
def real(name: str, source: str) -> Parsed:
    """A real file as its shipped dataset reads it."""
    body = unpacked(FILES[name][source])
    return layouts.parse(datasets.load(name), source, body, keyed_hash(b"key", name))


class Record(NamedTuple):
    """Whom a record is about, and what is said of it."""

    person: str | None
    fields: str


def records_of(records: Records) -> dict[str, Record]:
    """The text of each, by its name."""
    rows = [row for block in records.blocks() for row in block.to_pylist()]
    return {row["record"]: Record(row["person"], row["fields"]) for row in rows}
