"""How a version did on the past origins that judged it, beside its rival: by horizon and over all.

Kinds of vintages stay apart. All numbers are of the rows for which both have a score.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from vigil import evidence, outcomes
from vigil.accuracy import average
from vigil.scoring import COVERAGES, relative

BANDS = [f"covered{share}" for share in COVERAGES]


def rows(scores: pa.Table, recipe: str, rival: str, block_days: int) -> Iterator[dict[str, Any]]:
    """Rows of the table `evaluations`, without what they are about."""
    for group, part in outcomes.groups(evidence.newest(scores)):
        both = evidence.common(part, recipe, rival, keep=BANDS)
        for horizon in [None, *sorted(both["horizon"].unique().to_pylist())]:
            own = both if horizon is None else outcomes.where(both, {"horizon": horizon})
            if own.num_rows:
                yield {**group, "horizon": horizon, **_numbers(own, block_days)}


def _numbers(own: pa.Table, block_days: int) -> dict[str, Any]:
    ours, theirs = (own[name].to_numpy() for name in ("wis", "wis_rival"))
    limits = evidence.limits(own, block_days)
    found = {
        "wis": average(ours),
        "naive_wis": average(theirs),
        "relative_wis": relative(ours, theirs),
        "relative_low": limits.get("low", np.nan),
        "relative_high": limits.get("high", np.nan),
        **{f"coverage{share}": average(own[band].to_numpy()) for share, band in
           zip(COVERAGES, BANDS, strict=True)},
    }  # fmt: skip
    known = {name: value if np.isfinite(value) else None for name, value in found.items()}
    return {"origins": len(own["origin"].unique()), "n": own.num_rows, **known}
