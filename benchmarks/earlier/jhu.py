"""Running totals of cases and deaths of all places of JHU, days ahead."""

from pathlib import Path

import numpy as np

from benchmarks.earlier import files, methods, ours
from benchmarks.earlier.results import OURS, Result, compare
from vigil.datasets import Dataset
from vigil.panel import DAY, Dates, Floats, Key, Panel

KEYS = (Key("confirmed", "cases"), Key("deaths", "deaths"))
WEEK, SPRING = 7, 23  # days ahead
EARLY = np.array(["2020-03-31"], "datetime64[D]")
LAST = np.datetime64("2022-08-02", "D")
ORIGINS = 26
REFIT = 7  # 289 places take their time; production: each week
YOUNG = (
    "70 days are too few to fit a model: ours is seasonal naive, which serves until there is one"
)
QUOTED = "their own figure, of an unnamed selection of places: 0.13264"


def run(data: Path) -> list[Result]:
    """Two windows, and half a year of weekly origins up to the later one."""
    dataset, panel = files.load(data / "jhu_csse", "jhu_global")
    weekly = LAST - DAY * WEEK * np.arange(ORIGINS - 1, -1, -1)
    truth, made = forecasts(panel, weekly, WEEK)
    rolled = [_ours(dataset, panel, key, weekly, WEEK) for key in KEYS]
    made = {OURS: np.stack(rolled, axis=-1), **made}
    spring_truth, spring = forecasts(panel, EARLY, SPRING)
    spring = {OURS: spring["seasonal naive"], **spring}
    last = {name: one[-1:] for name, one in made.items()}
    return [
        *each("2022-08-03..09", truth[-1:], last, rolling=False, note=QUOTED),
        *each("2020-04-01..23, known to 03-31", spring_truth, spring, rolling=False, note=YOUNG),
        *each(f"{ORIGINS} weekly origins to {LAST} x 7 days", truth, made, rolling=True),
    ]


def forecasts(panel: Panel, references: Dates, horizon: int) -> tuple[Floats, dict[str, Floats]]:
    """What came true, and every earlier method: origins x days x places x kinds."""
    grids = [panel[key] for key in KEYS]
    totals = np.stack([grid.values for grid in grids], axis=-1)
    ends = [int((reference - grids[0].dates[0]) / DAY) + 1 for reference in references]
    truth = np.array([totals[end : end + horizon] for end in ends])
    made = {}
    for degree in (2, 3):
        made[f"polynomial, degree {degree}"] = np.array(
            [methods.polynomial(totals[:end], horizon, degree) for end in ends]
        )
    for name, method in (
        ("damped growth", methods.damped_growth),
        ("seasonal naive", methods.last_week_again),
    ):
        made[name] = np.array([method(totals[:end], horizon) for end in ends])
    return truth, made


def _ours(dataset: Dataset, panel: Panel, key: Key, references: Dates, horizon: int) -> Floats:
    grid = panel[key]
    seen = ours.views(dataset, panel, key, references)
    ends = (int((reference - grid.dates[0]) / DAY) for reference in references)
    return np.array(
        [
            ours.totals(paths, grid.series, grid.values[end])
            for end, paths in zip(ends, ours.forecasts(seen, horizon, REFIT), strict=True)
        ]
    )


def each(
    title: str, truth: Floats, made: dict[str, Floats], *, rolling: bool, note: str = ""
) -> list[Result]:
    """Cases and deaths apart."""
    return [
        compare(
            f"JHU {kind}, {title}",
            truth[..., at],
            {name: one[..., at] for name, one in made.items()},
            ("rmsle",),
            rolling=rolling,
            note=note,
        )
        for at, kind in enumerate(key.target for key in KEYS)
    ]
