"""An edition: what is said of a dataset, by whom and from what, published in one commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Protocol

import pyarrow as pa

from vigil import tables
from vigil.commit import Statement
from vigil.datasets import Dataset
from vigil.ledger import Run
from vigil.quality import Finding
from vigil.steps.serving import Serving


@dataclass(frozen=True)
class Edition:
    """What it is made from. There is one of the same."""

    dataset: Dataset
    vintage: str
    serves: Serving
    run: Run

    @property
    def key(self) -> str:
        """What it is made from, in words."""
        return f"{self.vintage} {self.serves.model} {self.serves.version}"

    @property
    def name(self) -> str:
        """The name of its publication within the dataset."""
        return sha256(self.key.encode()).hexdigest()[:16]

    @property
    def marks(self) -> dict[str, Any]:
        """What each of its rows bears."""
        return {
            "dataset": self.dataset.name,
            "vintage": self.vintage,
            "issued_at": self.run.tick.as_of,
            "run_id": self.run.run_id,
            "publication": self.name,
        }

    def publication(self, rows: int, references: "References") -> pa.Table:
        """That there is such an edition."""
        first, last = references or (None, None)
        row = {
            **self.marks,
            "model": self.serves.model,
            "version": self.serves.version,
            "published_at": self.run.started_at,
            "first_reference": first,
            "last_reference": last,
            "rows": rows,
        }
        return tables.load("publications").rows([row])


References = tuple[date, date] | None  # the oldest and the newest reference date


class Content(Protocol):
    """What an edition says."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What is odd about it."""
        ...

    @property
    def references(self) -> References:
        """Of what is forecast."""
        ...

    @property
    def rows(self) -> tuple[str, pa.Table]:
        """What stays as it was published, and its table."""
        ...

    def shown(self) -> Mapping[str, pa.Table]:
        """What takes the place of the edition shown before, by table."""
        ...

    def statements(self, warehouse: str) -> list[Statement]:
        """What the commit makes of it in the tables."""
        ...
