"""Rules of thumb: what a model has to beat.

Each is one number a series and horizon, of the level where weeks are forecast and of the day
where days are; how uncertain it is, its own past errors say (`own_errors`).
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from vigil.accuracy import average
from vigil.bundle import Bundle, json_bytes
from vigil.features import season, weekday
from vigil.models.own_errors import RULE, Points, Ruled, errors
from vigil.models.seasonal_naive import last_week_for_missing, possible
from vigil.panel import DAY, Floats, Index
from vigil.view import WEEK, View

DRIFT = 28  # days over which growth a day is averaged
PHIS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)  # of a week's growth, what the next week keeps


def last_value(_view: View, _ahead: int) -> Ruled:
    """Nothing changes: the level now; where days are forecast, the last day's number."""
    return Ruled(_last_value)


def seasonal_naive(_view: View, _ahead: int) -> Ruled:
    """The last week again, as published: its total, or the same weekday's number."""
    return Ruled(_seasonal_naive)


def drift(_view: View, _ahead: int) -> Ruled:
    """The mean growth of the last four weeks goes on."""
    return Ruled(_drift)


def damped_growth(view: View, ahead: int) -> Ruled:
    """Last week's growth goes on, each week a share of the one before: what suited of late."""
    horizons = range(min(WEEK, ahead), ahead + 1, WEEK)

    def missed(phi: float) -> float:
        points = _damped(phi)(view)
        return average([average(errors(view, horizon, points)) for horizon in horizons])

    phi = min(PHIS, key=missed)
    return Ruled(_damped(phi), json_bytes({"phi": phi}))


def load(bundle: Bundle) -> Ruled:
    """Damped growth from the files of a bundle that was checked."""
    said = bundle.json(RULE)
    return Ruled(_damped(said["phi"]), bundle.body(RULE))


def _last_value(view: View) -> Points:
    now = view.transform.to(view.tidied) if view.grain == "day" else view.level
    return lambda origins, _horizon: now[origins]


def _seasonal_naive(view: View) -> Points:
    if view.grain == "week":
        known = _last_known(view.truth)
        return lambda origins, _horizon: known[origins]
    whole = last_week_for_missing(possible(view.published, non_negative=view.measure.non_negative))
    daily = view.transform.to(whole)

    def points(origins: Index, horizon: int) -> Floats:
        asked = origins + horizon - WEEK * -(-horizon // WEEK)
        return np.where(asked[:, None] >= 0, daily[asked], np.nan)

    return points


def _drift(view: View) -> Points:
    return _growing(view, _grown(view.level, DRIFT) / DRIFT, float)


def _damped(phi: float) -> Callable[[View], Points]:
    def rule(view: View) -> Points:
        return _growing(view, _grown(view.level, WEEK), partial(weeks_of, phi))

    return rule


def weeks_of(phi: float, horizon: int) -> float:
    """How many times last week's growth is to come: phi + phi^2 + ..., of a part week a part."""
    whole, rest = divmod(horizon, WEEK)
    kept = phi ** np.arange(1, whole + 2)
    return float(kept[:-1].sum() + kept[-1] * rest / WEEK)


def _growing(view: View, growth: Floats, times: Callable[[int], float]) -> Points:
    """The level, as the target's weekday stands to it, and so many times its growth."""
    profile = season(view) if view.grain == "day" else None
    least = 0.0 if view.measure.non_negative else -np.inf

    def points(origins: Index, horizon: int) -> Floats:
        grown = view.level[origins] + growth[origins] * times(horizon)
        if profile is not None:
            grown += profile[origins, weekday(view.dates[0] + (origins + horizon) * DAY)]
        return np.maximum(grown, least)

    return points


def _grown(level: Floats, days: int) -> Floats:
    """The change over so many days; NaN before there are so many."""
    out = np.full_like(level, np.nan)
    out[days:] = level[days:] - level[: max(len(level) - days, 0)]
    return out


def _last_known(values: Floats) -> Floats:
    """What is missing stands as the last before it."""
    rows = np.where(np.isfinite(values), np.arange(len(values))[:, None], 0)
    return np.take_along_axis(values, np.maximum.accumulate(rows, axis=0), axis=0)
