"""How much better one recipe was than another on past origins, measure by measure and in all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vigil import bootstrap
from vigil.outcomes import same_as, where
from vigil.panel import Floats

MEASURE = ("target", "source")
ROW = (*MEASURE, "vintage_kind", "origin", "series", "horizon")
WEEK = 7  # days from one origin to the next
SUMS = ("wis_sum", "wis_rival_sum", "wis_count")
ORIGINS = 26  # the newest, on which decisions rest


@dataclass(frozen=True)
class Loss:
    """What models are judged by, in the words of a decision."""

    name: str
    unit: str  # of what the evidence is counted in
    moved: str  # what a refresh may move, with the share that it does
    chosen: str  # where a contest chooses


BAND = "medians of {} of the series leave the champion's 95% band"
WIS = Loss("WIS", "origin", BAND, "on older origins")
BRIER = Loss("Brier", "group", "{} of the records change their class", "in all groups")


@dataclass(frozen=True)
class Relative:
    """Mean loss over the rival's: the geometric mean over measures. Below 1 is better."""

    ratio: float
    low: float = np.nan  # of 90%, two-sided
    high: float = np.nan
    upper: float = np.nan  # of 90%, one-sided
    measures: Mapping[str, float] = field(default_factory=dict)  # by target.source
    rows: int = 0
    missing: float = 0.0  # of the rival's rows, in the measure where the recipe lacks most
    origins: int = 0  # of the measure that has the fewest; of classifiers: groups of people
    kinds: "Mapping[str, Relative]" = field(default_factory=dict)  # known and pseudo apart
    loss: Loss = WIS

    @property
    def kind(self) -> str:
        """Whether vintages were known, are thought to have been so, or both."""
        return "mixed" if len(self.kinds) > 1 else next(iter(self.kinds), "none")

    def told(self) -> dict[str, Any]:
        """As JSON; null where nothing is known."""
        numbers = ("ratio", "low", "high", "upper", "missing")
        return {
            **{name: _told(getattr(self, name)) for name in numbers},
            "measures": {name: _told(one) for name, one in self.measures.items()},
            "rows": self.rows,
            "origins": self.origins,
            "vintage_kind": self.kind,
            "kinds": {
                name: {"ratio": _told(one.ratio), "origins": one.origins, "rows": one.rows}
                for name, one in self.kinds.items()
            },
        }


def newest(scores: pa.Table, count: int = ORIGINS) -> pa.Table:
    """The scores of the newest so many origins of each measure."""
    return scores.filter(_new(scores, count))


def older(scores: pa.Table, count: int = ORIGINS) -> pa.Table:
    """The scores of the origins before the newest so many."""
    return scores.filter(~_new(scores, count))


def recent(scores: pa.Table, recipe: str, rival: str, block_days: int) -> Relative:
    """A recipe against its rival on the origins that decide."""
    return relative(newest(scores), recipe, rival, block_days)


def earlier(scores: pa.Table, candidates: Sequence[str], champion: str) -> dict[str, Relative]:
    """Each candidate against the champion on the origins before those that decide."""
    past = older(scores)
    return {name: relative(past, name, champion) for name in candidates}


def relative(scores: pa.Table, recipe: str, rival: str, block_days: int = WEEK) -> Relative:
    """A recipe against its rival, on the rows for which both have a score."""
    both = common(scores, recipe, rival)
    kinds = sorted(both["vintage_kind"].unique().to_pylist())
    return _found(
        both,
        missing=_missing(both, _scored(scores, rival)),
        kinds={kind: _found(where(both, {"vintage_kind": kind})) for kind in kinds},
        **limits(both, block_days),
    )


def common(scores: pa.Table, recipe: str, rival: str, keep: Sequence[str] = ()) -> pa.Table:
    """The rows for which both have a score, side by side; *keep* is kept of the recipe's."""
    ours, theirs = _scored(scores, recipe, keep), _scored(scores, rival)
    how = {"join_type": "inner", "right_suffix": "_rival", "use_threads": False}
    return ours.join(theirs, list(ROW), **how)


def limits(both: pa.Table, block_days: int) -> dict[str, float]:
    """How sure the ratio is: nothing where origins do not make two blocks."""
    return bootstrap.limits(_sums(both)[1][:2], block=-(-block_days // WEEK))


def _new(scores: pa.Table, count: int) -> pc.Expression:
    days = scores.group_by([*MEASURE, "origin"]).aggregate([])
    found = pc.scalar(False)
    for measure in days.group_by(MEASURE).aggregate([]).to_pylist():
        origins = sorted(where(days, measure)["origin"].to_pylist())
        found |= same_as(measure) & (pc.field("origin") >= origins[-count:][0])
    return found


def _scored(scores: pa.Table, model: str, keep: Sequence[str] = ()) -> pa.Table:
    own = scores.filter(same_as({"model": model}) & pc.is_finite(pc.field("wis")))
    return own.select([*ROW, "wis", *keep])


def _missing(both: pa.Table, theirs: pa.Table) -> float:
    here, there = (_counts(one) for one in (both, theirs))
    return max((1 - here.get(measure, 0) / count for measure, count in there.items()), default=0.0)


def _counts(rows: pa.Table) -> dict[tuple[str, str], int]:
    found = rows.group_by(MEASURE).aggregate([([], "count_all")]).to_pylist()
    return {(row["target"], row["source"]): row["count_all"] for row in found}


def _found(both: pa.Table, **more: Any) -> Relative:
    measures, (ours, theirs, rows) = _sums(both)
    logs = bootstrap.logs(np.stack([ours, theirs]).sum(axis=-1))
    return Relative(
        ratio=float(np.exp(bootstrap.pooled(logs))),
        measures=dict(zip(measures, np.exp(logs).tolist(), strict=True)),
        rows=both.num_rows,
        origins=int((rows > 0).sum(axis=1).min(initial=rows.shape[1])),
        **more,
    )


def _sums(both: pa.Table) -> tuple[list[str], Floats]:
    """Measures; and their scores, the rival's and the rows: x measures x origins, oldest first."""
    rows = [("wis", "sum"), ("wis_rival", "sum"), ("wis", "count")]
    groups = both.group_by([*MEASURE, "origin"], use_threads=False).aggregate(rows)
    names = [f"{row['target']}.{row['source']}" for row in groups.select(MEASURE).to_pylist()]
    measures, at = np.unique(np.array(names, str), return_inverse=True)
    origins, when = np.unique(groups["origin"].to_numpy(), return_inverse=True)
    sums = np.zeros((len(SUMS), len(measures), len(origins)))
    sums[:, at, when] = [groups[name].to_numpy() for name in SUMS]
    return measures.tolist(), sums


def _told(number: float) -> float | None:
    return round(number, 4) if np.isfinite(number) else None
