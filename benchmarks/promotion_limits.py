"""How often an upper limit of 90% wrongly says better, by how scores depend on each other.

    python -m benchmarks.promotion_limits [--json] [--rounds 1000] [--seed 1]

Two recipes are equally good. Each has 26 weekly scores a measure: a wave times the exponential of
noise that is summed over overlapping weeks, and may last longer, or have heavy tails. `percentile`
is the plain percentile of moving blocks; `used` is what `vigil.bootstrap.limits` says, which aims
at 10 at most; `hidden_1` to `hidden_3` are the same with other factors for what blocks hide. HIDDEN
was chosen on these scores, never on the epidemics of benchmarks/promotions.py.
"""

import argparse
import json
import time
from typing import Any

import numpy as np

from vigil import bootstrap, scoring
from vigil.panel import Floats

ORIGINS, BLOCK, BEFORE = 26, 4, 60
USUAL = {"overlap": 4, "lasts": 0.0, "tails": None, "wave": 1.1, "measures": 1, "spread": 0.3}
CASES: dict[str, dict[str, Any]] = {
    "independent": {"overlap": 1},
    "overlap of 2": {"overlap": 2},
    "overlap of 4": {},
    "small differences": {"spread": 0.1},
    "two measures": {"measures": 2},
    "heavy tails": {"tails": 3},
    "large wave": {"wave": 2.0},
    "lasts, no overlap": {"overlap": 1, "lasts": 0.5},
    "lasts": {"lasts": 0.5},
    "lasts, heavy tails, large wave": {"lasts": 0.5, "tails": 3, "wave": 2.0},
    "lasts long": {"lasts": 0.8},
}
HIDDEN = (1, 1.5, 2, 2.5, 3)


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start = time.perf_counter()
    said: dict[str, Any] = {
        name: percent({**USUAL, **case}, options.rounds, options.seed)
        for name, case in CASES.items()
    }
    said["seconds"] = round(time.perf_counter() - start, 1)
    print(json.dumps(said) if options.json else "\n".join(f"{k:>31}: {v}" for k, v in said.items()))


def percent(case: dict[str, Any], rounds: int, seed: int) -> dict[str, float]:
    """Of so many pairs of equals: in how many each limit lies below 1."""
    draw = np.random.default_rng(seed)
    found = [below_one(simulated(draw, **case)) for _ in range(rounds)]
    return {name: round(100 * sum(one[name] for one in found) / rounds, 1) for name in found[0]}


def below_one(scores: Floats) -> dict[str, bool]:
    """What each way to set a limit says."""
    drawn = scoring.blocks(ORIGINS, BLOCK, bootstrap.ROUNDS, bootstrap.SEED)
    ratios = bootstrap.pooled(bootstrap.logs(scores[..., drawn].sum(axis=-1)))
    middle = float(bootstrap.pooled(bootstrap.logs(scores.sum(axis=-1))))
    upper = float(np.log(bootstrap.limits(scores, BLOCK)["upper"]))
    wider = {hidden: np.sqrt(hidden / bootstrap.HIDDEN) * (upper - middle) for hidden in HIDDEN}
    return {
        "percentile": bool(np.percentile(ratios, 90) < 0),
        "used": upper < 0,
        **{f"hidden_{hidden:g}": bool(middle + more < 0) for hidden, more in wider.items()},
    }


def simulated(draw: np.random.Generator, measures: int, **case: Any) -> Floats:
    """Scores: two recipes x measures x origins."""
    return np.stack([_measure(draw, **case) for _ in range(measures)], axis=1)


def _measure(
    draw: np.random.Generator,
    *,
    overlap: int,
    lasts: float,
    tails: int | None,
    wave: float,
    spread: float,
) -> Floats:
    at = np.arange(ORIGINS)
    size = np.exp(wave * np.sin(2 * np.pi * (at / draw.uniform(10, 30) + draw.uniform(0, 1))))
    shape = (2, BEFORE + ORIGINS + overlap - 1)
    noise = draw.standard_normal(shape)
    if tails:
        noise = draw.standard_t(tails, shape) / np.sqrt(tails / (tails - 2))
    for week in range(1, shape[1]):
        noise[:, week] = lasts * noise[:, week - 1] + np.sqrt(1 - lasts**2) * noise[:, week]
    summed = np.lib.stride_tricks.sliding_window_view(noise, overlap, axis=1).sum(axis=-1)
    return size * np.exp(spread * np.clip(summed[:, BEFORE:] / np.sqrt(overlap), -4, 4))


if __name__ == "__main__":
    main()
