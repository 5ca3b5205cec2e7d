"""An edition: a forecast of a dataset as computed, to be published in one commit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vigil import explain, horizons, tables
from vigil.datasets import Dataset
from vigil.engine import NEEDED
from vigil.forecasts import Part
from vigil.ledger import Run
from vigil.models import seasonal_naive
from vigil.models.boosted import Boosted
from vigil.panel import DAY, Index
from vigil.quality import Finding
from vigil.steps.serving import Serving
from vigil.view import WEEK, View


@dataclass(frozen=True)
class Edition:
    """What is said of every measure, by whom, and from what."""

    dataset: Dataset
    vintage: str
    serves: Serving
    run: Run
    parts: Sequence[Part] = ()

    @property
    def key(self) -> str:
        """What it is made from: there is one edition of the same."""
        return f"{self.vintage} {self.serves.model} {self.serves.version}"

    @property
    def name(self) -> str:
        """The name of its publication within the dataset."""
        return sha256(self.key.encode()).hexdigest()[:16]

    @property
    def findings(self) -> list[Finding]:
        """What is odd about it."""
        return [*self.serves.findings, *(one for part in self.parts for one in part.findings)]

    @cached_property
    def forecasts(self) -> pa.Table:
        """Rows for the table of forecasts."""
        made = [part.rows for part in self.parts if part.rows.num_rows]
        if not made:
            return tables.load("forecasts").rows([])
        rows = pa.concat_tables(made)
        naive = pc.equal(rows["model"], seasonal_naive.NAME)
        version = pc.if_else(naive, seasonal_naive.VERSION, self.serves.version)
        return tables.load("forecasts").filled(
            rows.append_column("version", version),
            dataset=self.dataset.name,
            vintage=self.vintage,
            issued_at=self.run.tick.as_of,
            run_id=self.run.run_id,
            publication=self.name,
        )

    @property
    def references(self) -> tuple[date, date] | None:
        """Its oldest and its newest reference date."""
        if not self.forecasts.num_rows:
            return None
        found = pc.min_max(self.forecasts["reference_date"])
        return found["min"].as_py(), found["max"].as_py()

    def publication(self) -> pa.Table:
        """That there is such a forecast."""
        first, last = self.references or (None, None)
        row = {
            "dataset": self.dataset.name,
            "publication": self.name,
            "vintage": self.vintage,
            "model": self.serves.model,
            "version": self.serves.version,
            "issued_at": self.run.tick.as_of,
            "published_at": self.run.started_at,
            "first_reference": first,
            "last_reference": last,
            "rows": self.forecasts.num_rows,
            "run_id": self.run.run_id,
        }
        return tables.load("publications").rows([row])

    def members(self) -> pa.Table:
        """Which series each aggregate sums."""
        rows: list[dict[str, Any]] = [
            {"dataset": self.dataset.name, **part.key._asdict(), "aggregate": group, "series": name}
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
            dataset=self.dataset.name,
            version=self.serves.version,
            publication=self.name,
        )

    def _drivers(self) -> Iterator[pa.Table]:
        models = self.serves.champion.models if self.serves.champion else {}
        for part in self.parts:
            fitted = models[part.key].fitted if part.key in models else None
            if part.seen is None or not isinstance(fitted, Boosted):
                continue
            view = part.seen.latest(NEEDED + 2 * self.dataset.horizon)
            ahead = _ends_of_weeks(view, self.dataset.horizon)
            if len(ahead):
                yield _signed(explain.drivers(fitted, view, ahead), part, view, ahead)


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
