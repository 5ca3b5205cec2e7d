"""Made-up epidemics in the shape of the real datasets, as the tables and views would give them."""

import csv
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa

from vigil import datasets
from vigil.panel import Floats
from vigil.report import Shown
from vigil.report.grids import QUANTILES, day

LOCAL = resources.files("vigil.local")
LAST = date(2023, 3, 4)  # a Saturday
ISSUED = datetime(2023, 3, 5, 6, 45, tzinfo=UTC)
Z = np.array([-1.96, -1.2816, -0.6745, 0.0, 0.6745, 1.2816, 1.96])
EARLIER = [0, 2, 3, 4, 6]  # of the seven quantiles
WEEKDAYS = np.array([0.72, 1.16, 1.12, 1.08, 1.06, 1.0, 0.86])  # Sunday first
DAYS, WEEKS, TOTALS = 120, 104, 30
PAST = WEEKS * 7 + 28


@dataclass(frozen=True)
class Shape:
    """What a dataset's outlook looks like."""

    name: str
    lines: tuple[tuple[str, str, float], ...]  # source, target, people who count for one case
    places: dict[str, tuple[str, ...]]  # source -> series
    sums: dict[str, tuple[str, ...]]  # aggregate -> series


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


def france() -> Shape:
    """A nation from one source, its departements from another."""
    codes = [f"{n:02d}" for n in range(1, 96) if n != 20] + ["2A", "2B", "971", "972", "973", "974"]
    places = {
        "indicators": ("France",),
        "departements": tuple(f"France/{code}" for code in sorted(codes)),
    }
    lines = (("indicators", "incid_dchosp", 90.0), ("departements", "incid_dchosp", 90.0))
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
        names = list(shape.places[source])
        truth = _epidemic(rng, names, rarity) if rarity else _changes(rng, len(names), target)
        for total, members in shape.sums.items():
            names.append(total)
            own = [names.index(one) for one in members]
            truth = np.vstack([truth, truth[own].sum(axis=0)])
        key = {"source": source, "target": target}
        made, past = _measure(rng, dataset.grain, dataset.horizon, names, truth, bool(rarity))
        outlook += [_table({**key, **one}) for one in made]
        earlier += [_table({**key, **one}) for one in past]
    rows = _series(shape)
    return Shown(
        dataset=dataset,
        made=ISSUED,
        outlook=pa.concat_tables(outlook),
        earlier=pa.concat_tables(earlier),
        drivers=drivers(shape, dataset),
        accuracy=accuracy(shape, dataset, rng),
        health=health(dataset),
        model=MODEL,
        series=rows,
    )


MODEL: dict[str, Any] = {
    "decided_at": datetime(2023, 2, 27, 20, 14, tzinfo=UTC),
    "kind": "refresh",
    "version": "7",
    "recipe": "lightgbm",
    "champion": "7",
    "reason": "its WIS is 0.93 of the champion's on 26 origins (90% interval 0.90 to 0.97)",
    "decided_by": "train",
    "as_of": datetime(2023, 2, 27, 20, 0, tzinfo=UTC),
    "relative_wis": 0.93,
    "relative_low": 0.90,
    "relative_high": 0.97,
    "judged_against": "seasonal_naive",
    "origins": 26,
    "vintage_kind": "known",
    "served_from": datetime(2023, 2, 27, 20, 14, tzinfo=UTC),
}


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


def _measure(
    rng: np.random.Generator,
    grain: str,
    horizon: int,
    names: list[str],
    truth: Floats,
    counts: bool,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Actuals and forecasts by day, week and total; earlier forecasts of the grain."""
    reference = day(LAST)
    weekly = truth[:, -WEEKS * 7 :].reshape(len(names), WEEKS, 7)
    weeks = weekly.sum(axis=2) if counts else weekly.mean(axis=2)
    steps = {"day": (truth[:, -DAYS:], 1, horizon), "week": (weeks, 7, max(horizon // 7, 1))}
    outlook, earlier = [], []
    for period, (actual, step, ahead) in steps.items():
        dates = reference - step * np.arange(actual.shape[1])[::-1]
        outlook.append(_history(names, period, dates, actual))
        level = _level(truth, counts) * (7 if period == "week" and counts else 1)
        fan = _fan(rng, level, ahead, step, counts, period == "day")
        outlook.append(_forecast(rng, names, period, reference, step, fan))
        if period == grain:
            for back in range(7, 71, 7):
                was = _level(truth[:, :-back], counts) * (7 if period == "week" and counts else 1)
                made = _fan(rng, was, ahead, step, counts, period == "day")
                earlier.append(_past(names, period, reference - back, step, made))
    if counts and names[0] != "France":
        total = 8 * truth.sum(axis=1, keepdims=True) + np.cumsum(truth, axis=1)[:, -TOTALS:]
        dates = reference - np.arange(TOTALS)[::-1]
        outlook.append(_history(names, "total", dates, total))
        fan = total[:, -1:] + np.cumsum(
            _fan(rng, _level(truth, counts), horizon, 1, counts, True), axis=2
        )
        outlook.append(_forecast(rng, names, "total", reference, 1, fan))
    return outlook, earlier


def _level(truth: Floats, counts: bool) -> Floats:
    """Where the series stands and where it goes: last week's mean times its growth."""
    last, before = truth[:, -7:].mean(axis=1) + 0.2, truth[:, -14:-7].mean(axis=1)
    return last * np.clip((last + 0.3) / (before + 0.3), 0.8, 1.3) ** 0.4 if counts else last


def _fan(
    rng: np.random.Generator, level: Floats, ahead: int, step: int, counts: bool, weekdays: bool
) -> Floats:
    """Quantiles x series x horizons, wider from step to step."""
    weeks = (np.arange(ahead) + 1) * step / 7
    if not counts:
        width = 4 + 3 * np.sqrt(weeks)
        return level[None, :, None] * np.exp(-0.03 * weeks) + Z[:, None, None] * width
    drift = rng.normal(-0.02, 0.07, (len(level), 1)) * weeks
    sigma = (0.08 + 0.13 * np.sqrt(weeks)) * (1 + 1.2 / np.sqrt(level[:, None] + 1))
    fan = level[None, :, None] * np.exp(drift + Z[:, None, None] * sigma)
    return fan * WEEKDAYS[np.arange(ahead) % 7] if weekdays else fan


def _history(names: list[str], period: str, dates: Any, actual: Floats) -> dict[str, Any]:
    return {
        **_grid(names, dates), "period": period, "actual": actual.ravel(), "horizon": None,
        **dict.fromkeys(QUANTILES), "phase": None, "model": None, "version": None,
    }  # fmt: skip


def _forecast(
    rng: np.random.Generator, names: list[str], period: str, reference: int, step: int, fan: Floats
) -> dict[str, Any]:
    ahead = np.arange(fan.shape[2]) + 1
    drawn = np.random.default_rng(5).choice(["growing", "flat", "falling"], len(names))
    phases = [str(one) if fan.min() >= 0 else None for one in drawn]
    return {
        **_grid(names, reference + step * ahead), "period": period, "actual": None,
        "horizon": np.tile(ahead, len(names)),
        **{name: fan[number].ravel() for number, name in enumerate(QUANTILES)},
        "phase": [one for one in phases for _ in ahead], "model": "lightgbm", "version": "7",
    }  # fmt: skip


def _past(names: list[str], period: str, made: int, step: int, fan: Floats) -> dict[str, Any]:
    dates = made + step * (np.arange(fan.shape[2]) + 1)
    grid = _grid(names, dates)
    return {
        "series": grid["series"], "period": period, "reference_date": np.int32(made),
        "target_date": grid["date"],
        **{QUANTILES[number]: fan[number].ravel() for number in EARLIER},
    }  # fmt: skip


def _grid(names: list[str], dates: Any) -> dict[str, Any]:
    return {
        "series": np.repeat(names, len(dates)),
        "date": np.tile(np.asarray(dates, np.int32), len(names)),
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


WORDS = (
    ("level of the last weeks", "pulls up: the last three weeks stand above the month before"),
    ("growth", "pulls up: numbers rose 12% in the last week"),
    ("season", "pulls down: numbers usually fall at this time of the year"),
    ("neighbours", "pulls up: places near by are rising"),
    ("other measures", "pulls down: deaths rise more slowly than cases"),
    ("all else", "pulls down a little: everything else together"),
)


def drivers(shape: Shape, dataset: datasets.Dataset) -> pa.Table:
    """Five drivers and all else of every series and horizon."""
    steps = range(1, 5) if dataset.grain == "week" else (1, 7, dataset.horizon)
    rows = []
    for source, target, _ in shape.lines:
        for series, horizon in product([*shape.places[source], *shape.sums], sorted(set(steps))):
            shares = np.random.default_rng(len(series) + horizon).dirichlet([5, 4, 3, 2, 1, 0.7])
            for rank, ((driver, said), share) in enumerate(zip(WORDS, sorted(shares)[::-1])):
                sign = 1 if "up" in said else -1
                rows.append(
                    {
                        "source": source, "target": target, "series": series, "horizon": horizon,
                        "target_date": LAST + timedelta(days=7 * horizon), "rank": rank + 1,
                        "driver": driver, "contribution": sign * float(share) / 3,
                        "share": float(share),
                        "sentence": f"{driver[:1].upper()}{driver[1:]} {said} ({share:.0%}).",
                    }
                )  # fmt: skip
    return pa.Table.from_pylist(rows)


def accuracy(shape: Shape, dataset: datasets.Dataset, rng: np.random.Generator) -> pa.Table:
    """By horizon, by phase and by series; known and pseudo."""
    rows = []
    steps = max(dataset.horizon // 7, 1) if dataset.grain == "week" else dataset.horizon
    for (source, target, _), kind in product(shape.lines, ("known", "pseudo")):
        names = [*shape.places[source], *shape.sums]
        cells = [(None, None, None), *((h, None, None) for h in range(1, steps + 1))]
        cells += [(None, None, phase) for phase in ("growing", "flat", "falling")]
        cells += [(None, name, None) for name in names]
        for horizon, series, phase in cells:
            skill = 0.28 - 0.02 * (horizon or 2) + rng.normal(0, 0.02) - 0.1 * (kind == "pseudo")
            naive = 120.0 * (1 + 0.4 * (horizon or 2))
            half = 0.04 if series is None else 0.15
            rows.append(
                {
                    "vintage_kind": kind, "source": source, "target": target,
                    "period": dataset.grain, "horizon": horizon, "series": series, "phase": phase,
                    "n": 9 if series else 2890, "forecasts_unscored": 12,
                    "wis": naive * (1 - skill), "naive_wis": naive, "skill": skill,
                    "skill_low": skill - half, "skill_high": skill + half, "mae": naive * 1.2,
                    "wape": 0.21, "coverage50": 0.53 + rng.normal(0, 0.02),
                    "coverage80": 0.81 + rng.normal(0, 0.02),
                    "coverage95": 0.93 + rng.normal(0, 0.01), "naive_coverage95": 0.9, "blocks": 9,
                }
            )  # fmt: skip
    return pa.Table.from_pylist(rows, ACCURACY)


ACCURACY = pa.schema(
    [
        *((name, pa.string()) for name in ("vintage_kind", "source", "target", "period")),
        ("horizon", pa.int64()), ("series", pa.string()), ("phase", pa.string()),
        ("n", pa.int64()), ("forecasts_unscored", pa.int64()),
        *((name, pa.float64()) for name in (
            "wis", "naive_wis", "skill", "skill_low", "skill_high", "mae", "wape",
            "coverage50", "coverage80", "coverage95", "naive_coverage95")),
        ("blocks", pa.int64()),
    ]
)  # fmt: skip


def health(dataset: datasets.Dataset) -> list[dict[str, Any]]:
    """One source has ended, the others are well."""
    return [
        {
            "source": name, "status": "ended" if number == 0 else "ok", "last_date": LAST,
            "issued_at": ISSUED - timedelta(minutes=31), "checked_at": ISSUED,
            "errors": 0, "warnings": 0, "worst": None,
        }
        for number, name in enumerate(sorted(dataset.sources))
    ]  # fmt: skip


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
