"""Who forecasts from now on: decided on scores, told in a sentence, with all its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from vigil.accuracy import average
from vigil.evidence import Relative, newest, older, relative
from vigil.panel import Floats

ORIGINS = 26  # the newest, on which decisions rest
OUTSIDE = 0.10  # of the series may leave the champion's band
WORST = 1.05  # relative WIS of the measure that a switch serves worst
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


def first(
    scores: pa.Table, recipe: str, baseline: str, block_days: int, bad: Sequence[str] = ()
) -> Decision:
    """The first model serves if its WIS is below the baseline's; the interval is only told."""
    found = relative(newest(scores, ORIGINS), recipe, baseline, block_days)
    failed = [*_rows(bad), *_not_below(found, baseline)]
    return _decision("first", recipe, baseline, found, failed, bad=[*bad])


def refresh(
    scores: pa.Table,
    recipe: str,
    baseline: str,
    block_days: int,
    *,
    outside: float,
    bad: Sequence[str] = (),
) -> Decision:
    """The same recipe with newer data serves unless a check fails.

    *outside* is NaN where the champion forecasts nothing that could be compared.
    """
    found = relative(newest(scores, ORIGINS), recipe, baseline, block_days)
    failed = [*_rows(bad), *_not_below(found, baseline)]
    if outside > OUTSIDE:
        failed.append(
            f"medians of {outside:.1%} of the series leave the champion's 95% band,"
            f" {OUTSIDE:.0%} may"
        )
    share = round(outside, 4) if np.isfinite(outside) else None
    return _decision("refresh", recipe, baseline, found, failed, outside=share, bad=[*bad])


def switch(
    scores: pa.Table, recipe: str, champion: str, block_days: int, bad: Sequence[str] = ()
) -> Decision:
    """Another recipe serves if it is surely better, and nowhere much worse."""
    found = relative(newest(scores, ORIGINS), recipe, champion, block_days)
    failed = [*_rows(bad), *_not_surely_better(found)]
    if found.missing > MISSING:
        failed.append(f"it lacks {found.missing:.1%} of what {champion} forecasts")
    return _decision("switch", recipe, champion, found, failed, bad=[*bad])


def choose(scores: pa.Table, candidates: Sequence[str], champion: str) -> str | None:
    """The candidate of the lowest WIS relative to the champion's before the newest origins.

    None where those origins say nothing of any.
    """
    past = older(scores, ORIGINS)
    ratios = {name: relative(past, name, champion).ratio for name in candidates}
    known = [name for name in candidates if np.isfinite(ratios[name])]
    return min(known, key=ratios.__getitem__, default=None)


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
        return ["no origin to judge it on"]
    return [] if found.ratio < 1 else [f"its WIS is not below {baseline}'s"]


def _not_surely_better(found: Relative) -> list[str]:
    if found.origins < ORIGINS:
        return [f"{found.origins} origins to judge it on, {ORIGINS} are needed"]
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
    each = [f"{one.ratio:.3f} on {one.origins} {kind} origins" for kind, one in found.kinds.items()]
    limit = "" if np.isnan(found.upper) else f", upper limit {found.upper:.3f}"
    return f"WIS relative to {rival}: {' and '.join(each)}{limit}"
