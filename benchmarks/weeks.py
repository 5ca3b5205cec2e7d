"""Weeks added up from daily paths against weeks forecast directly: how wide, and how often right.

    python -m benchmarks.weeks --data DIR [--only hub,departements,nation] [--json]

DIR holds the folders `euro_hub` (as in benchmarks.euro_hub) and `france_spf` (files as upstream
wrote them). The hub's deaths are forecast in weeks: split into days, and these added up again.
France's are forecast in days: the direct fit is the same model of weeks. Both as the model says it,
and calibrated with the forecasts of the weeks before.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import euro_hub, hub
from benchmarks.earlier import files, ours
from vigil import engine, paths
from vigil.backtest import forecast
from vigil.calibration import Past, calibrate
from vigil.horizons import ahead
from vigil.ledger import peak_mb
from vigil.models import boosting
from vigil.panel import DAY, Dates, Floats, Grid, Key, daily
from vigil.scoring import covered, wis
from vigil.view import WEEK, View

WARM_UP = 20  # origins before the first that is scored, to have errors to calibrate with
EVERY = 3  # one origin in so many is scored
REFIT = 16  # origins that share a fit
SHARE = 0.95
LOW, HIGH = np.searchsorted(paths.LEVELS, ((1 - SHARE) / 2, (1 + SHARE) / 2))
KINDS = ("raw", "calibrated")
SATURDAYS = np.arange(np.datetime64("2021-02-13"), np.datetime64("2022-02-06"), WEEK * DAY)

Made = tuple[Floats, Floats, Floats]  # of one origin: from paths, direct (kinds x ...), what came
Walked = Iterator[tuple[View, list[engine.Model]]]


def main() -> None:
    """Forecast, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", type=lambda names: names.split(","), default=list(CASES))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    started = time.monotonic()
    said: dict[str, Any] = {name: report(CASES[name](options.data)) for name in options.only}
    text = "\n".join(line for name, one in said.items() for line in lines(name, one))
    cost = {"seconds": round(time.monotonic() - started, 1), "peak_mb": peak_mb()}
    print(json.dumps({**said, **cost}) if options.json else f"{text}\n{cost}")


def of_hub(data: Path) -> Iterator[Made]:
    """Deaths in 32 countries, from what was known on each forecast date."""
    targets = hub.load(data / "euro_hub")
    walked = walk(euro_hub.views("deaths", targets), euro_hub.HORIZON)
    both = ((one, one) for one in walked)
    return compared(both, targets["deaths"].final, euro_hub.HORIZON)


def of_france(source: str, data: Path) -> Iterator[Made]:
    """Deaths in hospitals, from Saturdays."""
    dataset, panel = files.load(data / "france_spf", "france_deaths")
    key = Key(source, "incid_dchosp")
    known = {each: grid for each, grid in panel.items() if each.source == source}
    both = (
        walk(ours.views(told, known, key, SATURDAYS), dataset.horizon)
        for told in (dataset, dataset.model_copy(update={"grain": "week"}))
    )
    truth = daily(known[key], cumulative=False)
    return compared(zip(*both, strict=True), truth, dataset.horizon)


CASES: dict[str, Callable[[Path], Iterator[Made]]] = {
    "hub": of_hub,
    "departements": partial(of_france, "departements"),
    "nation": partial(of_france, "indicators"),
}


def walk(views: Iterable[View], horizon: int) -> Walked:
    """At the origins that are scored the model, as it is and calibrated."""
    pasts: list[Past] = []
    for count, view in enumerate(views):
        furthest = ahead(horizon, view.grain)
        if count % REFIT == 0:
            fitted = boosting.fit(view, furthest)
        if count >= WARM_UP and (count - WARM_UP) % EVERY == 0:
            calibrated = engine.Model(fitted, calibrate(pasts, view, furthest))
            yield view, [engine.Model(fitted), calibrated]
        pasts.append(forecast(fitted, view, horizon))


def compared(both: Iterable[tuple[Any, Any]], truth: Grid, horizon: int) -> Iterator[Made]:
    """What paths add up to and what was forecast directly, at the origins that are scored."""
    for (view, models), (weekly, direct) in both:
        added = [paths.weeks(engine.forecast(model, view, horizon)) for model in models]
        dates = added[0].target_dates
        asked = [model.quantiles(weekly, horizon).quantiles[:, : len(dates)] for model in direct]
        back = weekly.transform.back
        yield np.array([one.values for one in added]), back(np.array(asked)), sums(truth, dates)


def sums(truth: Grid, ends: Dates) -> Floats:
    """What came of the weeks to these days: weeks x series."""
    last = ((ends - truth.dates[0]) / DAY).astype(int)
    return np.array([np.nan_to_num(truth.values[day - WEEK + 1 : day + 1]).sum(0) for day in last])


def report(made: Iterable[Made]) -> dict[str, Any]:
    """Widths and coverage of both, raw and calibrated; paths to direct."""
    added, direct, came = (np.stack(each, axis=-3) for each in zip(*made, strict=True))
    said: dict[str, Any] = {"n": int(came.size)}
    for at, kind in enumerate(KINDS):
        each = {"paths": added[at], "direct": direct[at]}
        said[kind] = {name: score(quantiles, came) for name, quantiles in each.items()}
        said[kind]["width ratio"] = rounded(
            float(np.divide(*(said[kind][name]["width"] for name in each)))
        )
    return said


def score(quantiles: Floats, came: Floats) -> dict[str, float]:
    """Of levels x origins x weeks x series."""
    numbers = {
        "width": (quantiles[HIGH] - quantiles[LOW]).mean(),
        "coverage": covered(quantiles, came, SHARE).mean(),
        "wis": wis(quantiles, came).mean(),
    }
    return {name: rounded(float(value)) for name, value in numbers.items()}


def rounded(value: float) -> float:
    """Four digits that matter."""
    return float(f"{value:.4g}")


def lines(name: str, said: dict[str, Any]) -> Iterator[str]:
    """For people."""
    yield f"{name}, n = {said['n']}"
    for kind in KINDS:
        one = said[kind]
        each = (
            f"{of}: coverage {one[of]['coverage']:.3f}, width {one[of]['width']:.4g}, "
            f"WIS {one[of]['wis']:.4g}"
            for of in ("paths", "direct")
        )
        yield f"  {kind:10s} {'; '.join(each)}; width ratio {one['width ratio']:.2f}"


if __name__ == "__main__":
    main()
