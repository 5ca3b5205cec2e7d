"""What serves: features, a model, its calibration, and what is said of each record."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vigil.bundle import Bundle, json_bytes
from vigil.classify import model
from vigil.classify.calibration import Beta
from vigil.classify.columns import columns
from vigil.classify.conformal import Conformal
from vigil.classify.drift import Population, drift
from vigil.classify.drivers import drivers as told
from vigil.classify.encoder import Encoder
from vigil.classify.frame import Frame
from vigil.classify.model import Model
from vigil.datasets import Classification, Dataset
from vigil.panel import Floats

INDEX, TASK = "champion.json", "classify"


@dataclass(frozen=True)
class Scored:
    """What is said of each record, in their order."""

    probability: Floats
    positive: NDArray[np.bool_]
    answers: pa.Array  # yes, no, either
    drivers: pa.Array  # JSON; nulls where they were not asked for
    threshold: float


@dataclass(frozen=True)
class Classifier:
    """What one training of one recipe has learnt."""

    dataset: Dataset
    recipe: str
    encoder: Encoder
    model: Model
    population: Population
    beta: Beta = field(default_factory=Beta)
    conformal: Conformal = field(default_factory=Conformal)

    @property
    def asked(self) -> Classification:
        """The question."""
        return question(self.dataset)

    def calibrated(self, beta: Beta, conformal: Conformal) -> "Classifier":
        """The same, with probabilities and sets as learnt by others."""
        return replace(self, beta=beta, conformal=conformal)

    def scored(self, asked: Frame, known: Frame, *, drivers: bool = True) -> Scored:
        """Records by all that is known: in it a person's visits are counted."""
        made = columns(self.asked, asked, known)
        table = self.encoder.encode(made)
        why = pa.nulls(len(asked), pa.string())
        if drivers:
            adds = self.model.adds(table)
            log_odds = self.model.base + adds.sum(axis=1)
            why = told(self.encoder.names, made, adds)
        else:
            log_odds = self.model.raw(table)
        probability = self.beta.probability(log_odds)
        threshold = self.asked.costs.threshold
        answers = self.conformal.answers(probability)
        return Scored(probability, probability >= threshold, answers, why, threshold)

    def drift(self, asked: Frame, known: Frame) -> pa.Table:
        """How far these records differ from those that were learnt from."""
        made = columns(self.asked, asked, known)
        return drift(self.encoder, self.population, made, self.encoder.encode(made))

    def bundle(self) -> Bundle:
        """As files with digests."""
        said = {
            "task": TASK,
            "recipe": self.recipe,
            "dataset": self.dataset.model_dump(mode="json"),
            "encoder": self.encoder.to_json(),
            "model": self.model.to_json(),
            "population": self.population.to_json(),
            "beta": list(self.beta.numbers),
            "conformal": [self.conformal.yes_from, self.conformal.no_to],
        }
        return Bundle({INDEX: json_bytes(said), **self.model.files()})


def load(bundle: Bundle) -> Classifier:
    """From the files of a bundle that was checked."""
    said: dict[str, Any] = bundle.json(INDEX)
    return Classifier(
        Dataset.model_validate(said["dataset"]),
        said["recipe"],
        Encoder.from_json(said["encoder"]),
        model.load(said["model"], bundle),
        Population.from_json(said["population"]),
        Beta(tuple(said["beta"])),
        Conformal(*said["conformal"]),
    )


def question(dataset: Dataset) -> Classification:
    """What is asked of a dataset's records."""
    if dataset.classification is None:
        raise ValueError(f"{dataset.name}: expected a dataset to classify")
    return dataset.classification
