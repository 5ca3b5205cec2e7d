"""What MLflow is told of a training: parameters, metrics, tags, and the data it saw."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vigil import card, champion, outcomes
from vigil.champion import Champion
from vigil.dossier import Dossier
from vigil.models import seasonal_naive
from vigil.tracking import CodeDatasetSource, DatasetInput, InputTag, MetaDataset, Metric, Param

VERSION = "vigil.version"
PER_HORIZON = ("wis", "relative_wis", "coverage50", "coverage80", "coverage95")
OVERALL = (*PER_HORIZON, "wis_log", "mae", "bias", "rmsle", "wape", "n")
SAID = ("recipe", "as_of", "vintage", "vintage_kind", "data_digest", "code")
DIGEST, CARD = 36, 5000  # characters that MLflow has room for
Row = dict[str, Any]


@dataclass(frozen=True)
class Exhibits:
    """All of it, made from the dossier of one training."""

    dossier: Dossier

    @property
    def version(self) -> str:
        """Ours, not MLflow's number."""
        return self.dossier.version

    @cached_property
    def champion(self) -> Champion:
        """The models, loaded: what cannot be loaded is not shown."""
        return champion.load(self.dossier.bundle)

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

    @cached_property
    def card(self) -> str:
        """What a person should know of it, in Markdown."""
        return card.of_training(self.champion.dataset, self.dossier.said, self.headlines)[:CARD]

    @property
    def tags(self) -> dict[str, str]:
        """What versions are looked for and told apart by."""
        said, decisions = self.dossier.said, self.dossier.said["decisions"]
        verdicts = [f"{one['kind']} {card.VERDICT[one['promoted']]}" for one in decisions]
        found = {
            "dataset": self.dossier.dataset,
            "version": self.version,
            "digest": self.dossier.bundle.digest,
            **{name: said[name] for name in SAID},
            "wis": self._each(lambda row: f"{row['wis']:.4g}"),
            "skill": self._each(lambda row: f"{1 - row['relative_wis']:.3f}"),
            "decision": "; ".join(verdicts),
            "reason": "; ".join(str(one["reason"]) for one in decisions)[:1000],
        }
        return {f"vigil.{name}": str(value) for name, value in found.items()}

    @property
    def run_tags(self) -> dict[str, str]:
        """The same, and what MLflow shows of every run."""
        return {
            **self.tags,
            "mlflow.note.content": self.card,
            "mlflow.source.git.commit": str(self.dossier.said["revision"]),
            "mlflow.source.name": f"vigil train {self.dossier.dataset}",
            "mlflow.source.type": "JOB",
            "mlflow.user": "vigil",
        }

    @property
    def params(self) -> list[Param]:
        """How it was fitted, and to what."""
        said = self.dossier.said
        found = {"recipe": said["recipe"], "rows": said["rows"], **said["params"]}
        for name, one in said["measures"].items():
            found |= {f"{name}.{what}": value for what, value in one.items()}
        return [Param(name, str(value)[:6000]) for name, value in found.items()]

    def metrics(self, run: str, model: str) -> list[Metric]:
        """Scores per measure and horizon, of the model on the dataset."""
        now, name, digest = int(time.time() * 1000), self.dossier.dataset, self._digest
        return [
            Metric(metric, value, now, 0, model, name, digest, run)
            for metric, value in metrics(self.summary, self.champion.dataset.grain)
        ]

    @property
    def input(self) -> DatasetInput:
        """The observations: which, and as known when; they stay in the warehouse."""
        said = self.dossier.said
        about = {name: str(said[name]) for name in ("as_of", "vintage", "vintage_kind", "rows")}
        source = CodeDatasetSource({"mlflow.source.name": "observations_asof", **about})
        seen = MetaDataset(source, self.dossier.dataset, self._digest)
        tags = [InputTag(name, value) for name, value in about.items()]
        context = InputTag("mlflow.data.context", "training")
        return DatasetInput(seen._to_mlflow_entity(), [context, *tags])

    @property
    def _digest(self) -> str:
        return str(self.dossier.said["data_digest"])[:DIGEST]

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
