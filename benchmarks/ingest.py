"""How fast JHU is read, as a multiple of plain pandas on the same two files in the same run.

    python -m benchmarks.ingest --data DIR [--json]

DIR holds time_series_covid19_{confirmed,deaths}_global.csv, plain or gzipped. Ours: parse,
check, and difference against a full previous vintage in memory (one day shorter, a few values
revised). The peer: pandas.read_csv and melt. Interleaved, median of several rounds.
"""

import argparse
import gzip
import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from vigil import datasets, layouts, quality, vintages
from vigil.ledger import peak_mb
from vigil.panel import Grid, Panel

ROUNDS = 7
SOURCES = {
    "confirmed": "time_series_covid19_confirmed_global.csv",
    "deaths": "time_series_covid19_deaths_global.csv",
}
AS_OF = datetime(2023, 3, 10, tzinfo=UTC)


def main() -> None:
    """Measure, print, and fail where the bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    bodies = {source: read(options.data, name) for source, name in SOURCES.items()}
    known = before(ours(bodies, {})[1])
    ours_peak = peak_mb()
    times: dict[str, list[float]] = {"ours": [], "pandas": []}
    for _ in range(ROUNDS):
        times["ours"].append(seconds(lambda: ours(bodies, known)))
        times["pandas"].append(seconds(lambda: peer(bodies)))
    medians = {name: statistics.median(each) for name, each in times.items()}
    changed, _ = ours(bodies, known)
    said = {
        "ours_seconds": round(medians["ours"], 3),
        "pandas_seconds": round(medians["pandas"], 3),
        "ratio": round(medians["ours"] / medians["pandas"], 2),
        "bound": 3.0,
        "changed_rows": changed,
        "peak_mb": ours_peak,
    }
    lines = [json.dumps(said)] if options.json else [f"{k:>15}: {v}" for k, v in said.items()]
    print("\n".join(lines))
    sys.exit(said["ratio"] > said["bound"])


def read(folder: Path, name: str) -> bytes:
    """A file's bytes, plain or gzipped."""
    plain = folder / name
    return (
        plain.read_bytes()
        if plain.exists()
        else gzip.decompress((folder / f"{name}.gz").read_bytes())
    )


def ours(bodies: dict[str, bytes], known: Panel) -> tuple[int, Panel]:
    """Parse, check, difference: what ingest does between the bytes and the commit."""
    dataset = datasets.load("jhu_global")
    panel: Panel = {}
    changed = 0
    for source, body in bodies.items():
        panel |= layouts.parse(dataset, source, body).panel
    quality.check(dataset, panel, known, AS_OF, downloaded=True)
    for key, grid in panel.items():
        old = known.get(key, vintages.EMPTY)
        changed += sum(rows.num_rows for rows in vintages.difference(key, old, grid, AS_OF))
    return changed, panel


def before(panel: Panel) -> Panel:
    """The vintage of the day before: one date less, every 1,000th value another."""
    known = {}
    for key, grid in panel.items():
        values = grid.values[:-1].copy()
        values.ravel()[::1000] += 1
        known[key] = Grid(grid.dates[:-1], grid.series, values)
    return known


def peer(bodies: dict[str, bytes]) -> int:
    """Plain pandas: read the file, make it long."""
    ids = ["Province/State", "Country/Region", "Lat", "Long"]
    frames = [pd.read_csv(io.BytesIO(body)).melt(id_vars=ids) for body in bodies.values()]
    return sum(len(frame) for frame in frames)


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
