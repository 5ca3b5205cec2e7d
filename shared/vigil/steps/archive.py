"""What the warehouse says of a dataset, as of any moment."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache, partial

import numpy as np

from vigil import horizons
from vigil.backtest import Fit, Walk
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.models.seasonal_naive import NAME as BASELINE
from vigil.origins import Origin, Publications, weekly
from vigil.panel import Key, Panel
from vigil.shelf import Files, Shelf, name_of
from vigil.steps.predict import nothing_known
from vigil.view import View, as_known, view
from vigil.warehouse import Warehouse


class Archive:
    """One dataset, up to a moment; what is read often is read once."""

    def __init__(self, dataset: Dataset, as_of: datetime, warehouse: Warehouse) -> None:
        self.dataset, self.as_of, self.warehouse = dataset, as_of, warehouse
        # Panels: of now, an origin, the first vintage. Views: of an origin and the one of its fit.
        self.panel = lru_cache(maxsize=3)(self._panel)
        self.sight = lru_cache(maxsize=2)(self._sight)

    def _panel(self, moment: datetime) -> Panel:
        return self.warehouse.panel(self.dataset.name, moment)

    @cached_property
    def vintage(self) -> str:
        """The newest one."""
        if found := self.warehouse.vintage(self.dataset.name, self.as_of):
            return found
        raise nothing_known(self.dataset.name, self.as_of)

    @cached_property
    def publications(self) -> dict[Key, Publications]:
        """What each vintage brought of each measure."""
        sql = (
            "SELECT source, target, issued_at, MAX(date) AS last FROM observations "
            "WHERE dataset = @dataset AND issued_at <= @as_of AND value IS NOT NULL "
            "GROUP BY source, target, issued_at ORDER BY issued_at"
        )
        found: dict[Key, list[tuple[datetime, date]]] = {}
        for row in self.warehouse.rows(sql, dataset=self.dataset.name, as_of=self.as_of):
            own = found.setdefault(Key(row["source"], row["target"]), [])
            own.append((row["issued_at"], row["last"]))
        lags = {name: one.publication_lag for name, one in self.dataset.measures.items()}
        return {
            key: Publications(
                [issued for issued, _ in own],
                [last for _, last in own],
                timedelta(days=lags[key.target]),
            )
            for key, own in found.items()
            if key.target in lags
        }

    @property
    def ahead(self) -> timedelta:
        """From an origin to the end of its forecast."""
        return timedelta(days=horizons.ahead(self.dataset.horizon, self.dataset.grain))

    def settled(self, key: Key, latest: View, count: int) -> list[Origin]:
        """The newest origins whose outcome is settled."""
        final = self.as_of.date() - timedelta(days=latest.measure.settle_days)
        return self.origins(key, latest, self.ahead, count, final)

    def origins(
        self, key: Key, latest: View, ahead: timedelta, count: int, until: date = date.max
    ) -> list[Origin]:
        """The newest of which so much ahead has come, by a day."""
        first, last = (latest.dates[at].astype(date) for at in (0, -1))
        return weekly(self.publications[key], first, min(last, until), ahead, count)

    def walk(
        self, key: Key, days: Sequence[Origin], model: str, *, refit: int, files: Files, fit: Fit
    ) -> Walk:
        """One model on one measure; its shelf is named after all that decides what lies on it."""
        said = {
            "dataset": self.dataset.model_dump(mode="json"),
            "key": list(key),
            "model": model,
            "refit": refit,
            "vintage": self.vintage,
            "origins": [[one.day.isoformat(), one.kind] for one in days],
        }
        return Walk(
            partial(self.sight, key), days, self.dataset.horizon, fit, refit,
            Shelf(files, f"{key.target}-{key.source}-{model}-{name_of(said)}"),
            calibrated=model != BASELINE,
        )  # fmt: skip

    def latest(self, key: Key) -> View | None:
        """What is known by now."""
        return view(self.dataset, self.panel(self.as_of), key)

    def _sight(self, key: Key, origin: Origin) -> View:
        """What was known then."""
        if origin.kind == "known":
            panel = self.panel(origin.moment)
        else:
            first = self.panel(self.publications[key].moments[0])
            panel = as_known(first, self.dataset, np.datetime64(origin.day, "D"))
        if (seen := view(self.dataset, panel, key)) is None:
            raise refused(key.name, f"numbers by {origin.day}", "none")
        return seen


def refused(
    where: str, expected: str, found: str, *, rule: str = "name", remedy: str = ""
) -> Rejected:
    """An input that cannot be used."""
    return Rejected(where, rule=rule, expected=expected, found=found, remedy=remedy)
