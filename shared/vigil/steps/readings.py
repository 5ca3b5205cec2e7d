"""Readings: what the files that people open are made of, asked of the tables once."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

import pyarrow as pa

from vigil import export, hub, tables
from vigil.cloud import Cloud
from vigil.commit import Head
from vigil.datasets import Dataset
from vigil.report import Classified, Shown, class_queries, queries
from vigil.report.shown import Row

SERIES = {
    "past": queries.PAST,
    "ahead": queries.AHEAD,
    "drivers": queries.DRIVERS,
    "accuracy": queries.ACCURACY,
    "health": queries.HEALTH,
    "model": queries.MODEL,
    "series": queries.SERIES,
    "forecasts": export.FORECASTS,
    "hub": hub.WEEKS,
}
CLASSES = {
    "bands": class_queries.BANDS,
    "scores": class_queries.SCORES,
    "assessments": class_queries.ASSESSMENTS,
    "curves": class_queries.CURVES,
    "drift": class_queries.DRIFT,
    "health": queries.HEALTH,
    "model": queries.MODEL,
}
AT_ONCE = 2


@dataclass(frozen=True)
class Reading:
    """Of a dataset that is forecast."""

    dataset: Dataset
    head: Head
    cloud: Cloud

    @cached_property
    def found(self) -> dict[str, pa.Table]:
        """The answers to all questions."""
        return _asked(self.cloud, SERIES, self.dataset.name, self.head.champion)

    @cached_property
    def shown(self) -> Shown:
        """All that the report tells."""
        parts = [self.found[name] for name in ("past", "ahead")]
        outlook = pa.concat_tables(parts, promote_options="default")
        known = outlook["reference_date"].unique().to_pylist()
        return Shown(
            self.dataset,
            datetime.now(UTC),
            outlook=outlook,
            earlier=self._earlier(known),
            drivers=self.found["drivers"],
            accuracy=self.found["accuracy"],
            health=self.found["health"].to_pylist(),
            model=next(iter(self.found["model"].to_pylist()), None),
            series=self.found["series"].to_pylist(),
        )

    def _earlier(self, references: Sequence[date]) -> pa.Table:
        """The forecasts of the weeks before; none of what has not been forecast."""
        if not references:
            return tables.load("forecasts").rows([])
        told = queries.earlier(self.dataset, references)
        return self.cloud.warehouse.arrow(queries.EARLIER, **told)


def classified(dataset: Dataset, head: Head, cloud: Cloud) -> Classified:
    """All that the report of a dataset that is classified tells."""
    made = next(iter(cloud.warehouse.rows(class_queries.PUBLICATION, dataset=dataset.name)), None)
    version = made["version"] if made else head.champion
    found = _asked(cloud, CLASSES, dataset.name, version)
    said = {name: rows.to_pylist() for name, rows in found.items()}
    return Classified(
        dataset,
        datetime.now(UTC),
        publication=made,
        drivers=_drivers(dataset, made, cloud) if made else [],
        model=next(iter(said.pop("model")), None),
        **said,
    )


def _drivers(dataset: Dataset, made: Row, cloud: Cloud) -> list[Row]:
    """What moves the records of a publication."""
    names = {name: made[name] for name in ("publication", "issued_at", "rows")}
    return [*cloud.warehouse.rows(class_queries.DRIVERS, dataset=dataset.name, **names)]


def _asked(
    cloud: Cloud, asked: Mapping[str, str], dataset: str, version: str | None
) -> dict[str, pa.Table]:
    """Side by side: BigQuery takes its time for each."""

    def ask(sql: str) -> pa.Table:
        return cloud.warehouse.arrow(sql, dataset=dataset, version=version or "")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(asked, pool.map(ask, asked.values()), strict=True))
