"""The straight line of growth by itself, as uncertain as it has been."""

from dataclasses import dataclass

import numpy as np

from vigil.bundle import Bundle, json_bytes
from vigil.features import anchor, features, grid_of
from vigil.models.line import Line
from vigil.models.own_errors import Points, Ruled
from vigil.panel import Floats, Index
from vigil.view import View

FILE = "line.json"


@dataclass(frozen=True)
class Ridge:
    """A line for each horizon up to that one."""

    ahead: int
    line: Line

    def quantiles(self, view: View, horizons: Index) -> Floats:
        """Of the view's last day: levels x horizons x series."""
        return Ruled(self.points).quantiles(view, horizons)

    def points(self, view: View) -> Points:
        """What the line says of any day."""
        made = features(view, self.ahead)

        def points(origins: Index, horizon: int) -> Floats:
            cells = grid_of(origins, np.array([horizon]), len(view.series))
            said = anchor(view, made, cells) + self.line.change(view, made, cells)
            return said.reshape(len(origins), len(view.series))

        return points

    def files(self) -> dict[str, bytes]:
        """As files of a bundle."""
        return {FILE: json_bytes({"ahead": self.ahead, "line": self.line.to_json()})}


def load(bundle: Bundle) -> Ridge:
    """From the files of a bundle that was checked."""
    said = bundle.json(FILE)
    return Ridge(said["ahead"], Line.from_json(said["line"]))


def fit(view: View, ahead: int) -> Ridge:
    """Learn from all that is known."""
    return Ridge(ahead, Line.fit(view, features(view, ahead), ahead))
