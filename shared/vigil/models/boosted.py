"""The model that serves: gradient-boosted trees on every series and origin at once.

Two members, averaged. One learns the change from the level, the other what the line of growth
leaves of it: trees know when growth turns, a line how far it may go.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from vigil.bundle import Bundle, json_bytes
from vigil.features import CALENDAR, Cells, anchor, features, grid_of, rows
from vigil.levels import spread
from vigil.models.boosters import Booster
from vigil.models.line import Line
from vigil.panel import Floats, Index
from vigil.view import WEEK, View

MEMBERS = ("free", "on the line")
FITTED = (0.025, 0.25, 0.5, 0.75, 0.975)


@dataclass(frozen=True)
class Boosted:
    """A line of growth, and for each member a booster a quantile."""

    ahead: int
    names: tuple[str, ...]
    line: Line
    members: dict[str, tuple[Booster, ...]]

    def quantiles(self, view: View, horizons: Index) -> Floats:
        """Of the view's last day: levels x horizons x series."""
        made = features(view, self.ahead)
        cells = grid_of(np.array([view.last]), horizons, len(view.series))
        table, base = rows(view, made, cells), anchor(view, made, cells)
        shift = dict(zip(MEMBERS, (0 * base, self.line.change(view, made, cells)), strict=True))
        part = unknown(view, cells)
        changes = [
            np.array([one.predict(table) for one in boosters]) * part + shift[member]
            for member, boosters in self.members.items()
        ]
        levels = spread(FITTED, base + np.mean(changes, axis=0))
        return levels.reshape(len(levels), len(horizons), len(view.series))

    def gains(self) -> dict[str, float]:
        """How much each feature has told the trees of the median, largest first."""
        middle = FITTED.index(0.5)
        trees = [trained[middle] for trained in self.members.values()]
        gain = np.sum([one.gains() for one in trees], axis=0)
        order = np.argsort(-gain, kind="stable")
        names = (*self.names, *CALENDAR)
        return {names[at]: round(float(gain[at]), 6) for at in order}

    def files(self) -> dict[str, bytes]:
        """As files of a bundle."""
        said = {"ahead": self.ahead, "names": list(self.names), "line": self.line.to_json()}
        trees = {
            _file(member, level): one.text
            for member, trained in self.members.items()
            for level, one in zip(FITTED, trained, strict=True)
        }
        return {"model.json": json_bytes(said), **trees}


def unknown(view: View, cells: Cells) -> Floats:
    """The part of a target week that is not known yet: a change can only come from there."""
    whole = WEEK if view.grain == "week" else 1
    part: Floats = np.minimum(cells.horizon, whole) / whole
    return part


def load(bundle: Bundle) -> Boosted:
    """From the files of a bundle that was checked."""
    said: dict[str, Any] = bundle.json("model.json")
    members = {
        member: tuple(Booster(bundle.body(_file(member, level))) for level in FITTED)
        for member in MEMBERS
    }
    return Boosted(said["ahead"], tuple(said["names"]), Line.from_json(said["line"]), members)


def _file(member: str, level: float) -> str:
    return f"{member.replace(' ', '_')}_q{level * 1000:03.0f}.txt"
