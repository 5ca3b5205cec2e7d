"""Publish: what people open, made of the tables after a commit.

It may fail: that is a finding, and the next Tick for predict makes good for it.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from vigil import export, hub, report, tables
from vigil.cloud import Cloud
from vigil.commit import Head
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.ledger import finding_row, told
from vigil.log import log
from vigil.messages import Tick
from vigil.quality import Finding
from vigil.report import Shown, queries

ASKED = {
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
AT_ONCE = 2
HTML, CSV = "text/html; charset=utf-8", "text/csv; charset=utf-8"


def publish(dataset: Dataset, tick: Tick, cloud: Cloud) -> None:
    """Bring the files up to the tables, as far as they are not."""
    try:
        bring_up(dataset, cloud)
    except Exception as error:  # noqa: BLE001  whatever it is, the forecast stands
        said, trace = told(error, dataset.name)
        log(said, severity="ERROR", dataset=dataset.name, rule="report", stack_trace=trace)
        finding = Finding("report", "warning", f"{dataset.name}.report", "its files written", said)
        row = finding_row(finding, "predict", dataset.name, tick.as_of)
        cloud.warehouse.append("findings", tables.load("findings").rows([row]))


def bring_up(dataset: Dataset, cloud: Cloud) -> str:
    """Write each file that shows another state of the tables; its folder is returned."""
    head = cloud.warehouse.head(dataset.name)
    stamp = f"{head.revision} {cloud.settings.revision}"
    shown = Reading(dataset, head, cloud)
    for name, (kind, made) in FILES.items():
        place = f"{dataset.name}/{name}"
        if cloud.reports.stamp(place) != stamp:
            cloud.reports.replace(place, made(shown), kind=kind, stamp=stamp)
    return f"gs://{cloud.reports.name}/{dataset.name}/"


def fetch(dataset: Dataset, cloud: Cloud, file: Path) -> Path:
    """The report as a file on this machine, brought up to the tables first."""
    if dataset.task == "classify":
        raise Rejected(
            dataset.name,
            rule="name",
            expected="a dataset that is forecast",
            found="one to classify",
        )
    bring_up(dataset, cloud)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(cloud.reports.read(f"{dataset.name}/report.html"))
    return file


@dataclass(frozen=True)
class Reading:
    """What the files are made of; what several need is read once."""

    dataset: Dataset
    head: Head
    cloud: Cloud

    @cached_property
    def found(self) -> dict[str, pa.Table]:
        """The answers to all questions, asked side by side: BigQuery takes its time for each."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return dict(zip(ASKED, pool.map(self._ask, ASKED.values()), strict=True))

    def _ask(self, sql: str) -> pa.Table:
        names = {"dataset": self.dataset.name, "version": self.head.champion or ""}
        return self.cloud.warehouse.arrow(sql, **names)

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


FILES: Mapping[str, tuple[str, Callable[[Reading], bytes]]] = {
    "report.html": (HTML, lambda reading: report.page(reading.shown)),
    "forecasts.csv": (CSV, lambda reading: export.forecasts(reading.found["forecasts"])),
    "hub.csv": (CSV, lambda reading: hub.csv(reading.found["hub"])),
}
