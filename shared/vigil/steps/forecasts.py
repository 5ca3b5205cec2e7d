"""Forecasts: what the paths of an edition say, as rows of the tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vigil import explain, horizons, tables
from vigil.champion import Champion
from vigil.commit import Statement
from vigil.engine import NEEDED, Model
from vigil.forecasts import Part, forecast
from vigil.models import seasonal_naive
from vigil.models.boosted import Boosted
from vigil.panel import DAY, Index, Key
from vigil.quality import Finding
from vigil.steps.edition import Edition, References
from vigil.steps.outlook import outlook
from vigil.view import WEEK, View
from vigil.warehouse import Warehouse


@dataclass(frozen=True)
class Forecasts:
    """What is said of every measure."""

    edition: Edition
    parts: Sequence[Part]

    @classmethod
    def of(cls, edition: Edition, warehouse: Warehouse) -> Self:
        """From all as it was known; seasonal naive needs no more than the targets."""
        dataset, models = edition.dataset, _models(edition)
        measures = [] if models else list(dataset.targets)
        known = warehouse.panel(dataset.name, edition.run.tick.as_of, measures)
        return cls(edition, forecast(dataset, known, edition.serves.model, models))

    @property
    def findings(self) -> list[Finding]:
        """What is odd about it."""
        return [one for part in self.parts for one in part.findings]

    @property
    def rows(self) -> tuple[str, pa.Table]:
        """The forecasts."""
        return "forecasts", self.forecasts

    @cached_property
    def forecasts(self) -> pa.Table:
        """Rows for the table of forecasts."""
        made = [part.rows for part in self.parts if part.rows.num_rows]
        if not made:
            return tables.load("forecasts").rows([])
        rows = pa.concat_tables(made)
        naive = pc.equal(rows["model"], seasonal_naive.NAME)
        version = pc.if_else(naive, seasonal_naive.VERSION, self.edition.serves.version)
        rows = rows.append_column("version", version)
        return tables.load("forecasts").filled(rows, **self.edition.marks)

    @property
    def references(self) -> References:
        """Its oldest and its newest reference date."""
        if not self.forecasts.num_rows:
            return None
        found = pc.min_max(self.forecasts["reference_date"])
        return found["min"].as_py(), found["max"].as_py()

    def shown(self) -> Mapping[str, pa.Table]:
        """Members, drivers, and no outlook: that is made where the actuals are."""
        nothing = tables.load("outlook").rows([])
        return {"outlook": nothing, "contributions": self.drivers(), "members": self.members()}

    def statements(self, warehouse: str) -> list[Statement]:
        """The outlook."""
        if not self.references:
            return []
        moment = self.edition.run.tick.as_of
        return [outlook(self.edition.name, self.references, moment, warehouse)]

    def members(self) -> pa.Table:
        """Which series each aggregate sums."""
        rows: list[dict[str, Any]] = [
            {
                "dataset": self.edition.dataset.name,
                **part.key._asdict(),
                "aggregate": group,
                "series": name,
            }
            for part in self.parts
            for group, names in part.groups.items()
            for name in names
        ]
        return tables.load("members").rows(rows)

    def drivers(self) -> pa.Table:
        """What moves the forecast of each series, week by week, where trees made it."""
        spec, found = tables.load("contributions"), [*self._drivers()]
        if not found:
            return spec.rows([])
        return spec.filled(
            pa.concat_tables(found),
            dataset=self.edition.dataset.name,
            version=self.edition.serves.version,
            publication=self.edition.name,
        )

    def _drivers(self) -> Iterator[pa.Table]:
        models = _models(self.edition)
        for part in self.parts:
            fitted = models[part.key].fitted if part.key in models else None
            if part.seen is None or not isinstance(fitted, Boosted):
                continue
            view = part.seen.latest(NEEDED + 2 * self.edition.dataset.horizon)
            ahead = _ends_of_weeks(view, self.edition.dataset.horizon)
            if len(ahead):
                yield _signed(explain.drivers(fitted, view, ahead), part, view, ahead)


def _models(edition: Edition) -> Mapping[Key, Model]:
    """By measure; none where seasonal naive serves."""
    found = edition.serves.champion
    return found.models if isinstance(found, Champion) else {}


def _signed(found: pa.Table, part: Part, view: View, ahead: Index) -> pa.Table:
    """With the dates they are about; a horizon is counted as that of the forecasts is."""
    days = found["horizon"].to_numpy()
    steps = np.searchsorted(ahead, days) + 1 if view.grain == "week" else days
    columns = {
        **{name: found[name] for name in found.column_names},
        "horizon": pa.array(steps, pa.int64()),
        "target_date": pa.array(view.dates[-1] + DAY * days),
        **{name: pa.repeat(pa.scalar(one), len(days)) for name, one in part.key._asdict().items()},
    }
    return pa.table(columns)


def _ends_of_weeks(view: View, horizon: int) -> Index:
    """Days ahead: the Saturdays that are forecast, or every seventh day."""
    steps = horizons.steps(view, horizon)
    return steps[steps <= horizon] if view.grain == "week" else steps[steps % WEEK == 0]
