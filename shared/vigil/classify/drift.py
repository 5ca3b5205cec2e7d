"""How far records differ from those that were learnt from: the population stability index."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa

from vigil.classify.columns import Columns
from vigil.classify.encoder import BLANK, Encoder, Numbers
from vigil.datasets.questions import FEW
from vigil.panel import Floats

PARTS = 10  # of a range
LEAST = 1e-4  # of a share
ROWS = 50_000


@dataclass(frozen=True)
class Population:
    """The shares of each feature's values, or of the parts of its range; last of what is none."""

    edges: tuple[Floats, ...]
    shares: tuple[Floats, ...]

    @classmethod
    def of(cls, encoder: Encoder, table: Numbers) -> Self:
        """Of the rows that were learnt from, evenly drawn where they are many."""
        table = table[:: 1 + len(table) // ROWS]
        edges = [_edges(encoder, table[:, at], at) for at in range(table.shape[1])]
        shares = [_shares(table[:, at], ends) for at, ends in enumerate(edges)]
        few = FEW / max(len(table), 1)  # of which nothing is kept
        return cls(tuple(edges), tuple(np.where(one < few, 0.0, one) for one in shares))

    def psi(self, table: Numbers) -> list[float]:
        """Of each feature, these rows against those."""
        found = []
        for at, (ends, before) in enumerate(zip(self.edges, self.shares, strict=True)):
            told = before > 0
            was, now = before[told], np.maximum(_shares(table[:, at], ends)[told], LEAST)
            found.append(float(((now - was) * np.log(now / was)).sum()))
        return found

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "edges": [one.tolist() for one in self.edges],
            "shares": [one.tolist() for one in self.shares],
        }

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Self:
        """From JSON."""
        edges, shares = (tuple(map(np.array, said[name])) for name in ("edges", "shares"))
        return cls(edges, shares)


def drift(encoder: Encoder, population: Population, columns: Columns, table: Numbers) -> pa.Table:
    """A row a feature, as the table drift holds it."""
    missing = [columns[name].null_count / max(len(table), 1) for name in encoder.names]
    blank = np.isnan(table).mean(axis=0) if len(table) else np.zeros(len(missing))
    known = [
        0.0 if BLANK in one.values else gone
        for one, gone in zip(encoder.features, missing, strict=True)
    ]
    return pa.table(
        {
            "feature": pa.array(encoder.names, pa.string()),
            "psi": population.psi(table),
            "unseen": np.maximum(blank - np.array(known), 0.0),
            "missing": missing,
            "rows": pa.repeat(pa.scalar(len(table), pa.int64()), len(missing)),
        }
    )


def _edges(encoder: Encoder, values: Numbers, at: int) -> Floats:
    feature = encoder.features[at]
    if feature.values:
        numbers = np.unique(feature.numbers)
        middles: Floats = (numbers[1:] + numbers[:-1]) / 2
        return middles
    known = values[np.isfinite(values)]
    return np.unique(np.quantile(known, np.arange(1, PARTS) / PARTS)).astype(float)


def _shares(values: Numbers, edges: Floats) -> Floats:
    known = values[np.isfinite(values)]
    counts = np.bincount(np.searchsorted(edges, known), minlength=len(edges) + 1)
    return np.append(counts, len(values) - len(known)) / max(len(values), 1)
