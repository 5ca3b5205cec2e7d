"""A small simulated epidemic: cases in waves, and deaths two weeks after them."""

from typing import Any

import numpy as np
from examples import ABOUT, days

from vigil.datasets import Dataset
from vigil.panel import Floats, Grid, Key, Panel
from vigil.view import View, view

CASES, DEATHS = Key("confirmed", "cases"), Key("dead", "deaths")
PLACES = ("Austria", "France", "France/North", "Italy", "Poland", "Spain")
DAYS = 300
FIRST = "2021-01-04"  # a Monday


def dataset(
    *, deaths: dict[str, Any] | None = None, cases: dict[str, Any] | None = None, **said: Any
) -> Dataset:
    """Cases and deaths a day by place, forecast by week."""
    long = {"url": "https://example.org/a.csv", "layout": "long", "date": "day", "series": ["name"]}
    sources = {name: {**long, "files": f"{name}*"} for name in ("confirmed", "dead")}
    told = {
        "cases": {"sources": {"confirmed": "cases"}, "unit": "people", **(cases or {})},
        "deaths": {"sources": {"dead": "deaths"}, "unit": "people", **(deaths or {})},
    }
    start = {**ABOUT, "name": "epidemic", "horizon": 14, "grain": "week"}
    return Dataset.model_validate({**start, "sources": sources, "targets": told, **said})


def expected(count: int, places: int, draw: np.random.Generator) -> Floats:
    """Waves of some ten weeks that rise and fall by a third a week, in each place at its time."""
    at = np.arange(count)[:, None]
    phase = draw.uniform(0, 2 * np.pi, places)
    size = draw.uniform(5, 7.5, places)
    return np.exp(size + 1.1 * np.sin(2 * np.pi * at / 80 + phase) + 0.2 * np.sin(at / 23 + phase))


def panel(count: int = DAYS, places: tuple[str, ...] = PLACES, seed: int = 1) -> Panel:
    """What both sources publish, to the same day."""
    draw = np.random.default_rng(seed)
    means = expected(count + 14, len(places), draw)
    at = days(FIRST, count)
    cases = draw.poisson(means[14:]).astype(float)
    deaths = draw.poisson(means[:-14] * 0.05).astype(float)
    return {CASES: Grid(at, places, cases), DEATHS: Grid(at, places, deaths)}


def seen(told: Dataset, shown: Panel, key: Key = DEATHS) -> View:
    """A view of what is there."""
    made = view(told, shown, key)
    assert made is not None
    return made
