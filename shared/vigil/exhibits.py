"""What MLflow is told of a training: parameters, metrics, tags, and the data it saw."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import pyarrow as pa

from vigil import card, champion
from vigil.assessed import Assessed
from vigil.backtested import Backtested
from vigil.champion import Champion
from vigil.classify.classifier import Classifier
from vigil.datasets import Dataset
from vigil.dossier import Dossier
from vigil.tracking import CodeDatasetSource, DatasetInput, InputTag, MetaDataset, Metric, Param

VERSION = "vigil.version"
SAID = ("recipe", "as_of", "vintage", "vintage_kind", "data_digest", "code")
DIGEST, CARD = 36, 5000  # characters that MLflow has room for
LEARNT = {"forecast": "observations_asof", "classify": "records_asof"}  # where it was read


class Judged(Protocol):
    """How models did, in the words of their task."""

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Scores of all that were judged."""

    @property
    def tags(self) -> Mapping[str, str]:
        """What versions are told apart by."""

    @property
    def metrics(self) -> Iterable[tuple[str, float]]:
        """Names and scores."""

    @property
    def tables(self) -> Mapping[str, pa.Table]:
        """By the name of their file."""

    @property
    def about(self) -> str:
        """The card of the dataset's model."""

    @property
    def card(self) -> str:
        """The card of the version."""


JUDGED: Mapping[str, Callable[[Dossier, Dataset], Judged]] = {
    "forecast": Backtested,
    "classify": Assessed,
}


@dataclass(frozen=True)
class Exhibits:
    """All of it, made from the dossier of one training."""

    dossier: Dossier

    @property
    def version(self) -> str:
        """Ours, not MLflow's number."""
        return self.dossier.version

    @cached_property
    def champion(self) -> Champion | Classifier:
        """The models, loaded: what cannot be loaded is not shown."""
        loaded: Champion | Classifier = champion.load(self.dossier.bundle)
        return loaded

    @property
    def task(self) -> str:
        """To forecast, or to classify."""
        return self.champion.dataset.task

    @cached_property
    def judged(self) -> Judged:
        """How they did."""
        return JUDGED[self.task](self.dossier, self.champion.dataset)

    @cached_property
    def card(self) -> str:
        """What a person should know of it, in Markdown."""
        return self.judged.card[:CARD]

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
            **self.judged.tags,
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
        """Scores of the model on the dataset."""
        now, name, digest = int(time.time() * 1000), self.dossier.dataset, self._digest
        return [
            Metric(metric, value, now, 0, model, name, digest, run)
            for metric, value in self.judged.metrics
        ]

    @property
    def input(self) -> DatasetInput:
        """The data: which, and as known when; they stay in the warehouse."""
        said = self.dossier.said
        about = {name: str(said[name]) for name in ("as_of", "vintage", "vintage_kind", "rows")}
        source = CodeDatasetSource({"mlflow.source.name": LEARNT[self.task], **about})
        seen = MetaDataset(source, self.dossier.dataset, self._digest)
        tags = [InputTag(name, value) for name, value in about.items()]
        context = InputTag("mlflow.data.context", "training")
        return DatasetInput(seen._to_mlflow_entity(), [context, *tags])

    @property
    def _digest(self) -> str:
        return str(self.dossier.said["data_digest"])[:DIGEST]
