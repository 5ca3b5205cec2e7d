"""Retail mobility in Portugal, one to seven days ahead."""

from pathlib import Path

import numpy as np

from benchmarks.earlier import files, methods, ours
from benchmarks.earlier.results import OURS, Result, compare
from vigil.panel import DAY, Dates, Floats, Grid, Key, daily

KEY = Key("google", "retail")
FIRST = np.datetime64("2021-01-01", "D")
EVERY, HORIZON = 5, 7  # days between origins, so that every weekday is one
REFIT = 6  # once a month, as in production


def run(data: Path) -> list[Result]:
    """Origins from 2021 on, in the nation and in all series."""
    dataset, panel = files.load(data / "google_mobility_pt", "portugal_mobility")
    grid = daily(panel[KEY], cumulative=False)
    references = np.arange(FIRST, grid.dates[-1] - DAY * (HORIZON - 1), EVERY)
    seen = ours.views(dataset, panel, KEY, references)
    forecasts = ours.forecasts(seen, HORIZON, REFIT)
    made = {OURS: np.array([ours.medians(paths, grid.series) for paths in forecasts])}
    made |= earlier(grid, references)
    ends = _ends(grid, references)
    truth = np.array([grid.values[end : end + HORIZON] for end in ends])
    nation = grid.series.index("Portugal")
    national = {name: one[..., nation] for name, one in made.items()}
    title = f"Portugal retail, {{}}, {len(references)} origins from {FIRST}"
    return [
        compare(title.format("national"), truth[..., nation], national, ("mae",), rolling=True),
        compare(title.format("all series"), truth, made, ("mae",), rolling=True),
    ]


def earlier(grid: Grid, references: Dates) -> dict[str, Floats]:
    """A week ago, and the linear model of each series, fitted anew at every origin."""
    ends = _ends(grid, references)
    linear = [
        [
            methods.calendar_regression(column, grid.dates[:end], HORIZON)
            for column in grid.values[:end].T
        ]
        for end in ends
    ]
    return {
        "lag 7": np.array([methods.seasonal_naive(grid.values[:end], HORIZON) for end in ends]),
        "linear regression": np.array(linear).swapaxes(1, 2),
    }


def _ends(grid: Grid, references: Dates) -> list[int]:
    return [int((reference - grid.dates[0]) / DAY) + 1 for reference in references]
