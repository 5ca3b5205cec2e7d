"""How often the gate promotes, on simulated epidemics in which the truth is known.

    python -m benchmarks.promotions [--json] [--weeks 100] [--seed 0]

Each week is an epidemic of its own (benchmarks/epidemics.py): cases and deaths in 20 places, with
forecasts 4 weeks ahead from 52 weekly origins. Two recipes are as good as the champion: the one to
try is chosen on the older 26 origins, and judged on the newer, as in production. Others have less
noise; `relative_wis` says how much better that makes them. One has learnt from shuffled targets.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.epidemics import AHEAD, BASELINE, NOISE, SHUFFLED, epidemic, table
from vigil import promotion
from vigil.evidence import earlier, recent
from vigil.promotion import Decision

CHAMPION, SAME = "champion", ("as_good", "as_good_too")
BETTER = {"better_by_5": 0.84, "better_by_10": 0.675, "better_by_20": 0.435}  # of the noise
MEASURES = {"cases": 7.0, "deaths": 4.0}  # logarithm of a usual week's number
BLOCK = 7 * AHEAD
BOUNDS = {  # promoted, of 100
    "refresh": (95, 100),
    "switch_as_good": (0, 10),
    "switch_shuffled": (0, 0),
    "refresh_shuffled": (0, 0),
}


def week(seed: int, better: Mapping[str, float]) -> dict[str, Decision]:
    """All that the gate decides of one epidemic."""
    draw = np.random.default_rng(seed)
    noises = dict.fromkeys([CHAMPION, *SAME, SHUFFLED], NOISE)
    noises |= {name: NOISE * share for name, share in better.items()}
    measures = {target: epidemic(draw, size, noises) for target, size in MEASURES.items()}
    scores = table(measures)
    left = {name: max(one.outside(name) for one in measures.values()) for name in noises}
    chosen = promotion.choose(earlier(scores, SAME, CHAMPION))
    said = {
        f"refresh{after}": promotion.refresh(
            recent(scores, name, BASELINE, BLOCK), name, BASELINE, outside=left[name]
        )
        for after, name in {"": CHAMPION, "_shuffled": SHUFFLED}.items()
    }
    for name in (chosen, SHUFFLED, *better):
        after = "as_good" if name == chosen else name
        found = recent(scores, str(name), CHAMPION, BLOCK)
        said[f"switch_{after}"] = promotion.switch(found, str(name), CHAMPION)
    return said


def main() -> None:
    """Simulate, print, and fail where a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--weeks", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start = time.perf_counter()
    said = measured(range(options.seed, options.seed + options.weeks))
    said["seconds"] = round(time.perf_counter() - start, 1)
    print(json.dumps(said) if options.json else "\n".join(f"{k:>20}: {v}" for k, v in said.items()))
    sys.exit(bool(said["broken"]))


def measured(seeds: Sequence[int], better: Mapping[str, float] = BETTER) -> dict[str, Any]:
    """For each decision how often it promotes, and how good the recipe is on average."""
    weeks = [week(seed, better) for seed in seeds]
    said: dict[str, Any] = {name: _summed([one[name] for one in weeks]) for name in weeks[0]}
    percent = {name: 100 * said[name]["promoted"] / len(weeks) for name in BOUNDS}
    said["broken"] = [
        name for name, (low, high) in BOUNDS.items() if not low <= percent[name] <= high
    ]
    return {"weeks": len(weeks), **said}


def _summed(decisions: Sequence[Decision]) -> dict[str, Any]:
    ratios = [one.numbers["ratio"] for one in decisions]
    return {
        "promoted": sum(one.promoted for one in decisions),
        "relative_wis": round(float(np.exp(np.mean(np.log(ratios)))), 3),
    }


if __name__ == "__main__":
    main()
