"""Europe's deaths with COVID-19 in 2021 as they were known on each day, from real files."""

import csv
import gzip
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vigil.errors import Rejected
from vigil.local.replays import FORTNIGHT, Replay, sundays

CHANGES, NAMES = "euro_hub/deaths_as_known.parquet", "euro_hub/locations.csv.gz"
TRAININGS = slice(3, None, 12)


def replay(data: Path) -> Replay:
    """Every Sunday that the log of changes covers."""
    for name in (CHANGES, NAMES):
        if not (data / name).is_file():
            raise Rejected(
                "DATA", rule="file", expected=f"a folder with {name}", found=f"none in {data}"
            )
    changes = pq.read_table(data / CHANGES, columns=["as_of", "location", "date", "value"])
    days = pc.min_max(changes["as_of"]).as_py()
    covered = sundays(date.fromisoformat(days["min"]), date.fromisoformat(days["max"]), FORTNIGHT)
    said = "2021 in 32 European countries: deaths with COVID-19 as they were known on each day"
    files = partial(_files, changes, _names(data / NAMES))
    return Replay("europe_2021", covered, covered[TRAININGS], files, "deaths", "France", said)


def _names(file: Path) -> dict[str, str]:
    with gzip.open(file, "rt", encoding="utf-8", newline="") as lines:
        return {row["location"]: row["location_name"] for row in csv.DictReader(lines)}


def _files(changes: pa.Table, names: dict[str, str], day: date) -> dict[str, str]:
    return {"deaths": "\n".join(["date,location,deaths", *_lines(changes, names, day)]) + "\n"}


def _lines(changes: pa.Table, names: dict[str, str], day: date) -> Iterator[str]:
    """The last word on every place and date by the end of a day."""
    known = changes.filter(pc.less_equal(changes["as_of"], day.isoformat()))
    rows = zip(*(known[name].to_pylist() for name in ("location", "date", "value")), strict=True)
    last = {(place, when): value for place, when, value in rows}  # later rows are later words
    for (place, when), value in last.items():
        if value is not None:
            yield f"{when},{names[place]},{value:.0f}"
