"""What says log odds: a line, trees, the line with trees upon it, or a constant."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from vigil.bundle import Bundle
from vigil.classify.encoder import Numbers
from vigil.classify.line import Line
from vigil.classify.routes import Routes
from vigil.models.boosters import Booster
from vigil.panel import Floats

TREES = "trees.txt"


@dataclass(frozen=True)
class Model:
    """Its parts add up; without any the start is said of every row."""

    start: float
    line: Line | None = None
    trees: Booster | None = None

    def raw(self, table: Numbers) -> Floats:
        """Log odds, a row, not calibrated."""
        total = np.full(len(table), self.start)
        for part in (self.line, self.trees):
            total += part.raw(table) if part else 0.0
        return total

    def adds(self, table: Numbers) -> Floats:
        """What each feature adds to the base: rows x features."""
        total = self.line.adds(table) if self.line else np.zeros(table.shape)
        return total + self._routes.adds(table) if self._routes else total

    @cached_property
    def base(self) -> float:
        """What is said where no feature adds anything."""
        line = self.line.start if self.line else 0.0
        return self.start + line + (self._routes.base if self._routes else 0.0)

    @cached_property
    def _routes(self) -> Routes | None:
        return Routes.of(self.trees) if self.trees else None

    def to_json(self) -> dict[str, Any]:
        """All but the trees, as JSON."""
        return {"start": self.start, "line": self.line.to_json() if self.line else None}

    def files(self) -> dict[str, bytes]:
        """The trees, as LightGBM writes them."""
        return {TREES: self.trees.text} if self.trees else {}


def load(said: dict[str, Any], bundle: Bundle) -> Model:
    """From what a bundle says and holds."""
    line = Line.from_json(said["line"]) if said["line"] else None
    return Model(
        said["start"], line, Booster(bundle.body(TREES)) if TREES in bundle.files else None
    )
