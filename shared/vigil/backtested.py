"""What a backtest of forecasts has to show: its scores, and what people are told of them."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from vigil import backtested_card, outcomes
from vigil.datasets import Dataset
from vigil.dossier import Dossier
from vigil.models import seasonal_naive

PER_HORIZON = ("wis", "relative_wis", "coverage50", "coverage80", "coverage95")
OVERALL = (*PER_HORIZON, "wis_log", "mae", "bias", "rmsle", "wape", "n")
Row = dict[str, Any]


@dataclass(frozen=True)
class Backtested:
    """Read from the dossier of one training."""

    dossier: Dossier
    dataset: Dataset

    @cached_property
    def rows(self) -> list[Row]:
        """Scores: a row a measure, model and horizon, and one over all horizons."""
        if not self.dossier.scores.num_rows:
            return []
        return outcomes.summary(self.dossier.scores, seasonal_naive.NAME)

    @property
    def summary(self) -> list[Row]:
        """Those of the recipe."""
        return [row for row in self.rows if row["model"] == self.dossier.said["recipe"]]

    @cached_property
    def headlines(self) -> dict[str, Row]:
        """The rows over all horizons, by the name of their measure."""
        return {name: row for name, row in named(self.summary) if row["horizon"] == outcomes.ALL}

    @property
    def tags(self) -> dict[str, str]:
        """What versions are told apart by."""
        return {
            "wis": self._each(lambda row: f"{row['wis']:.4g}"),
            "skill": self._each(lambda row: f"{1 - row['relative_wis']:.3f}"),
        }

    @property
    def metrics(self) -> Iterator[tuple[str, float]]:
        """Those of the recipe; the plots compare."""
        return metrics(self.summary, self.dataset.grain)

    @property
    def tables(self) -> dict[str, pa.Table]:
        """All that was scored, and the same in short."""
        rows = [{**row, "horizon": str(row["horizon"])} for row in self.rows]
        return {
            "backtest.parquet": self.dossier.scores,
            "summary.csv": pa.Table.from_pylist(rows),
        }

    @property
    def about(self) -> str:
        """The card of the dataset's model."""
        return backtested_card.about(self.dataset)

    @property
    def card(self) -> str:
        """The card of the version."""
        return backtested_card.of_training(self.dataset, self.dossier.said, self.headlines)

    def _each(self, text: Callable[[Row], str]) -> str:
        """A number a measure: those of different measures cannot be pooled."""
        return ", ".join(f"{name} {text(row)}" for name, row in self.headlines.items())


def named(rows: Iterable[Row]) -> Iterator[tuple[str, Row]]:
    """Each with the name of its measure, and of the source where several have it.

    What is thought to have been known is never in one line with what was.
    """
    rows = list(rows)
    sources: dict[str, set[str]] = {}
    for row in rows:
        sources.setdefault(row["target"], set()).add(row["source"])
    for row in rows:
        name = row["target"] + (f".{row['source']}" if len(sources[row["target"]]) > 1 else "")
        yield name if row["vintage_kind"] == "known" else f"pseudo.{name}", row


def metrics(rows: Iterable[Row], grain: str) -> Iterator[tuple[str, float]]:
    """Of each measure its scores over all horizons (deaths.wis) and at each (deaths.wis.d07).

    Steps ahead are days (d07), or weeks where the model forecasts weeks (w02).
    """
    for name, row in named(rows):
        whole = row["horizon"] == outcomes.ALL
        for score in OVERALL if whole else PER_HORIZON:
            if math.isfinite(row[score]):
                end = "" if whole else f".{grain[0]}{row['horizon']:02d}"
                yield f"{name}.{score}{end}", float(row[score])
