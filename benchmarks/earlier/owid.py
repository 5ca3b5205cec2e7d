"""New cases in Korea, one and thirty days ahead, each of the last sixty days."""

from pathlib import Path

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.earlier import files, methods, ours
from benchmarks.earlier.results import OURS, Result, compare
from vigil.features import weekday
from vigil.panel import DAY, Dates, Floats, Index, Key, daily

KEY, COUNTRY = Key("owid", "cases"), "KOR"
DAYS, HORIZONS = 60, (1, 30)
REFIT = 7  # each week, as production does
THEIR_REFIT = 7
METRICS = ("rmse", "mae", "wape")


def run(data: Path) -> list[Result]:
    """Every day of the last sixty, from as many days before."""
    dataset, panel = files.load(data / "owid_covid", "owid")
    grid = daily(panel[KEY], cumulative=False)
    values = grid.values[:, grid.series.index(COUNTRY)]
    references = grid.dates[-DAYS - max(HORIZONS) : -1]
    seen = ours.views(dataset, panel, KEY, references)
    medians = np.array(
        [
            ours.medians(paths, (*grid.series,))[:, grid.series.index(COUNTRY)]
            for paths in ours.forecasts(seen, max(HORIZONS), REFIT)
        ]
    )
    truth = values[-DAYS:]
    results = []
    for horizon in HORIZONS:
        first = max(HORIZONS) - horizon
        made = {
            OURS: medians[first : first + DAYS, horizon - 1],
            **earlier(values, grid.dates, horizon),
        }
        days = "day" if horizon == 1 else "days"
        title = f"OWID Korea cases, {horizon} {days} ahead, last {DAYS} days"
        results.append(compare(title, truth, made, METRICS, rolling=True))
    return results


def earlier(values: Floats, dates: Dates, horizon: int) -> dict[str, Floats]:
    """A random forest, ridge and seasonal naive, so many days ahead of each of the last days."""
    targets = np.arange(len(values) - DAYS, len(values))
    back = methods.WEEK * -(-horizon // methods.WEEK)
    ridge = make_pipeline(StandardScaler(), Ridge())
    forest = RandomForestRegressor(100, random_state=0, n_jobs=2)
    return {
        "seasonal naive": values[targets - back],
        "ridge": _direct(ridge, values, dates, targets, horizon),
        "random forest": _direct(forest, values, dates, targets, horizon),
    }


def _direct(
    model: RegressorMixin, values: Floats, dates: Dates, targets: Index, horizon: int
) -> Floats:
    """Fitted every week to all that was known, asked for the days until the next fit."""
    table = features(values, dates, horizon)
    out = np.empty(len(targets))
    for start in range(0, len(targets), THEIR_REFIT):
        known = np.arange(targets[start] - horizon + 1)
        learnt = known[np.isfinite(table[known]).all(axis=1) & np.isfinite(values[known])]
        model.fit(table[learnt], values[learnt])
        asked = targets[start : start + THEIR_REFIT]
        out[start : start + THEIR_REFIT] = model.predict(table[asked])
    return np.maximum(out, 0)


def features(values: Floats, dates: Dates, horizon: int) -> Floats:
    """Of each target day its calendar, and of so many days before what numbers had done."""
    day, month = dates.astype("datetime64[D]"), dates.astype("datetime64[M]")
    of_year = ((day - dates.astype("datetime64[Y]")) / DAY).astype(int) + 1
    turns = [weekday(day) / 7, (month.astype(int) % 12) / 12]
    calendar = [wave(2 * np.pi * turn) for turn in turns for wave in (np.sin, np.cos)]
    last = len(values) - horizon
    lags = [_ago(values, days) for days in (0, 6, 13)]
    windows = [
        statistic(np.lib.stride_tricks.sliding_window_view(values, days), axis=1)
        for days in (7, 14, 28)
        for statistic in (np.mean, np.std)
    ]
    rolled = [np.append(np.full(len(values) - len(one), np.nan), one) for one in windows]
    changes = [values - _ago(values, 1), values - _ago(values, 7)]
    shares = [change / np.maximum(values - change, 1) for change in changes]
    recent = np.column_stack([*lags, *rolled, *changes, *shares])
    shifted = np.vstack([np.full((horizon, recent.shape[1]), np.nan), recent[:last]])
    return np.column_stack([*calendar, (of_year - 1) // 7 + 1, of_year, shifted])


def _ago(values: Floats, days: int) -> Floats:
    return np.append(np.full(days, np.nan), values[: len(values) - days])
