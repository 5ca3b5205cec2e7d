"""Forecasts as rows: a model's, and seasonal naive's where there is none or it cannot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa

from vigil import engine
from vigil.datasets import Dataset
from vigil.engine import Model
from vigil.models import seasonal_naive
from vigil.panel import EMPTY, Floats, Grid, Key, Panel
from vigil.paths import LEVELS, Paths, Quantiles, days, totals, weeks
from vigil.quality import Finding
from vigil.view import view

QUANTILES = [f"q{level * 1000:03.0f}" for level in LEVELS]
NOTHING = pa.table({})


@dataclass(frozen=True)
class Part:
    """What one model says of one measure."""

    key: Key
    model: str
    rows: pa.Table
    findings: list[Finding] = field(default_factory=list)


def forecast(
    dataset: Dataset, panel: Panel, recipe: str, models: Mapping[Key, Model]
) -> list[Part]:
    """Of every measure and series of which enough is known."""
    return [
        part for key in engine.keys(dataset) for part in _of(dataset, panel, key, recipe, models)
    ]


def _of(
    dataset: Dataset, panel: Panel, key: Key, recipe: str, models: Mapping[Key, Model]
) -> Iterator[Part]:
    """The model's part, the baseline's for the series it left out, and what nobody can forecast."""
    seen = view(dataset, panel, key)
    if seen is None:
        yield Part(key, recipe, NOTHING, [_none(dataset, key, "nothing is known", None)])
        return
    left, reference = set(seen.series), seen.dates[-1].astype(date)
    if key in models:
        future = engine.forecast(models[key], seen, dataset.horizon)
        left -= set(future.series)
        yield Part(key, recipe, _rows(dataset, panel, key, future))
    future = _naive(Grid(seen.dates, seen.series, seen.published), left, dataset, key)
    left -= set(future.series)
    said = f"too little of {len(left)} series is known: {sorted(left)[:8]}"
    findings = [_none(dataset, key, said, reference)] if left else []
    if future.series or findings:
        yield Part(key, seasonal_naive.NAME, _rows(dataset, panel, key, future), findings)


def _naive(known: Grid, wanted: set[str], dataset: Dataset, key: Key) -> Paths:
    """Seasonal naive's paths of these series."""
    measure = dataset.targets[key.target]
    some = tuple(name for name in known.series if name in wanted)
    chosen = Grid(known.dates, some, known.onto(known.dates, some))
    return futures(chosen, dataset.horizon, measure.non_negative)


def futures(known: Grid, horizon: int, non_negative: bool) -> Paths:
    """Seasonal naive's sample paths of the series of which enough is known."""
    values = seasonal_naive.sample_paths(known.values, horizon, non_negative=non_negative)
    able = np.isfinite(values).all(axis=(0, 1)) & (len(values) > 0)
    reported = seasonal_naive.possible(known.values, non_negative=non_negative)
    before = seasonal_naive.last_week_for_missing(reported)[-6:]
    series = tuple(np.array(known.series, str)[able].tolist())
    return Paths(known.dates[-1], series, values[:, :, able], before[:, able])


def _rows(dataset: Dataset, panel: Panel, key: Key, future: Paths) -> pa.Table:
    """Days and weeks, and running totals of what is published as such."""
    measure = dataset.targets[key.target]
    if not future.series:
        return NOTHING
    steps = [days(future), weeks(future, adds_up=measure.adds_up)]
    if measure.cumulative:
        steps.append(totals(future, _counted(panel.get(key, EMPTY), future)))
    return pa.concat_tables([rows_of(key.target, future, one) for one in steps])


def _counted(known: Grid, future: Paths) -> Floats:
    """The last running total of each series."""
    at = known.until(future.reference_date)
    values = at.onto(at.dates, future.series)
    numbers = np.where(np.isfinite(values), np.arange(len(values))[:, None], 0)
    row = np.maximum.accumulate(numbers, axis=0)[-1]
    counted: Floats = values[row, np.arange(values.shape[1])]
    return counted


def rows_of(target: str, future: Paths, steps: Quantiles) -> pa.Table:
    """A row a series and step, for the table of forecasts."""
    count, horizons = len(steps.target_dates), np.arange(1, len(steps.target_dates) + 1)
    names = np.array(future.series, dtype=object)
    columns = {
        "target": pa.array(np.repeat(target, count * len(names)), pa.string()),
        "series": pa.array(np.tile(names, count), pa.string()),  # also when there is no step
        "period": pa.array(np.repeat(steps.period, count * len(names)), pa.string()),
        "reference_date": np.repeat(future.reference_date, count * len(names)),
        "horizon": np.repeat(horizons, len(names)),
        "target_date": np.repeat(steps.target_dates, len(names)),
        **{name: values.ravel() for name, values in zip(QUANTILES, steps.values, strict=True)},
        "mean": steps.mean.ravel(),
    }
    return pa.table(columns)


def _none(dataset: Dataset, key: Key, found: str, since: date | None) -> Finding:
    scope = f"{dataset.name}.{key.name}"
    return Finding("no_forecast", "warning", scope, "a forecast for every series", found, since)
