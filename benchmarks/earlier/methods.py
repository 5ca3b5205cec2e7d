"""The earlier systems' methods, as they described them, on what was known."""

from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vigil.features import weekday
from vigil.panel import DAY, Dates, Floats, Index

WEEK = 7
LAGS = np.arange(1, 15)  # of the autoregression
MOBILITY_LAGS = np.arange(7, 15)
DAMPING = 0.9  # of what is left of growth a day later
HIGHEST = 25.0  # on the log scale: beyond, a recursion has run away


def seasonal_naive(values: Floats, horizon: int) -> Floats:
    """The same weekday of the last week known, for as many days as needed."""
    last: Floats = values[-WEEK:][np.arange(horizon) % WEEK]
    return last


def ridge_autoregression(values: Floats, dates: Dates, horizon: int) -> Floats:
    """Of the last fourteen days and the weekday, a day at a time, each on those before."""
    known = np.flatnonzero(np.isfinite(values))[0]
    rows = np.arange(known + LAGS[-1], len(values))
    model = make_pipeline(StandardScaler(), Ridge())
    model.fit(_autoregressive(values, dates[0], rows), values[rows])
    grown = values
    for _ in range(horizon):
        row = np.array([len(grown)])
        grown = np.append(grown, model.predict(_autoregressive(grown, dates[0], row)))
    forecast: Floats = np.maximum(grown[len(values) :], 0)
    return forecast


def _autoregressive(values: Floats, first: np.datetime64, rows: Index) -> Floats:
    return np.column_stack(
        [values[rows[:, None] - LAGS], np.eye(WEEK)[weekday(first + DAY * rows)]]
    )


def calendar_regression(values: Floats, dates: Dates, horizon: int) -> Floats:
    """On day, weekday, month and lags 7 to 14, all of them known for a week ahead."""
    days = np.arange(dates[0], dates[-1] + DAY * (horizon + 1))
    rows = np.arange(MOBILITY_LAGS[-1], len(days))
    padded = np.append(values, np.full(horizon, np.nan))
    table = np.column_stack([_calendar(days[rows]), padded[rows[:, None] - MOBILITY_LAGS]])
    usable = np.isfinite(table).all(axis=1)
    learnt = usable & np.isfinite(padded[rows])
    forecast = np.full(horizon, np.nan)
    asked = usable[-horizon:]
    if learnt.sum() > table.shape[1] and asked.any():
        model = LinearRegression().fit(table[learnt], padded[rows][learnt])
        forecast[asked] = model.predict(table[-horizon:][asked])
    return forecast


def _calendar(days: Dates) -> NDArray[np.int64]:
    months = days.astype("datetime64[M]")
    month = months.astype(int) % 12 + 1
    return np.column_stack([(days - months).astype(int) + 1, weekday(days), month])


def polynomial(totals: Floats, horizon: int, degree: int) -> Floats:
    """Totals (days x series x kinds): log1p of a day from powers of the day before's, recursively.

    A total that falls in the recursion stands as it stood before.
    """
    logs = np.log1p(totals)
    kinds = logs.shape[2]
    table = _powers(logs[:-1].reshape(-1, kinds), degree)
    coefficients = np.linalg.lstsq(table, logs[1:].reshape(-1, kinds), rcond=None)[0]
    state, out = logs[-1], []
    for _ in range(horizon):
        state = np.clip(_powers(state, degree) @ coefficients, state, HIGHEST)
        out.append(np.expm1(state))
    return np.array(out)


def _powers(values: Floats, degree: int) -> Floats:
    columns = [np.ones(len(values))]
    for power in range(1, degree + 1):
        for of in combinations_with_replacement(range(values.shape[1]), power):
            columns.append(values[:, of].prod(axis=1))  # noqa: PERF401 - two loops read better
    return np.column_stack(columns)


def damped_growth(totals: Floats, horizon: int) -> Floats:
    """The last seven days' growth on the log scale, less of it each day."""
    logs = np.log1p(totals)
    growth = (logs[-1] - logs[-1 - WEEK]) / WEEK
    carried = np.cumsum(DAMPING ** np.arange(1, horizon + 1)).reshape(-1, *[1] * growth.ndim)
    grown: Floats = np.expm1(logs[-1] + carried * growth)
    return grown


def last_week_again(totals: Floats, horizon: int) -> Floats:
    """Seasonal naive of the numbers a day, on top of the last total."""
    steps = np.diff(totals[-WEEK - 1 :], axis=0)
    return totals[-1] + np.cumsum(seasonal_naive(steps, horizon), axis=0)
