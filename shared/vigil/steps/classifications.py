"""Classifications: what is said of every record whose outcome is not known, as rows of tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa

from vigil import tables
from vigil.classify.classifier import Classifier
from vigil.classify.drift import Population
from vigil.classify.encoder import Encoder
from vigil.classify.frame import Frame, frame
from vigil.classify.model import Model
from vigil.commit import Statement
from vigil.datasets import Dataset
from vigil.quality import Finding
from vigil.steps.edition import Edition, References
from vigil.warehouse import Warehouse


@dataclass(frozen=True)
class Classifications:
    """What is said of the open ones among all records that are known."""

    edition: Edition
    known: Frame
    findings: tuple[Finding, ...] = ()
    references: References = None

    @classmethod
    def of(cls, edition: Edition, warehouse: Warehouse) -> Self:
        """From all records as they were known."""
        rows = warehouse.records_asof(edition.dataset.name, edition.run.tick.as_of)
        return cls(edition, frame(edition.dataset, rows))

    @cached_property
    def open(self) -> Frame:
        """The records that are asked about."""
        return self.known.open

    @cached_property
    def classifier(self) -> Classifier:
        """Who answers."""
        found = self.edition.serves.champion
        return (
            found if isinstance(found, Classifier) else base_rate(self.edition.dataset, self.known)
        )

    @property
    def rows(self) -> tuple[str, pa.Table]:
        """The classifications."""
        return "classifications", self.classifications

    @cached_property
    def classifications(self) -> pa.Table:
        """Rows for the table of classifications."""
        said = self.classifier.scored(self.open, self.known)
        columns = pa.table(
            {
                "record": self.open.records,
                "person": self.open.people,
                "probability": said.probability,
                "positive": said.positive,
                "answers": said.answers,
                "drivers": said.drivers,
            }
        )
        serves = self.edition.serves
        about = {"threshold": said.threshold, "model": serves.model, "version": serves.version}
        return tables.load("classifications").filled(columns, **about, **self.edition.marks)

    def shown(self) -> Mapping[str, pa.Table]:
        """How far the open records differ from those that were learnt from."""
        found = self.classifier.drift(self.open, self.known)
        about = {"version": self.edition.serves.version, **self.edition.marks}
        return {"drift": tables.load("drift").filled(found, **about)}

    def statements(self, _warehouse: str) -> list[Statement]:
        """Nothing: all is in the rows."""
        return []


def base_rate(dataset: Dataset, known: Frame) -> Classifier:
    """The share of yes so far, of whatever record; half and half while none is known."""
    yes = known.outcome[np.isfinite(known.outcome)]
    odds = (yes.sum() + 0.5) / (len(yes) - yes.sum() + 0.5)
    nothing = Population((), ())
    return Classifier(dataset, dataset.baseline, Encoder(()), Model(float(np.log(odds))), nothing)
