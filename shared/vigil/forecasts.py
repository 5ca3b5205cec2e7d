"""Forecasts as rows: a model's, and seasonal naive's beside it; of series and aggregates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow as pa

from vigil import engine
from vigil.aggregates import Groups, added, beside, members, only
from vigil.datasets import Dataset
from vigil.engine import Model
from vigil.models import seasonal_naive
from vigil.panel import EMPTY, Floats, Grid, Key, Panel
from vigil.paths import LEVELS, Paths, Quantiles, days, totals, weeks
from vigil.phases import phases
from vigil.quality import Finding
from vigil.view import View, view

QUANTILES = [f"q{level * 1000:03.0f}" for level in LEVELS]
NOTHING = pa.table({})


@dataclass(frozen=True)
class Part:
    """All that is said of one measure, by the model that serves and by seasonal naive."""

    key: Key
    rows: pa.Table = field(default_factory=lambda: NOTHING)
    findings: list[Finding] = field(default_factory=list)
    seen: View | None = None
    groups: Groups = field(default_factory=dict)

    @property
    def served(self) -> pa.Table:
        """What is published as the forecast."""
        return self.rows.filter(self.rows["serves"]) if self.rows.num_rows else self.rows


def forecast(
    dataset: Dataset, panel: Panel, recipe: str, models: Mapping[Key, Model]
) -> list[Part]:
    """Of every measure and series of which enough is known."""
    return [_of(dataset, panel, key, recipe, models) for key in engine.keys(dataset)]


def _of(dataset: Dataset, panel: Panel, key: Key, recipe: str, models: Mapping[Key, Model]) -> Part:
    """Seasonal naive serves what the model leaves out, and is there beside the rest."""
    seen = view(dataset, panel, key)
    if seen is None:
        return Part(key, findings=[_none(dataset, key, "nothing is known", None)])
    measure = dataset.targets[key.target]
    groups = members(dataset.aggregates, seen.series) if measure.counts else {}
    naive = futures(
        Grid(seen.dates, seen.series, seen.published), dataset.horizon, measure.non_negative
    )
    rows = Rows(dataset, key, panel.get(key, EMPTY), phases(seen, groups), groups)
    tables = []
    own = engine.forecast(models[key], seen, dataset.horizon) if key in models else None
    if own is None or not own.series:
        tables.append(rows.of(added(naive, groups), seasonal_naive.NAME, serves=True))
    else:
        left = only(naive, set(naive.series) - set(own.series))
        mine = added(beside(own, left), groups)  # sums of all that is published
        tables.append(rows.of(only(mine, set(mine.series) - set(left.series)), recipe, serves=True))
        tables.append(rows.of(left, seasonal_naive.NAME, serves=True))
        other = added(naive, groups)
        rest = set(other.series) - set(left.series)
        tables.append(rows.of(only(other, rest), seasonal_naive.NAME, serves=False))
    forecast_of = {*naive.series, *(own.series if own else ())}
    findings = _left_out(dataset, key, seen, set(seen.series) - forecast_of, groups)
    made = [one for one in tables if one.num_rows]
    return Part(key, pa.concat_tables(made) if made else NOTHING, findings, seen, groups)


def futures(known: Grid, horizon: int, non_negative: bool) -> Paths:
    """Seasonal naive's sample paths of the series of which enough is known."""
    values = seasonal_naive.sample_paths(known.values, horizon, non_negative=non_negative)
    able = np.isfinite(values).all(axis=(0, 1)) & (len(values) > 0)
    reported = seasonal_naive.possible(known.values, non_negative=non_negative)
    before = seasonal_naive.last_week_for_missing(reported)[-6:]
    series = tuple(np.array(known.series, str)[able].tolist())
    return Paths(known.dates[-1], series, values[:, :, able], before[:, able])


@dataclass(frozen=True)
class Rows:
    """Paths of one measure as rows of the table of forecasts."""

    dataset: Dataset
    key: Key
    known: Grid  # as published
    phases: Mapping[str, str]
    groups: Groups

    def of(self, future: Paths, model: str, *, serves: bool) -> pa.Table:
        """Days and weeks, and running totals of what is published as such."""
        measure = self.dataset.targets[self.key.target]
        if not future.series:
            return NOTHING
        steps = [days(future), weeks(future, adds_up=measure.adds_up)]
        if measure.cumulative:
            steps.append(totals(future, self._counted(future)))
        return pa.concat_tables([self._rows(future, one, model, serves) for one in steps])

    def _counted(self, future: Paths) -> Floats:
        """The last running total of each series, and of each group of them."""
        own = [name for name in future.series if name not in self.groups]
        needed = tuple(sorted({*own, *(name for one in self.groups.values() for name in one)}))
        at = self.known.until(future.reference_date)
        values = at.onto(at.dates, needed)
        numbers = np.where(np.isfinite(values), np.arange(len(values))[:, None], 0)
        row = np.maximum.accumulate(numbers, axis=0)[-1]
        last = dict(zip(needed, values[row, np.arange(len(needed))], strict=True))
        sums = {name: np.nansum([last[one] for one in some]) for name, some in self.groups.items()}
        return np.array([sums.get(name, last.get(name, np.nan)) for name in future.series])

    def _rows(self, future: Paths, steps: Quantiles, model: str, serves: bool) -> pa.Table:
        """A row a series and step."""
        count, names = len(steps.target_dates), np.array(future.series, dtype=object)
        size = count * len(names)
        phase = np.array([self.phases.get(name) for name in future.series], dtype=object)
        columns = {
            "source": pa.repeat(pa.scalar(self.key.source), size),
            "target": pa.repeat(pa.scalar(self.key.target), size),
            "series": pa.array(np.tile(names, count), pa.string()),  # also when there is no step
            "period": pa.repeat(pa.scalar(steps.period), size),
            "reference_date": np.repeat(future.reference_date, size),
            "horizon": np.repeat(np.arange(1, count + 1), len(names)),
            "target_date": np.repeat(steps.target_dates, len(names)),
            **{name: values.ravel() for name, values in zip(QUANTILES, steps.values, strict=True)},
            "mean": steps.mean.ravel(),
            "model": pa.repeat(pa.scalar(model), size),
            "phase": pa.array(np.tile(phase, count), pa.string()),
            "serves": pa.repeat(pa.scalar(serves), size),
        }
        return pa.table(columns)


def _left_out(
    dataset: Dataset, key: Key, seen: View, left: set[str], groups: Groups
) -> list[Finding]:
    """What nobody can forecast, and which sums go without it."""
    if not left:
        return []
    sums = [name for name, some in groups.items() if left & set(some)]
    said = f"too little of {len(left)} series is known: {sorted(left)[:8]}"
    lacking = f"; they count with nothing in {', '.join(sums[:8])}" if sums else ""
    return [_none(dataset, key, said + lacking, seen.dates[-1].astype(date))]


def _none(dataset: Dataset, key: Key, found: str, since: date | None) -> Finding:
    scope = f"{dataset.name}.{key.name}"
    return Finding("no_forecast", "warning", scope, "a forecast for every series", found, since)
