"""The peer: mlforecast on daily numbers, in an environment of its own (benchmarks/peer.txt).

    python peer_mlforecast.py NUMBERS.npz HORIZON

NUMBERS holds `dates`, `series` and `values` (dates x series, NaN where there is none). Prints one
line of JSON. The clock runs for what mlforecast does, not for reading or for making its long table.
"""

import argparse
import json
import platform
import time
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from lightgbm import LGBMRegressor
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean, RollingStd

LAGS = [1, 2, 3, 4, 5, 6, 7]
WINDOWS = [7, 14, 28]
PACKAGES = ["mlforecast", "lightgbm", "numpy", "pandas"]


def main() -> None:
    """Fit, forecast, say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", type=Path)
    parser.add_argument("horizon", type=int)
    options = parser.parse_args()
    frame, model = long(options.numbers), peer()
    started = time.perf_counter()
    model.fit(frame)
    fitted = time.perf_counter()
    forecast = model.predict(options.horizon)
    done = time.perf_counter()
    values = forecast.sort_values(["unique_id", "ds"])["LGBMRegressor"].to_numpy(np.float64)
    said = {
        "fit_seconds": round(fitted - started, 3),
        "predict_seconds": round(done - fitted, 3),
        "peak_mb": peak_mb(),
        "rows": len(frame),
        "forecasts": len(values),
        "checksum": sha256(values.tobytes()).hexdigest(),
        "versions": {"python": platform.python_version(), **{p: version(p) for p in PACKAGES}},
    }
    print(json.dumps(said))


def long(file: Path) -> pd.DataFrame:
    """A row for each number, as mlforecast wants them."""
    with np.load(file, allow_pickle=False) as held:
        dates, series, values = held["dates"], held["series"], held["values"]
    known = np.isfinite(values.T)
    column, row = np.nonzero(known)
    return pd.DataFrame({"unique_id": series[column], "ds": dates[row], "y": values.T[known]})


def peer() -> MLForecast:
    """Seven lags, six rolling features, 300 trees; all else as they come."""
    rolling = [each(size) for size in WINDOWS for each in (RollingMean, RollingStd)]
    return MLForecast(
        models=[LGBMRegressor(n_estimators=300, n_jobs=2, verbosity=-1)],
        freq="D",
        lags=LAGS,
        lag_transforms={1: rolling},
    )


def peak_mb() -> float:
    """The largest resident memory so far, in MiB; getrusage would count the parent's, too."""
    said = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    [line] = [line for line in said.splitlines() if line.startswith("VmHWM:")]
    return round(int(line.split()[1]) / 1024, 1)


if __name__ == "__main__":
    main()
