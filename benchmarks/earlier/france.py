"""National daily hospital deaths in France, 14 days ahead."""

from pathlib import Path

import numpy as np

from benchmarks.earlier import files, methods, ours
from benchmarks.earlier.results import OURS, Result, compare
from vigil.panel import DAY, Key, daily

KEY = Key("indicators", "incid_dchosp")
LAST = np.datetime64("2022-08-09", "D")  # last day observed before the window
ORIGINS, HORIZON = 12, 14
REFIT = 1  # every week, as in production
QUOTED = "quoted, not run: RNN 14.96-21.63, TCN 23.1-34.6, Transformer 22.1-37.7 on the window"


def run(data: Path) -> list[Result]:
    """The window, and twelve weekly origins that end with it."""
    dataset, panel = files.load(data / "france_spf", "france_deaths")
    grid = daily(panel[KEY], cumulative=False)
    dates, values = grid.dates, grid.values[:, 0]
    references = LAST - DAY * 7 * np.arange(ORIGINS - 1, -1, -1)
    seen = ours.views(dataset, panel, KEY, references)
    forecasts = ours.forecasts(seen, HORIZON, REFIT)
    ends = [int((reference - dates[0]) / DAY) + 1 for reference in references]
    truth = np.array([values[end : end + HORIZON] for end in ends])
    made = {
        OURS: np.array([ours.medians(paths, grid.series)[:, 0] for paths in forecasts]),
        "seasonal naive": np.array([methods.seasonal_naive(values[:end], HORIZON) for end in ends]),
        "ridge autoregression": np.array(
            [methods.ridge_autoregression(values[:end], dates[:end], HORIZON) for end in ends]
        ),
    }
    window = {name: one[-1:] for name, one in made.items()}
    return [
        compare("France deaths, 2022-08-10..23", truth[-1:], window, ("mae",), rolling=False,
                note=QUOTED),
        compare("France deaths, 12 weekly origins x 14 days", truth, made, ("mae",), rolling=True),
    ]  # fmt: skip
