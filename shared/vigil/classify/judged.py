"""Tables of how recipes did: rows of all records and of groups, points of curves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from vigil import tables
from vigil.classify import few, scores
from vigil.classify.frame import Frame
from vigil.datasets import Classification
from vigil.datasets.questions import FEW
from vigil.panel import Floats, Index

POINTS = 200  # of a curve, at most
BINS = 20  # of the reliability curve


@dataclass(frozen=True)
class Judged:
    """What was said of rows that were not learnt from."""

    rows: Index  # of the known records
    probability: Floats
    covered: Floats


def together(parts: list[Judged]) -> Judged:
    """Of all their rows."""
    rows, said, covered = (
        np.concatenate([getattr(one, name) for one in parts])
        for name in ("rows", "probability", "covered")
    )
    return Judged(rows, said, covered)


def assessment(judged: Judged, known: Frame, asked: Classification) -> Iterator[dict[str, Any]]:
    """A row for all records, and one for each value of each field that groups them."""
    for field, value, chosen in _parts(known, judged.rows, asked.groups):
        yes, said = known.outcome[judged.rows[chosen]], judged.probability[chosen]
        numbers = scores.numbers(said, yes, asked.costs.threshold, judged.covered[chosen])
        yield few.hidden({"field": field, "value": value, **numbers})


def assessments(rows: list[dict[str, Any]]) -> pa.Table:
    """As the table assessments has them, but for what all rows of a training share."""
    return _table("assessments", rows)


def curves(model: str, judged: Judged, known: Frame) -> pa.Table:
    """Reliability, ROC and precision against recall; no point of fewer than ten records."""
    yes = known.outcome[judged.rows]
    made = {
        "reliability": _reliability(judged.probability, yes),
        **_ranked(judged.probability, yes),
    }
    rows = [
        {"model": model, "curve": curve, "position": at, "x": x, "y": y, "n": n}
        for curve, points in made.items()
        for at, (x, y, n) in enumerate(points)
    ]
    return _table("curves", rows)


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    schema = tables.load(name).arrow
    shared = {"dataset", "version", "decided_at", "run_id"}
    return pa.Table.from_pylist(rows, pa.schema([one for one in schema if one.name not in shared]))


def _parts(known: Frame, rows: Index, groups: tuple[str, ...]) -> Iterator[tuple[str, str, Any]]:
    """All rows if they are enough, and their groups."""
    yes = known.outcome[rows]
    if few.enough(yes):
        yield "", "", np.ones(len(rows), bool)
        for field in groups:
            for value, chosen in few.groups(known.fields[field].take(pa.array(rows)), yes):
                yield field, value, chosen


def _reliability(probability: Floats, yes: Floats) -> list[tuple[float, float, int]]:
    """Parts of the same size, by what was said."""
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, max(1, min(BINS, len(order) // FEW)))
    return [(float(probability[p].mean()), float(yes[p].mean()), len(p)) for p in parts]


def _ranked(probability: Floats, yes: Floats) -> Mapping[str, list[tuple[float, float, int]]]:
    alarms, hits = scores.steps(probability, yes)
    counts = alarms + hits
    if not (alarms[-1] and hits[-1] and counts[-1] >= FEW):
        return {}
    grid = np.linspace(FEW, counts[-1], POINTS)
    at = np.unique(np.searchsorted(counts, grid).clip(max=len(counts) - 1))
    rates = [(alarms[i] / alarms[-1], hits[i] / hits[-1], int(counts[i])) for i in at]
    recall = [(hits[i] / hits[-1], hits[i] / counts[i], int(counts[i])) for i in at]
    return {"roc": rates, "precision_recall": recall}
