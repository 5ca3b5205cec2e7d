"""What became of forecasts: one tidy table of scores, and what it says in short."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vigil import accuracy, scoring
from vigil.calibration import MEDIAN
from vigil.origins import Origin
from vigil.panel import DAY, Floats, Key
from vigil.shelf import Made
from vigil.transforms import TRANSFORMS
from vigil.view import View

GROUP = ("target", "source", "vintage_kind")
SCORES = ("actual", "median", "wis", "wis_log", "ae", "covered50", "covered80", "covered95", "pit")
BINS = 10
ALL = "all"
TEXTS = ("dataset", "target", "source", "model", "vintage_kind", "series")
NOTHING = pa.schema(
    [
        *((name, pa.string()) for name in TEXTS),
        *((name, pa.date32()) for name in ("origin", "reference_date", "target_date")),
        ("horizon", pa.int64()),
        *((name, pa.float64()) for name in SCORES),
    ]
).empty_table()


def table(
    key: Key, model: str, origins: Sequence[Origin], made: Sequence[Made], latest: View
) -> pa.Table:
    """A row for every number that came and was forecast: its scores, on the natural scale."""
    parts = [_rows(origin, one, latest) for origin, one in zip(origins, made, strict=True)]
    found = pa.concat_tables(parts)
    same = {"target": key.target, "source": key.source, "model": model}
    for at, (name, value) in enumerate(same.items()):
        found = found.add_column(at, name, pa.repeat(pa.scalar(value), found.num_rows))
    return found


def _rows(origin: Origin, made: Made, latest: View) -> pa.Table:
    """Of one origin: horizons x series, as far as the outcome is known."""
    past = made.past
    dates = past.origin + past.horizons * DAY
    came = outcome(latest, dates, past.series)
    known = np.isfinite(came)
    step, series = np.nonzero(known)
    said = latest.natural(made.published)
    columns = {
        "vintage_kind": pa.repeat(pa.scalar(origin.kind), len(step)),
        "origin": pa.repeat(pa.scalar(origin.day), len(step)),
        "reference_date": pa.array(np.repeat(past.origin, len(step))),
        "series": pa.array(np.array(past.series, object)[series], pa.string()),
        "horizon": step + 1,
        "target_date": pa.array(dates[step]),
        **scores(said[:, known], came[known], logs=latest.measure.non_negative),
    }
    return pa.table(columns)


def outcome(latest: View, dates: Any, series: Sequence[str]) -> Floats:
    """What is known by now of these days and series: dates x series."""
    truth = replace(latest, transform=TRANSFORMS["none"]).truth
    places = {name: at for at, name in enumerate(latest.series)}
    columns = np.array([places.get(name, -1) for name in series], int)
    rows = ((dates - latest.dates[0]) / DAY).astype(int)
    there = (rows >= 0) & (rows < len(truth))
    found = truth[np.where(there, rows, 0)][:, columns]
    return np.where(there[:, None] & (columns >= 0), found, np.nan)


def scores(said: Floats, came: Floats, *, logs: bool) -> dict[str, pa.Array]:
    """Of each row; null where there was no forecast, or no logarithm."""
    median, nothing = said[MEDIAN], np.full_like(came, np.nan)
    relative = scoring.wis(*map(accuracy.on_log_scale, (said, came))) if logs else nothing
    each = {
        "actual": came,
        "median": median,
        "wis": scoring.wis(said, came),
        "wis_log": relative,
        "ae": np.abs(median - came),
        **{f"covered{of}": scoring.covered(said, came, of / 100) for of in scoring.COVERAGES},
        "pit": scoring.pit(said, came),
    }
    return {name: pa.array(values, pa.float64(), from_pandas=True) for name, values in each.items()}


def groups(found: pa.Table) -> Iterator[tuple[dict[str, str], pa.Table]]:
    """Every measure of every source, what was known apart from what is thought to have been."""
    named = found.group_by(list(GROUP), use_threads=False).aggregate([]).select(list(GROUP))
    for group in named.to_pylist():
        yield group, where(found, group)


def summary(found: pa.Table, baseline: str) -> list[dict[str, Any]]:
    """A row for every group, model and horizon, and one over all horizons."""
    rows = []
    for group, part in groups(found):
        horizons = sorted(set(part["horizon"].to_pylist()))
        models = {m: where(part, {"model": m}) for m in part["model"].unique().to_pylist()}
        for model, own in models.items():
            for horizon in [*horizons, ALL]:
                pick = {} if horizon == ALL else {"horizon": horizon}
                numbers = _numbers(where(own, pick), where(models[baseline], pick))
                rows.append({**group, "model": model, "horizon": horizon, **numbers})
    return rows


def _numbers(own: pa.Table, base: pa.Table) -> dict[str, float]:
    """The rows of two models stand in the same order: both have one for every outcome."""
    of = {name: own[name].to_numpy() for name in SCORES}
    came = np.where(np.isfinite(of["wis"]), of["actual"], np.nan)
    counts = np.where(np.isfinite(of["wis_log"]), came, np.nan)
    return {
        "n": int(np.isfinite(of["wis"]).sum()),
        "wis": accuracy.average(of["wis"]),
        "relative_wis": scoring.relative(of["wis"], base["wis"].to_numpy()),
        "wis_log": accuracy.average(of["wis_log"]),
        "mae": accuracy.average(of["ae"]),
        "bias": accuracy.bias(of["median"], came),
        "rmsle": accuracy.rmsle(of["median"], counts),
        "wape": accuracy.wape(of["median"], came),
        **{f"coverage{of_}": accuracy.average(of[f"covered{of_}"]) for of_ in scoring.COVERAGES},
    }


def best(rows: Sequence[Mapping[str, Any]], group: Mapping[str, str]) -> str:
    """The model of the lowest WIS relative to the baseline, over all horizons."""
    overall = [r for r in rows if r["horizon"] == ALL and group.items() <= r.items()]
    able = [r for r in overall if np.isfinite(r["relative_wis"])] or overall
    return str(min(able, key=lambda row: row["relative_wis"])["model"])


def pit(found: pa.Table, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For every group the best model and how the levels spread at which lay what came."""
    said = []
    for group, part in groups(found):
        model = best(rows, group)
        levels = where(part, {"model": model})["pit"].to_numpy()
        known = np.isfinite(levels).any()  # without a forecast there is nothing to spread
        shares = scoring.pit_histogram(levels, BINS).tolist() if known else []
        said.append({**group, "model": model, "shares": shares})
    return said


def where(found: pa.Table, same: Mapping[str, Any]) -> pa.Table:
    """The rows in which all of this stands."""
    return found.filter(same_as(same)) if same else found


def same_as(values: Mapping[str, Any]) -> pc.Expression:
    """That all of this stands in a row."""
    found = pc.scalar(True)
    for name, value in values.items():
        found &= pc.field(name) == value
    return found
