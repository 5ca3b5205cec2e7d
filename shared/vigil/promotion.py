"""Who forecasts from now on: decided on scores, told in a sentence, with all its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from vigil.accuracy import average
from vigil.evidence import ORIGINS, Relative
from vigil.panel import Floats

OUTSIDE = 0.10  # of what the champion says may move far
WORST = 1.05  # relative loss of the measure that a switch serves worst
MISSING = 0.01  # of what the champion forecasts, a candidate may lack
ROUNDING = 0.5  # of a count

Kind = Literal["first", "refresh", "switch"]


@dataclass(frozen=True)
class Decision:
    """Whether a recipe's newest fit becomes champion, and why."""

    kind: Kind
    promoted: bool
    recipe: str
    rival: str
    reason: str
    numbers: dict[str, Any]  # as JSON


def first(found: Relative, recipe: str, baseline: str, bad: Sequence[str] = ()) -> Decision:
    """The first model serves if its loss is below the baseline's; the interval is only told."""
    failed = [*_rows(bad), *_not_below(found, baseline)]
    return _decision("first", recipe, baseline, found, failed, bad=[*bad])


def refresh(
    found: Relative, recipe: str, baseline: str, *, outside: float, bad: Sequence[str] = ()
) -> Decision:
    """The same recipe with newer data serves unless a check fails.

    *outside* is NaN where the champion says nothing that could be compared.
    """
    failed = [*_rows(bad), *_not_below(found, baseline)]
    if outside > OUTSIDE:
        failed.append(f"{found.loss.moved.format(f'{outside:.1%}')}, {OUTSIDE:.0%} may")
    share = round(outside, 4) if np.isfinite(outside) else None
    return _decision("refresh", recipe, baseline, found, failed, outside=share, bad=[*bad])


def switch(found: Relative, recipe: str, champion: str, bad: Sequence[str] = ()) -> Decision:
    """Another recipe serves if it is surely better, and nowhere much worse."""
    failed = [*_rows(bad), *_not_surely_better(found)]
    if found.missing > MISSING:
        failed.append(f"it lacks {found.missing:.1%} of what {champion} forecasts")
    return _decision("switch", recipe, champion, found, failed, bad=[*bad])


def choose(past: Mapping[str, Relative]) -> str | None:
    """The candidate of the lowest loss relative to the champion's; None where nothing is known."""
    known = {name: one.ratio for name, one in past.items() if np.isfinite(one.ratio)}
    return min(known, key=known.__getitem__, default=None)


def outside(medians: Floats, low: Floats, high: Floats, *, counts: bool = False) -> float:
    """The share of series whose median leaves the band at any horizon: all horizons x series.

    A count may leave it by half: no count lies between. No median is outside; no band, no say.
    """
    slack = ROUNDING if counts else 0.0
    banded = np.isfinite(low) & np.isfinite(high)
    left = banded & ~((low - slack <= medians) & (medians <= high + slack))
    return average(np.where(banded.any(axis=0), left.any(axis=0), np.nan))


def _rows(bad: Sequence[str]) -> list[str]:
    return [f"bad rows: {'; '.join(bad)}"] if bad else []


def _not_below(found: Relative, baseline: str) -> list[str]:
    if not found.origins:
        return [f"no {found.loss.unit} to judge it on"]
    return [] if found.ratio < 1 else [f"its {found.loss.name} is not below {baseline}'s"]


def _not_surely_better(found: Relative) -> list[str]:
    if found.origins < ORIGINS:
        return [f"{found.origins} {found.loss.unit}s to judge it on, {ORIGINS} are needed"]
    failed = []
    if np.isnan(found.upper):
        failed.append("better is not sure: the horizon is too long for an interval")
    elif found.upper >= 1:
        failed.append(f"better is not sure: the upper limit of 90% is {found.upper:.3f}")
    worst = max(found.measures, key=found.measures.__getitem__)
    if not found.measures[worst] <= WORST:
        failed.append(f"{worst} stands at {found.measures[worst]:.3f}, above {WORST:g}")
    return failed


def _decision(
    kind: Kind, recipe: str, rival: str, found: Relative, failed: Sequence[str], **more: Any
) -> Decision:
    verdict = f"{recipe} is promoted ({kind})"
    if failed:
        verdict = f"{recipe} is not promoted ({kind}): {'; '.join(failed)}"
    reason = f"{verdict}; {_said(found, rival)}." if found.origins else f"{verdict}."
    return Decision(kind, not failed, recipe, rival, reason, {**found.told(), **more})


def _said(found: Relative, rival: str) -> str:
    """What was known apart from what is thought to have been."""
    unit = found.loss.unit
    each = [f"{one.ratio:.3f} on {one.origins} {kind} {unit}s" for kind, one in found.kinds.items()]
    limit = "" if np.isnan(found.upper) else f", upper limit {found.upper:.3f}"
    return f"{found.loss.name} relative to {rival}: {' and '.join(each)}{limit}"
