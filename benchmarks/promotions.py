"""How often the gate promotes, on simulated epidemics in which the truth is known.

    python -m benchmarks.promotions [--json] [--weeks 100] [--seed 0]

Each week is an epidemic of its own: cases and deaths a week in 20 places. A recipe sees what truly
happens through noise of its own, measures growth in it, learns from the past how far growth goes
on and how wide to forecast, and is fitted anew every 8 weeks. Recipes differ in nothing but that
noise, so two of them are equally good; one with less of it is better, one that has learnt from
shuffled targets is worse. They forecast 4 weeks ahead from 52 weekly origins, of which the last 10
have known vintages, and the gate decides as it does in production.
"""

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from vigil import promotion, scoring
from vigil.levels import SCORES
from vigil.panel import Floats
from vigil.paths import LEVELS
from vigil.promotion import Decision

PLACES, ORIGINS, AHEAD, PAST, REFIT, KNOWN = 20, 52, 4, 60, 8, 10
WEEKS = PAST + ORIGINS + AHEAD
AT = np.arange(PAST, PAST + ORIGINS)
MEASURES = {"cases": 7.0, "deaths": 4.0}  # logarithm of a usual week's number
FIRST, WEEK = date(2021, 1, 3), timedelta(weeks=1)
BASELINE, CHAMPION, SHUFFLED = "seasonal_naive", "champion", "shuffled"
SAME = ("as_good", "as_good_too")
NOISE = 0.15  # of what a recipe sees, on the log scale
BETTER = {"better_5": 0.86, "better_10": 0.70, "better_20": 0.30}  # so much of that noise
BOUNDS = {"refresh": (95, 100), "switch to one as good": (0, 10), "switch to shuffled": (0, 0)}


@dataclass(frozen=True)
class Fit:
    """What a recipe has learnt: how far growth goes on, and how wide errors are, by horizon."""

    growth: Floats
    width: Floats

    def quantiles(self, seen: Floats, at: int) -> Floats:
        """Levels x horizons x places, from what is seen in a week."""
        middle = seen[at] + self.growth[:, None] * growing(seen)[at]
        return np.exp(middle + SCORES[:, None, None] * self.width[:, None])


@dataclass(frozen=True)
class Epidemic:
    """One measure: what came, weeks x places, and what each recipe saw of it."""

    came: Floats
    seen: Mapping[str, Floats]

    def fit(self, recipe: str, upto: int) -> Fit:
        """By least squares on all weeks whose outcome is known by then."""
        seen, growth, width = self.seen[recipe], [], []
        for ahead in range(1, AHEAD + 1):
            at = np.arange(3, upto - ahead + 1)
            target = np.log(self.came + 0.5)[at + ahead]
            if recipe == SHUFFLED:
                target = np.random.default_rng(upto).permuted(target)
            left, grown = target - seen[at], growing(seen)[at]
            slope = 0.0 if recipe == BASELINE else (left * grown).sum() / np.square(grown).sum()
            growth.append(slope)
            width.append(np.std(left - slope * grown))
        return Fit(np.array(growth), np.array(width))

    def scores(self, recipe: str) -> Floats:
        """WIS of origins x horizons x places, each forecast by a fit that predates it."""
        fits = [self.fit(recipe, at) for at in AT[::REFIT]]
        made = [fits[n // REFIT].quantiles(self.seen[recipe], at) for n, at in enumerate(AT)]
        came = self.came[AT[:, None] + np.arange(1, AHEAD + 1)]
        return scoring.wis(np.stack(made, axis=1), came)

    def outside(self, recipe: str) -> float:
        """The newest fit's medians against the band of the fit of the week before."""
        now = WEEKS - 1
        old, new = (self.fit(recipe, at).quantiles(self.seen[recipe], now) for at in (now - 1, now))
        low, middle, high = (int(np.searchsorted(LEVELS, at)) for at in (0.025, 0.5, 0.975))
        return promotion.outside(new[middle], old[low], old[high], counts=True)


def growing(seen: Floats) -> Floats:
    """Growth a week over the last three: weeks overlap, so errors last."""
    return (seen - np.roll(seen, 3, axis=0)) / 3


def lasting(draw: np.random.Generator, spread: float, stays: float) -> Floats:
    """Noise with heavy tails that stays for a while; half of it all places have in common."""
    fresh = draw.standard_t(4, (WEEKS, PLACES)) + draw.standard_t(4, (WEEKS, 1))
    found = spread / 2 * fresh  # of variance spread squared, as 2 is that of t with 4 degrees
    for week in range(1, WEEKS):
        found[week] = stays * found[week - 1] + np.sqrt(1 - stays**2) * found[week]
    return found


def epidemic(draw: np.random.Generator, size: float) -> Epidemic:
    """Waves of half a year or so, a little later here than there, and each place's own way."""
    turn = 2 * np.pi * np.arange(WEEKS)[:, None] / draw.uniform(18, 40)
    waves = 1.1 * np.sin(turn + draw.uniform(0, 2 * np.pi) + draw.uniform(0, 2, PLACES))
    truth = size + draw.normal(0, 0.8, PLACES) + waves + lasting(draw, 0.2, 0.8)
    came = draw.poisson(np.exp(truth)).astype(float)
    noise = dict.fromkeys((CHAMPION, *SAME, SHUFFLED), NOISE)
    noise |= {name: share * NOISE for name, share in BETTER.items()}
    seen = {name: truth + lasting(draw, spread, 0.3) for name, spread in noise.items()}
    return Epidemic(came, {**seen, BASELINE: np.log(came + 0.5)})


def table(epidemics: Mapping[str, Epidemic]) -> pa.Table:
    """The scores of all recipes, as `vigil.outcomes` keeps them."""
    kinds = ["known" if n >= ORIGINS - KNOWN else "pseudo" for n in range(ORIGINS)]
    origin, step, place = (one.ravel() for one in np.indices((ORIGINS, AHEAD, PLACES)))
    rows = {
        "vintage_kind": np.array(kinds)[origin],
        "origin": pa.array([FIRST + WEEK * n for n in range(ORIGINS)]).take(pa.array(origin)),
        "series": np.char.add("place ", place.astype(str)),
        "horizon": step + 1,
    }
    same = pa.table(rows)
    parts = []
    for target, one in epidemics.items():
        for recipe in one.seen:
            said = {"target": target, "source": "simulated", "model": recipe}
            part = same.append_column("wis", pa.array(one.scores(recipe).ravel()))
            for name, value in said.items():
                part = part.append_column(name, pa.repeat(value, part.num_rows))
            parts.append(part)
    return pa.concat_tables(parts)


def week(seed: int) -> dict[str, Decision]:
    """All that the gate decides of one epidemic."""
    draw = np.random.default_rng(seed)
    epidemics = {target: epidemic(draw, size) for target, size in MEASURES.items()}
    scores, block = table(epidemics), 7 * AHEAD
    left = max(one.outside(CHAMPION) for one in epidemics.values())
    chosen = promotion.choose(scores, SAME, CHAMPION)
    said = {
        "first": promotion.first(scores, CHAMPION, BASELINE, block),
        "first of shuffled": promotion.first(scores, SHUFFLED, BASELINE, block),
        "refresh": promotion.refresh(scores, CHAMPION, BASELINE, block, outside=left),
        "switch to one as good": promotion.switch(scores, str(chosen), CHAMPION, block),
        "switch to shuffled": promotion.switch(scores, SHUFFLED, CHAMPION, block),
    }
    for name in BETTER:
        said[f"switch to {name}"] = promotion.switch(scores, name, CHAMPION, block)
    return said


def main() -> None:
    """Simulate, print, and fail where a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--weeks", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start = time.perf_counter()
    weeks = [week(seed) for seed in range(options.seed, options.seed + options.weeks)]
    told = {name: summed([one[name] for one in weeks]) for name in weeks[0]}
    for name, v in told.items():
        print(name, v)
    print(time.perf_counter() - start)


def summed(made):
    r = [d.numbers["ratio"] for d in made]
    u = [d.numbers["upper"] for d in made]
    return dict(
        promoted=sum(d.promoted for d in made),
        ratio=round(float(np.exp(np.mean(np.log(r)))), 3),
        sd=round(float(np.std(np.log(r))), 3),
        surely=sum(x < 1 for x in u),
        q=round(float(np.median(np.array(u) / np.array(r))), 3),
    )


if __name__ == "__main__":
    main()
