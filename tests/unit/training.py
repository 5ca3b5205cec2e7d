"""One small training, as its dossier: what the registry is given."""

from functools import cache

import numpy as np
import pyarrow as pa
from epidemic import CASES, DEATHS, dataset, panel, seen

from vigil import backtest, engine, fans, outcomes
from vigil.champion import Champion
from vigil.dossier import Dossier
from vigil.horizons import ahead
from vigil.models import table
from vigil.origins import Origin
from vigil.paths import LEVELS, days
from vigil.shelf import Made
from vigil.view import View

LAST = 280  # days of which models may know
TOLD = dataset(labels_after=0)
KNOWN = panel(300)
KEYS = (CASES, DEATHS)
RECIPE = "ridge"


@cache
def champion(recipe: str = RECIPE) -> Champion:
    """Fitted to both measures."""
    fit = table.choose(recipe)
    views = {key: seen(TOLD, KNOWN, key).until(LAST - 1) for key in KEYS}
    models = {key: engine.train(view, TOLD.horizon, fit) for key, view in views.items()}
    return Champion(TOLD, recipe, models)


@cache
def judged() -> pa.Table:
    """Four weekly origins, by the recipe and by the baseline."""
    parts = []
    for key in KEYS:
        latest = seen(TOLD, KNOWN, key)
        for name in (RECIPE, "seasonal_naive"):
            made = [_made(latest, name, LAST - 7 * week) for week in (5, 4, 3, 2)]
            days_ = [Origin(one.past.origin.astype(object), "known", None) for one in made]
            parts.append(outcomes.table(key, name, days_, made, latest))
    return pa.concat_tables(parts)


def _made(latest: View, recipe: str, day: int) -> Made:
    """A forecast from the first so many days."""
    known = latest.until(day - 1)
    fitted = table.choose(recipe)(known, ahead(TOLD.horizon, TOLD.grain))
    past = backtest.forecast(fitted, known, TOLD.horizon)
    return Made(past, past.quantiles)


@cache
def fan() -> pa.Table:
    """The last two weeks of the largest place, and half a year before them."""
    parts = []
    for key in KEYS:
        view = seen(TOLD, KNOWN, key)
        place = int(np.nanargmax(np.nansum(view.published, axis=0)))
        paths = engine.forecast(champion().models[key], view.until(LAST - 1), TOLD.horizon)
        said = days(paths).values[:, :, place]
        since = LAST - 180
        nothing = np.full(LAST - since, np.nan)
        shown = slice(since, LAST + TOLD.horizon)
        levels = {f"q{level * 1000:03.0f}": at for at, level in enumerate(LEVELS)}
        parts.append(
            pa.table(
                {
                    "target": [key.target] * (LAST - since + TOLD.horizon),
                    "source": [key.source] * (LAST - since + TOLD.horizon),
                    "series": [view.series[place]] * (LAST - since + TOLD.horizon),
                    "date": pa.array(view.dates[shown]),
                    "actual": view.published[shown, place],
                    **{q: np.append(nothing, said[levels[q]]) for q in fans.SHOWN},
                }
            )
        )
    return pa.concat_tables(parts)


def dossier(version: str = "20211010-1a2b3c4d", recipe: str = RECIPE) -> Dossier:
    """All of it."""
    measures = {
        f"{k.source}.{k.target}": {"reference_date": "2021-10-10", "series": 6} for k in KEYS
    }
    gains = {"growth": 40.0, "level": 25.0, "cases last week": 20.0, "weekday": 10.0, "age": 5.0}
    said = {
        "dataset": TOLD.name, "version": version, "recipe": recipe,
        "as_of": "2021-10-10T23:59:59+00:00", "vintage": "5e6f7a8b", "vintage_kind": "known",
        "data_digest": "d" * 64, "code": "c0de", "revision": "63ab632", "rows": 3600,
        "measures": measures, "params": {"horizon": 14, "grain": "week"},
        "importance": dict.fromkeys(measures, gains),
        "decisions": [
            {"kind": "refresh", "promoted": True, "reason": "WIS 0.71 of seasonal naive's",
             "recipe": recipe, "rival": None, "numbers": {"relative_wis": 0.71}}
        ],
    }  # fmt: skip
    return Dossier(TOLD.name, version, champion(recipe).bundle(), said, judged(), fan())
