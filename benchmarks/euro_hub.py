"""Ours against the European forecast hub's ensemble and baseline, from what was known each day.

    python -m benchmarks.euro_hub --data DIR [--start D] [--end D] [--json]

DIR holds {deaths,cases}_{as_known,final}.parquet, ensemble.parquet and baseline.parquet. For each
forecast date the model that production serves is trained and calibrated with rows known by that
date only; weekly sums, one to four weeks ahead. WIS over 23 quantiles, on the tasks that all three
have. Intervals: moving blocks of four forecast dates.
"""

import argparse
import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import tee
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import hub
from vigil.backtest import rolling
from vigil.calibration import Past, calibrate
from vigil.horizons import ahead
from vigil.ledger import peak_mb
from vigil.models import boosting
from vigil.panel import Floats, Key
from vigil.scoring import bootstrap_ratio, covered, wis
from vigil.transforms import TRANSFORMS
from vigil.view import View, view

DATASET = hub.daily_numbers("jhu_global")
KEYS = {"cases": Key("confirmed", "cases"), "deaths": Key("deaths", "deaths")}
WARM_UP = 20  # weeks before the first forecast date, to have errors to calibrate with
REFIT = 2  # forecast dates that share a fit
HORIZON = 28
BLOCK = 4


def main() -> None:
    """Forecast, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--start", default="")
    parser.add_argument("--end", default="9999")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    started = time.monotonic()
    targets = hub.load(options.data, options.start, options.end)
    scored = {name: scores(name, targets, forecasts(name, targets)) for name in targets}
    said: dict[str, Any] = {name: report(one) for name, one in scored.items()}
    said["france"] = {name: report(one, place="FR") for name, one in scored.items()}
    said["without_december"] = {name: report(one, december=False) for name, one in scored.items()}
    said |= {"seconds": round(time.monotonic() - started, 1), "peak_mb": peak_mb()}
    print(json.dumps(said) if options.json else "\n".join(lines(said)))


def days(targets: dict[str, hub.Target]) -> list[str]:
    """The forecast dates, and the weeks of the warm-up before."""
    dates = targets["deaths"].forecast_dates
    first = date.fromisoformat(dates[0])
    return [str(first - timedelta(weeks=n)) for n in range(WARM_UP, 0, -1)] + list(dates)


def views(name: str, targets: dict[str, hub.Target]) -> Iterator[View]:
    """What was known on each day."""
    for day in days(targets):
        known = {KEYS[each]: target.known(day) for each, target in targets.items()}
        last = min(grid.dates[-1] for grid in known.values())
        panel = {key: grid.until(last) for key, grid in known.items()}
        if found := view(DATASET, panel, KEYS[name]):
            yield found


def forecasts(name: str, targets: dict[str, hub.Target]) -> Floats:
    """Ours: levels x forecast dates x weeks x places."""
    pasts: list[Past] = []
    out = []
    back = TRANSFORMS[DATASET.transform].back
    seen, forecast = tee(views(name, targets))
    made = rolling(forecast, HORIZON, boosting.fit, refit=REFIT)
    for known, past, day in zip(seen, made, days(targets), strict=True):
        calibrated = calibrate(pasts, known, ahead(HORIZON, "week")).applied(past)
        first = int((np.datetime64(day, "D") - known.dates[-1]).astype(int)) + 5
        at = [int(np.searchsorted(past.horizons, first + 7 * week)) for week in range(4)]
        out.append(back(calibrated[:, at]))
        pasts.append(past)
    return np.stack(out[WARM_UP:], axis=1)


def scores(name: str, targets: dict[str, hub.Target], ours: Floats) -> dict[str, Any]:
    """WIS of the three on common tasks, and whether intervals held: dates x weeks x places."""
    target = targets[name]
    truth = target.truth()
    made = {"ours": ours, **{m: target.quantiles(m) for m in ("baseline", "ensemble")}}
    each = {model: wis(quantiles, truth) for model, quantiles in made.items()}
    common = np.isfinite(sum(each.values()))
    each = {model: np.where(common, values, np.nan) for model, values in each.items()}
    inside = {
        share: np.where(common, covered(ours, truth, share / 100), np.nan) for share in (50, 95)
    }
    return {"wis": each, "covered": inside, "target": target}


def report(scored: dict[str, Any], place: str | None = None, *, december: bool = True) -> Any:
    """By week ahead and over all, of all places or one."""
    target = scored["target"]
    places = [i for i, name in enumerate(target.places) if place in (None, name)]
    dates = [i for i, day in enumerate(target.forecast_dates) if december or day[5:7] != "12"]
    if not places or not dates:
        return {}
    each = {m: values[dates][:, :, places] for m, values in scored["wis"].items()}
    inside = {share: values[dates][:, :, places] for share, values in scored["covered"].items()}
    said: dict[str, Any] = {}
    for week in range(hub.WEEKS):
        said[str(week + 1)] = {
            "n": int(np.isfinite(each["ours"][:, week]).sum()),
            "wis": {m: rounded(np.nanmean(values[:, week])) for m, values in each.items()},
            **{f"coverage{s}": rounded(np.nanmean(v[:, week])) for s, v in inside.items()},
            **ratios({m: values[:, week] for m, values in each.items()}),
        }
    return {**said, "overall": ratios(each)}


def ratios(each: dict[str, Floats]) -> dict[str, float]:
    """Ours to the ensemble: of sums with an interval, and the geometric mean of all tasks."""
    ours, ensemble = (each[m].reshape(len(each[m]), -1) for m in ("ours", "ensemble"))
    ratio, low, high = bootstrap_ratio(ours, ensemble, BLOCK)
    both_ = (ours > 0) & (ensemble > 0)
    geometric = float(np.exp(np.log(ours[both_] / ensemble[both_]).mean()))
    to_baseline = float(np.nansum(each["ours"]) / np.nansum(each["baseline"]))
    numbers = {"ratio": ratio, "low": low, "high": high, "geometric": geometric}
    return {k: rounded(v) for k, v in {**numbers, "to_baseline": to_baseline}.items()}


def rounded(value: float) -> float:
    """Four digits that matter."""
    return float(f"{value:.4g}")


def lines(said: dict[str, Any]) -> Iterator[str]:
    """For people."""
    columns = "n      ours baseline ensemble    ratio (90%)     geom.  50%   95%"
    yield f"{'':26s}{columns}"
    groups = {
        **{n: said[n] for n in ("deaths", "cases")},
        **{f"France {n}": said["france"][n] for n in said["france"]},
        **{f"{n}, no December": said["without_december"][n] for n in said["without_december"]},
    }
    for name, group in groups.items():
        for step, one in group.items():
            title = f"{name} {step + ' w' if step != 'overall' else 'all'}"
            interval = f"{one['ratio']:.2f} ({one['low']:.2f}-{one['high']:.2f})"
            each = " ".join(f"{v:8.4g}" for v in one.get("wis", {}).values()) or " " * 26
            held = f"{one['coverage50']:5.2f} {one['coverage95']:5.2f}" if "wis" in one else ""
            count = one.get("n", "")
            yield f"{title:24s}{count:>5} {each} {interval} {one['geometric']:7.2f} {held}"
    yield f"{said['seconds']} s, {said['peak_mb']} MiB"


if __name__ == "__main__":
    main()
