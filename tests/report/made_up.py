"""Made-up epidemics in the shape of the real datasets, as the tables and views would give them."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import numpy as np
import pyarrow as pa
from made_scores import ISSUED, LAST, MODEL, Key, accuracy, drivers, health

from vigil import datasets
from vigil.panel import Floats
from vigil.report import Shown
from vigil.report.grids import QUANTILES, day

LOCAL = resources.files("vigil.local")
Z = np.array([-1.96, -1.2816, -0.6745, 0.0, 0.6745, 1.2816, 1.96])
EARLIER = [0, 2, 3, 4, 6]  # of the seven quantiles
WEEKDAYS = np.array([0.72, 1.16, 1.12, 1.08, 1.06, 1.0, 0.86])  # Sunday first
DAYS, WEEKS, TOTALS = 120, 104, 30
STEPS = {"day": 1, "week": 7, "total": 1}
PAST = WEEKS * 7 + 28


@dataclass(frozen=True)
class Shape:
    """What a dataset's outlook looks like."""

    name: str
    lines: tuple[tuple[str, str, float], ...]  # source, target, people who count for one case
    places: dict[str, tuple[str, ...]]  # source -> series
    sums: dict[str, tuple[str, ...]]  # aggregate -> series

    @property
    def keys(self) -> list[Key]:
        """Every series of every target."""
        return [
            (source, target, series)
            for source, target, _ in self.lines
            for series in (*self.places[source], *self.sums)
        ]


def jhu() -> Shape:
    """289 places in 201 countries, their sums, cases and deaths."""
    with (LOCAL / "places.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = ["/".join(filter(None, (r["Country/Region"], r["Province/State"]))) for r in rows]
    sums = {"World": tuple(names)}
    for country in sorted({name.partition("/")[0] for name in names if "/" in name}):
        own = tuple(n for n in names if n.partition("/")[0] == country)
        sums[f"{country} (total)" if country in names else country] = own
    places = {"confirmed": tuple(names), "deaths": tuple(names)}
    return Shape(
        "jhu_global", (("confirmed", "cases", 1.0), ("deaths", "deaths", 90.0)), places, sums
    )


def few(whole: Shape, *names: str) -> Shape:
    """A few places of a shape, and their sum."""
    return replace(whole, places=dict.fromkeys(whole.places, names), sums={"World": names})


def france() -> Shape:
    """A nation from one source, its departements from another."""
    codes = [f"{n:02d}" for n in range(1, 96) if n != 20] + ["2A", "2B", "971", "972", "973", "974"]
    places = {
        "indicators": ("France",),
        "departements": tuple(f"France/{code}" for code in sorted(codes)),
    }
    lines = (("indicators", "incid_dchosp", 2.0), ("departements", "incid_dchosp", 60.0))
    return Shape("france_deaths", lines, places, {})


def portugal() -> Shape:
    """Per cent changes of six kinds, by district and municipality."""
    with (LOCAL / "municipalities.csv").open(encoding="utf-8") as file:
        rows = [(r["district"], r["municipality"]) for r in csv.DictReader(file)]
    districts = sorted({district for district, _ in rows})
    names = ["Portugal", *(f"Portugal/{d}" for d in districts)]
    names += [f"Portugal/{d}/{m}" for d, m in rows]
    targets = ("retail", "grocery", "parks", "transit", "workplaces", "residential")
    lines = tuple(("google", target, 0.0) for target in targets)
    return Shape("portugal_mobility", lines, {"google": tuple(names)}, {})


def shown(shape: Shape, seed: int = 1) -> Shown:
    """A report's data, with everything there can be."""
    rng = np.random.default_rng(seed)
    dataset = datasets.load(shape.name)
    outlook, earlier = [], []
    for source, target, rarity in shape.lines:
        names = [*shape.places[source], *shape.sums]
        line = Line(rng, dataset.grain, dataset.horizon, names, _truth(rng, shape, target, rarity))
        key = {"source": source, "target": target}
        outlook += [_table({**key, **one}) for one in line.outlook()]
        earlier += [_table({**key, **one}) for one in line.earlier()]
    return Shown(
        dataset=dataset,
        made=ISSUED,
        outlook=pa.concat_tables(outlook),
        earlier=pa.concat_tables(earlier),
        drivers=drivers(shape.keys, dataset),
        accuracy=accuracy(shape.keys, dataset),
        health=health(dataset),
        model=MODEL,
        series=_series(shape),
    )


def _truth(rng: np.random.Generator, shape: Shape, target: str, rarity: float) -> Floats:
    """Every place's numbers, and their sums."""
    source = next(source for source, name, size in shape.lines if (name, size) == (target, rarity))
    names = list(shape.places[source])
    truth = _epidemic(rng, names, rarity) if rarity else _changes(rng, len(names), target)
    sums = [truth[[names.index(one) for one in own]].sum(axis=0) for own in shape.sums.values()]
    return np.vstack([truth, *sums])


def _epidemic(rng: np.random.Generator, names: list[str], rarity: float) -> Floats:
    """Waves that come to all places, to each at its own time and size; Sundays are low."""
    days = np.arange(PAST)
    size = 10 ** rng.uniform(1.2, 4.6, (len(names), 1)) / rarity
    level = np.full((len(names), PAST), 0.04)
    for peak in (60, 210, 395, 560, 700, 790):
        at = peak + rng.normal(0, 14, (len(names), 1))
        width = rng.uniform(20, 42, (len(names), 1))
        level += rng.lognormal(-0.4, 0.5, (len(names), 1)) * np.exp(-(((days - at) / width) ** 2))
    level *= size * WEEKDAYS[(days - PAST + 7) % 7]
    return rng.poisson(level * rng.gamma(30, 1 / 30, level.shape)).astype(float)


def _changes(rng: np.random.Generator, count: int, target: str) -> Floats:
    """Below the baseline in two lockdowns, noisier on weekends."""
    days = np.arange(PAST)
    depth = {"residential": 14.0, "grocery": -20.0}.get(target, -48.0)
    wave = sum(np.exp(-(((days - at) / 55) ** 2)) for at in (90, 420, 740))
    weekly = np.where(days % 7 < 2, 1.15, 1.0)
    own = rng.uniform(0.6, 1.3, (count, 1))
    noise = np.cumsum(rng.normal(0, 0.4, (count, PAST)), axis=1) * 0.3
    return np.round(depth * own * wave * weekly + noise + rng.normal(0, 2.5, (count, PAST)))


@dataclass(frozen=True)
class Line:
    """The numbers of one target, and what is forecast of them."""

    rng: np.random.Generator
    grain: str
    horizon: int
    names: list[str]
    truth: Floats

    @property
    def counts(self) -> bool:
        """Whether they count something."""
        return bool(self.truth.min() >= 0)

    def outlook(self) -> Iterator[dict[str, Any]]:
        """Actuals and forecasts, by day, by week and in total."""
        weekly = self.truth[:, -WEEKS * 7 :].reshape(len(self.names), WEEKS, 7)
        weeks = weekly.sum(axis=2) if self.counts else weekly.mean(axis=2)
        for period, actual in {"day": self.truth[:, -DAYS:], "week": weeks}.items():
            yield self._history(period, actual)
            yield self._forecast(period, self._fan(period, 0))
        if self.counts:
            before = 8 * self.truth.sum(axis=1, keepdims=True)
            total = before + np.cumsum(self.truth, axis=1)[:, -TOTALS:]
            yield self._history("total", total)
            yield self._forecast("total", total[:, -1:] + np.cumsum(self._fan("day", 0), axis=2))

    def earlier(self) -> Iterator[dict[str, Any]]:
        """The forecasts of the ten weeks before."""
        for back in range(7, 71, 7):
            fan = self._fan(self.grain, back)
            made = day(LAST) - back
            grid = self._grid(made + STEPS[self.grain] * (np.arange(fan.shape[2]) + 1))
            quantiles = {QUANTILES[n]: fan[n].ravel() for n in EARLIER}
            yield {
                "series": grid["series"], "period": self.grain, "reference_date": np.int32(made),
                "target_date": grid["date"], **quantiles,
            }  # fmt: skip

    def _history(self, period: str, actual: Floats) -> dict[str, Any]:
        dates = day(LAST) - STEPS[period] * np.arange(actual.shape[1])[::-1]
        none = dict.fromkeys((*QUANTILES, "horizon", "phase", "model", "version"))
        return {**self._grid(dates), **none, "period": period, "actual": actual.ravel()}

    def _forecast(self, period: str, fan: Floats) -> dict[str, Any]:
        ahead = np.arange(fan.shape[2]) + 1
        return {
            **self._grid(day(LAST) + STEPS[period] * ahead), "period": period, "actual": None,
            "horizon": np.tile(ahead, len(self.names)),
            **{name: fan[number].ravel() for number, name in enumerate(QUANTILES)},
            "phase": [one for one in self._phases() for _ in ahead],
            "model": "lightgbm", "version": "7",
        }  # fmt: skip

    def _phases(self) -> list[str | None]:
        """The last 7 days against the 7 before, within 15%."""
        last, before = self.truth[:, -7:].sum(axis=1), self.truth[:, -14:-7].sum(axis=1)
        names = np.where(
            last > 1.15 * before, "growing", np.where(last < 0.85 * before, "falling", "flat")
        )
        return [str(one) if self.counts else None for one in names]

    def _fan(self, period: str, back: int) -> Floats:
        """Quantiles x series x horizons, wider from step to step."""
        steps = max(self.horizon // STEPS[period], 1)
        weeks = (np.arange(steps) + 1) * STEPS[period] / 7
        level = self._level(self.truth[:, : PAST - back])
        if not self.counts:
            width = 4 + 3 * np.sqrt(weeks)
            return level[None, :, None] * np.exp(-0.03 * weeks) + Z[:, None, None] * width
        level = level * STEPS[period]
        drift = self.rng.normal(-0.02, 0.07, (len(level), 1)) * weeks
        sigma = (0.08 + 0.13 * np.sqrt(weeks)) * (1 + 1.2 / np.sqrt(level[:, None] + 1))
        fan = level[None, :, None] * np.exp(drift + Z[:, None, None] * sigma)
        return fan if period == "week" else fan * WEEKDAYS[np.arange(steps) % 7]

    def _level(self, truth: Floats) -> Floats:
        """Where the series stands and where it goes: last week's mean times its growth."""
        last, before = truth[:, -7:].mean(axis=1), truth[:, -14:-7].mean(axis=1)
        if not self.counts:
            return last
        return (last + 0.1) * np.clip((last + 0.3) / (before + 0.3), 0.8, 1.3) ** 0.4

    def _grid(self, dates: Any) -> dict[str, Any]:
        return {
            "series": np.repeat(self.names, len(dates)),
            "date": np.tile(np.asarray(dates, np.int32), len(self.names)),
        }


TYPES = {
    "date": pa.date32(),
    "reference_date": pa.date32(),
    "target_date": pa.date32(),
    "horizon": pa.int64(),
    "issued_at": pa.timestamp("us", tz="UTC"),
}
TEXTS = ("source", "target", "series", "period", "phase", "model", "version")
OUTLOOK = (
    "source", "target", "series", "period", "date", "actual", "horizon", *QUANTILES, "phase",
    "reference_date", "model", "version", "issued_at",
)  # fmt: skip


def _table(said: dict[str, Any]) -> pa.Table:
    """Columns of one length, of the types BigQuery gives."""
    rows = len(said["series"])
    if "date" in said:
        said = {**said, "reference_date": np.int32(day(LAST)), "issued_at": ISSUED}
        said = {name: said[name] for name in OUTLOOK}
    columns = {}
    for name, value in said.items():
        kind = pa.string() if name in TEXTS else TYPES.get(name, pa.float64())
        array = pa.array(value) if np.ndim(value) else pa.repeat(pa.scalar(value, kind), rows)
        columns[name] = array.cast(kind)
    return pa.table(columns)


def _series(shape: Shape) -> list[dict[str, Any]]:
    names = sorted({name for own in shape.places.values() for name in own})
    return [
        {
            "series": name,
            "parent": name.rpartition("/")[0] or None,
            "name": name.rpartition("/")[2],
            "place": True,
            "aggregate": False,
            "status": "known",
        }
        for name in names
    ]


def bare(full: Shown) -> Shown:
    """The same before anything was trained: seasonal naive, no scores, no drivers."""
    model = pa.array(["seasonal_naive"] * full.outlook.num_rows)
    column = full.outlook.column_names.index("model")
    return replace(
        full,
        outlook=full.outlook.set_column(column, "model", model),
        earlier=full.earlier.slice(0, 0),
        drivers=full.drivers.slice(0, 0),
        accuracy=full.accuracy.slice(0, 0),
        model=None,
    )
