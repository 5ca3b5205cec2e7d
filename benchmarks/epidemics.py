"""Simulated epidemics in which the truth is known, and recipes that forecast them.

A measure is a number a week in 20 places: waves of 30 to 60 weeks, noise that stays for weeks and
has heavy tails, counts on top. A recipe measures growth through noise of its own, learns from the
past how far growth goes on and how wide to forecast, and is fitted anew every 8 weeks. Recipes
differ in nothing but the amount of that noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from vigil import promotion, scoring
from vigil.calibration import HIGH, LOW, MEDIAN
from vigil.levels import SCORES
from vigil.panel import Floats

PLACES, PAST, ORIGINS, AHEAD, REFIT = 20, 60, 52, 4, 8
WEEKS = PAST + ORIGINS + AHEAD
AT = np.arange(PAST, PAST + ORIGINS)
KNOWN = 10  # of the origins, the newest, have known vintages
FIRST, WEEK = date(2021, 1, 3), timedelta(weeks=1)
BASELINE, SHUFFLED = "seasonal_naive", "shuffled"
NOISE = 0.2  # on the log scale


@dataclass(frozen=True)
class Fit:
    """What a recipe has learnt: how far growth goes on, and how wide errors are, by horizon."""

    growth: Floats
    width: Floats

    def quantiles(self, now: Floats, growth: Floats) -> Floats:
        """Levels x horizons x places, from one week's logarithms and growth."""
        middle = now + self.growth[:, None] * growth
        return np.exp(middle + SCORES[:, None, None] * self.width[:, None])


@dataclass(frozen=True)
class Epidemic:
    """What came, weeks x places, its logarithm, and the growth that each recipe sees."""

    came: Floats
    logs: Floats
    growth: Mapping[str, Floats]

    def fit(self, recipe: str, upto: int) -> Fit:
        """By least squares on all weeks whose outcome is known by then."""
        each = [self._learnt(recipe, upto, ahead) for ahead in range(1, AHEAD + 1)]
        slopes, widths = zip(*each, strict=True)
        return Fit(np.array(slopes), np.array(widths))

    def _learnt(self, recipe: str, upto: int, ahead: int) -> tuple[float, float]:
        at = np.arange(2, upto - ahead + 1)
        target, seen = self.logs[at + ahead], self.growth[recipe][at]
        if recipe == SHUFFLED:
            target = np.random.default_rng(upto).permuted(target)
        left = target - self.logs[at]
        slope = 0.0 if recipe == BASELINE else (left * seen).sum() / np.square(seen).sum()
        return slope, float(np.std(left - slope * seen))

    def forecast(self, recipe: str, fit: Fit, week: int) -> Floats:
        """Levels x horizons x places."""
        return fit.quantiles(self.logs[week], self.growth[recipe][week])

    def scores(self, recipe: str) -> Floats:
        """WIS of origins x horizons x places, each forecast by a fit that predates it."""
        fits = [self.fit(recipe, week) for week in AT[::REFIT]]
        made = [self.forecast(recipe, fits[n // REFIT], week) for n, week in enumerate(AT)]
        return scoring.wis(np.stack(made, axis=1), self.came[AT[:, None] + np.arange(1, AHEAD + 1)])

    def outside(self, recipe: str) -> float:
        """This week's fit's medians against the band of last week's fit, on the newest data."""
        fits = [self.fit(recipe, week) for week in (WEEKS - 2, WEEKS - 1)]
        old, new = (self.forecast(recipe, fit, WEEKS - 1) for fit in fits)
        return promotion.outside(new[MEDIAN], old[LOW], old[HIGH], counts=True)


def epidemic(draw: np.random.Generator, size: float, noises: Mapping[str, float]) -> Epidemic:
    """One measure, and how much noise is in what each recipe sees; *size* is a logarithm."""
    turn = 2 * np.pi * np.arange(WEEKS)[:, None] / draw.uniform(30, 60)
    waves = 1.3 * np.sin(turn + draw.uniform(0, 2 * np.pi) + draw.uniform(0, 2, PLACES))
    truth = size + draw.normal(0, 0.8, PLACES) + waves + lasting(draw, 0.05, 0.8)
    came = draw.poisson(np.exp(truth)).astype(float)
    seen = {name: _growth(truth + lasting(draw, noise, 0.4)) for name, noise in noises.items()}
    return Epidemic(came, np.log(came + 0.5), {**seen, BASELINE: np.zeros_like(truth)})


def lasting(draw: np.random.Generator, spread: float, stays: float) -> Floats:
    """Noise with heavy tails that stays for a while; half of it all places have in common."""
    fresh = draw.standard_t(4, (WEEKS, PLACES)) + draw.standard_t(4, (WEEKS, 1))
    found = spread / 2 * fresh  # each of the two has variance 2
    for week in range(1, WEEKS):
        found[week] = stays * found[week - 1] + np.sqrt(1 - stays**2) * found[week]
    return found


def _growth(seen: Floats) -> Floats:
    """A week's growth over the last two: weeks overlap, so errors last."""
    return (seen - np.roll(seen, 2, axis=0)) / 2


def table(measures: Mapping[str, Epidemic]) -> pa.Table:
    """The scores of all recipes, as far as decisions ask for them."""
    origin, step, place = (one.ravel() for one in np.indices((ORIGINS, AHEAD, PLACES)))
    rows = pa.table(
        {
            "vintage_kind": np.where(origin < ORIGINS - KNOWN, "pseudo", "known"),
            "origin": np.array([FIRST + WEEK * n for n in range(ORIGINS)])[origin],
            "series": np.char.add("place ", place.astype(str)),
            "horizon": step + 1,
        }
    )
    parts = []
    for target, one in measures.items():
        for model in one.growth:
            same = {"target": target, "source": "simulated", "model": model}
            part = rows.append_column("wis", pa.array(one.scores(model).ravel()))
            for name, value in same.items():
                part = part.append_column(name, pa.repeat(value, part.num_rows))
            parts.append(part)
    return pa.concat_tables(parts)
