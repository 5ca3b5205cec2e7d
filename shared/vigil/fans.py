"""The last judged forecast beside what came: what a fan chart is drawn from."""

import numpy as np
import pyarrow as pa

from vigil.outcomes import outcome
from vigil.panel import DAY, Floats, Key
from vigil.paths import LEVELS
from vigil.shelf import Made
from vigil.view import WEEK, View

SERIES = 6  # the largest
STEPS = {"week": (WEEK, 12), "day": (1, 56)}  # days between numbers, and how many of them before
SHOWN = {"q025": 0.025, "q100": 0.1, "q250": 0.25, "q500": 0.5, "q750": 0.75, "q900": 0.9,
         "q975": 0.975}  # fmt: skip
TEXTS = ("target", "source", "series")
NOTHING = pa.schema(
    [*((name, pa.string()) for name in TEXTS), ("date", pa.date32()),
     *((name, pa.float64()) for name in ("actual", *SHOWN))]
).empty_table()  # fmt: skip


def fan(key: Key, made: Made, latest: View) -> pa.Table:
    """A row a series and date; before the origin there is only what came."""
    past = made.past
    step, count = STEPS[latest.grain]
    ahead = past.origin + past.horizons * DAY
    before = ahead[0] - DAY * step * np.arange(count, 0, -1)
    before = before[before <= past.origin]
    dates = np.concatenate([before, ahead])
    columns = _largest(latest, past.series)
    series = [past.series[at] for at in columns]
    said = latest.natural(made.published[:, :, columns])
    unknown = np.full((len(before), len(columns)), np.nan)
    at = np.searchsorted(LEVELS, [*SHOWN.values()])
    found = {
        "target": pa.repeat(pa.scalar(key.target), len(dates) * len(series)),
        "source": pa.repeat(pa.scalar(key.source), len(dates) * len(series)),
        "series": pa.array(np.tile(np.array(series, object), len(dates)), pa.string()),
        "date": pa.array(np.repeat(dates, len(series))),
        "actual": _numbers(outcome(latest, dates, series)),
    }
    for name, level in zip(SHOWN, at, strict=True):
        found[name] = _numbers(np.vstack([unknown, said[level]]))
    return pa.table(found)


def _largest(latest: View, series: tuple[str, ...]) -> list[int]:
    """The places of the series with the largest level of late."""
    level = dict(zip(latest.series, np.nan_to_num(latest.level[-1], nan=-np.inf), strict=True))
    order = sorted(range(len(series)), key=lambda at: -level.get(series[at], -np.inf))
    return order[:SERIES]


def _numbers(values: Floats) -> pa.Array:
    return pa.array(values.ravel(), pa.float64(), from_pandas=True)
