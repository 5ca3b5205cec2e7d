"""How fast the engine is, as a multiple of mlforecast on the same series in the same run.

    python -m benchmarks.speed --data DIR [--json] [--rounds 3] [--scale 1,3,10]

DIR holds time_series_covid19_{confirmed,deaths}_global.csv, plain or gzipped: 578 daily series.
The peer: LightGBM of 300 trees on 7 lags and 6 rolling features, one number a day, 28 days ahead,
in an environment of its own that is built once below .vigil/. Ours: all 23 quantiles of 28 days,
sample paths included. Each in a process of its own, interleaved; medians. Then ours alone on more
series: copies with noise.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.hub import daily_numbers
from benchmarks.ingest import read
from benchmarks.peer import peer_environment, run_peer, write_numbers
from vigil import datasets, engine, layouts
from vigil.ledger import peak_mb
from vigil.panel import Grid, Key, daily, grid
from vigil.paths import days
from vigil.view import View, view

DATASET = "jhu_global"
BOUNDS = {"fit": 5.0, "memory": 2.0, "forecast": 10.0, "growth": 1.1}
FORECAST_SECONDS = 3.0
KEY = Key("deaths", "deaths")


def main() -> None:
    """Measure, print, and fail where a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", default="1,3,10", help="multiples of the series, such as 1,3,10")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.data.suffix == ".npz":  # the process that is measured
        print(json.dumps(ours(options.data)))
        return
    with tempfile.TemporaryDirectory() as folder:
        said = measured(numbers(options.data), Path(folder), options)
    print(json.dumps(said) if options.json else "\n".join(f"{k:>24}: {v}" for k, v in said.items()))
    sys.exit(bool(said["broken"]))


def numbers(folder: Path) -> Grid:
    """The daily numbers of all series of both files."""
    spec, names, columns = datasets.load(DATASET), [], []
    for source in spec.sources:
        parsed = layouts.parse(spec, source, read(folder, DATASET, source))
        [found] = parsed.panel.values()
        made = daily(found, cumulative=True)
        names += [f"{source}/{name}" for name in made.series]
        columns.append(made.values[1:])
    return grid(made.dates[1:], names, np.nan_to_num(np.hstack(columns)))


def measured(numbers_: Grid, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Ours and the peer in turn, then ours on more series."""
    file = folder / "numbers.npz"
    write_numbers(file, numbers_)
    horizon = datasets.load(DATASET).horizon
    python = peer_environment(Path(".vigil/benchmarks"))
    mine, peers = [], []
    for _ in range(options.rounds):
        mine.append(in_a_process(file))
        peers.append(run_peer(python, file, horizon))
    scales = {}
    for times in [int(n) for n in options.scale.split(",") if n]:
        write_numbers(folder / "more.npz", more(numbers_, times))
        scales[times] = in_a_process(folder / "more.npz")
    return said(mine, peers, scales)


def more(numbers_: Grid, times: int) -> Grid:
    """So many times the series: copies with noise of a tenth."""
    draw = np.random.default_rng(0)
    noisy = [numbers_.values * draw.normal(1, 0.1, numbers_.values.shape) for _ in range(times - 1)]
    names = [f"{name}/{n}" for n in range(times) for name in numbers_.series]
    return grid(numbers_.dates, names, np.hstack([numbers_.values, *map(np.round, noisy)]))


def in_a_process(file: Path) -> dict[str, Any]:
    """Ours, where nothing else has used memory."""
    command = [sys.executable, "-m", "benchmarks.speed", "--data", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def ours(file: Path) -> dict[str, Any]:
    """From daily numbers to quantiles, each half timed; both start there."""
    with np.load(file) as held:
        known = Grid(held["dates"], tuple(map(str, held["series"])), held["values"])
    horizon = datasets.load(DATASET).horizon
    started = time.perf_counter()
    model = engine.train(seen(known), horizon)
    trained = time.perf_counter()
    made = days(engine.forecast(model, seen(known), horizon))
    ended = time.perf_counter()
    return {
        "series": len(known.series),
        "fit_seconds": round(trained - started, 3),
        "forecast_seconds": round(ended - trained, 3),
        "peak_mb": peak_mb(),
        "values": made.values.size,
    }


def seen(known: Grid) -> View:
    """All series as one measure of numbers a day."""
    found = view(daily_numbers(DATASET), {KEY: known}, KEY)
    if found is None:
        raise SystemExit("expected daily numbers; found none")
    return found


def said(mine: list[Any], peers: list[Any], scales: dict[int, Any]) -> dict[str, Any]:
    """Medians, ratios, and which bounds are broken."""
    fit, forecast, memory = (
        statistics.median(one[key] for one in mine)
        for key in ("fit_seconds", "forecast_seconds", "peak_mb")
    )
    peer_fit, predict, peer_memory = (
        statistics.median(one[key] for one in peers)
        for key in ("fit_seconds", "predict_seconds", "peak_mb")
    )
    ratios = {
        "fit": fit / peer_fit,
        "memory": memory / peer_memory,
        "forecast": forecast / predict,
        "growth": growth(scales),
    }
    broken = [name for name, bound in BOUNDS.items() if ratios[name] > bound]
    if forecast > FORECAST_SECONDS:
        broken.append("forecast_seconds")
    return {
        "series": mine[0]["series"],
        "fit_seconds": fit,
        "peer_fit_seconds": peer_fit,
        "forecast_seconds": forecast,
        "peer_predict_seconds": predict,
        "peak_mb": memory,
        "peer_peak_mb": peer_memory,
        **{f"{name}_ratio": round(value, 2) for name, value in ratios.items()},
        "scales": {str(times): one for times, one in scales.items()},
        "bounds": {**BOUNDS, "forecast_seconds": FORECAST_SECONDS},
        "broken": broken,
    }


def growth(scales: dict[int, Any]) -> float:
    """How much more than in proportion the whole time grew with the series, at worst."""
    if 1 not in scales or len(scales) < 2:
        return 0.0
    whole = {n: one["fit_seconds"] + one["forecast_seconds"] for n, one in scales.items()}
    return max(whole[n] / (n * whole[1]) for n in whole if n > 1)


if __name__ == "__main__":
    main()
