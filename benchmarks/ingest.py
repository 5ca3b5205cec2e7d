"""How fast files are read, as a multiple of plain pandas on the same files in the same run.

    python -m benchmarks.ingest --data DIR [--dataset jhu_global|owid|hospital_stay] [--json]

DIR holds time_series_covid19_{confirmed,deaths}_global.csv, or owid-covid-data*.csv, or train_*.csv
(`vigil sample --full` writes one), plain or gzipped. Ours: parse, check, and difference against a
full previous vintage in memory (one day shorter, a few values revised; of records every 1,000th
absent), as a replay of one arrival does. The peer: pandas.read_csv of the same columns, and for
wide files melt; for records each column as what it is, and people by their keyed hashes.
Interleaved, median of several rounds.
"""

import argparse
import gzip
import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from vigil import columns, datasets, layouts
from vigil.arrivals import Arrival, Content
from vigil.layouts import Parsed
from vigil.ledger import peak_mb
from vigil.panel import Grid
from vigil.recorded import NOTHING, Additions, Recorded
from vigil.records import keyed_hash
from vigil.sources import Validators
from vigil.vintages import Replay

ROUNDS = 7
AS_OF = {
    "jhu_global": datetime(2023, 3, 10, tzinfo=UTC),
    "owid": datetime(2022, 1, 21, tzinfo=UTC),
    "hospital_stay": datetime(2024, 1, 1, tzinfo=UTC),
}
TYPES = {"integer": "Int64", "number": "float64", "text": "category"}  # pandas' names for ours
PERSON = keyed_hash(b"a key", "benchmark")
Bodies = dict[str, bytes]


def main() -> None:
    """Measure, print, and fail where the bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--dataset", choices=AS_OF, default="jhu_global")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    name = options.dataset
    bodies = {source: read(options.data, name, source) for source in datasets.load(name).sources}
    held = before(name, bodies)
    recorded = recorded_of(held)
    changed = ours(name, bodies, held, recorded)
    ours_peak = peak_mb()
    times: dict[str, list[float]] = {"ours": [], "pandas": []}
    for _ in range(ROUNDS):
        times["ours"].append(seconds(lambda: ours(name, bodies, held, recorded)))
        times["pandas"].append(seconds(lambda: peer(name, bodies)))
    medians = {each: statistics.median(took) for each, took in times.items()}
    said = {
        "dataset": name,
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


def read(folder: Path, dataset: str, source: str) -> bytes:
    """A source's file, plain or gzipped."""
    pattern = datasets.load(dataset).sources[source].files
    [file] = sorted(folder.glob(pattern))[:1]
    body = file.read_bytes()
    return gzip.decompress(body) if file.suffix == ".gz" else body


def ours(dataset: str, bodies: Bodies, held: dict[str, Parsed], recorded: Recorded) -> int:
    """What ingest does between the bytes and the commit; how many rows changed."""
    spec = datasets.load(dataset)

    def content(source: str, digest: str) -> Parsed:
        if digest == "before":
            return held[source]
        return layouts.parse(spec, source, bodies[source], PERSON)

    replay = Replay(spec, content, dict.fromkeys(bodies, "before"), recorded=recorded)
    contents = {source: Content("now", len(b), Validators("")) for source, b in bodies.items()}
    replay.add(Arrival(dataset, AS_OF[dataset], "declared", contents))
    added = Additions(dataset, replay.records)
    return sum(rows.num_rows for rows in replay.changes) + len(added.to_pylist())


def before(dataset: str, bodies: Bodies) -> dict[str, Parsed]:
    """The vintage of the day before: one date less, every 1,000th value another."""
    spec = datasets.load(dataset)
    held = {}
    for source, body in bodies.items():
        parsed = layouts.parse(spec, source, body, PERSON)
        stayed = np.flatnonzero(np.arange(len(parsed.records)) % 1000)
        panel = {}
        for key, grid in parsed.panel.items():
            values = grid.values[:-1].copy()
            values.ravel()[::1000] += 1
            panel[key] = Grid(grid.dates[:-1], grid.series, values)
        held[source] = replace(parsed, panel=panel, records=parsed.records.take(stayed))
    return held


def recorded_of(held: dict[str, Parsed]) -> Recorded:
    """What the tables showed of it."""
    recorded = NOTHING
    for parsed in held.values():
        recorded = recorded.news(parsed.records)[1]
    return recorded


def peer(dataset: str, bodies: Bodies) -> int:
    """Plain pandas: read the columns, make wide ones long; of records type them, hash people."""
    spec = datasets.load(dataset)
    rows = 0
    for source, body in bodies.items():
        aliases = spec.sources[source].aliases
        kind = columns.declared(spec, source).kind
        frame = pd.read_csv(
            io.BytesIO(body),
            usecols=lambda name, k=kind, a=aliases: k(a.get(name, name)),
            dtype={name: TYPES[kind] for name, kind in spec.sources[source].fields.items()},
        )
        if spec.sources[source].layout == "wide":
            ids = [*spec.sources[source].series, *spec.sources[source].attributes.values()]
            frame = frame.melt(id_vars=ids)
        if person := spec.sources[source].person:
            frame[person] = frame[person].map(
                {one: PERSON(str(one)) for one in frame[person].unique()}
            )
        rows += len(frame)
    return rows


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
