"""Publish: what people open, made of the tables after a commit.

It may fail: that is a finding, and the next Tick for predict makes good for it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from vigil import export, hub, report, tables
from vigil.cloud import Cloud
from vigil.commit import Head
from vigil.datasets import Dataset
from vigil.ledger import finding_row, told
from vigil.log import log
from vigil.messages import Tick
from vigil.quality import Finding
from vigil.steps.readings import Reading, classified

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
    for name, (kind, made) in FILES[dataset.task](dataset, head, cloud).items():
        place = f"{dataset.name}/{name}"
        if cloud.reports.stamp(place) != stamp:
            cloud.reports.replace(place, made(), kind=kind, stamp=stamp)
    return f"gs://{cloud.reports.name}/{dataset.name}/"


def fetch(dataset: Dataset, cloud: Cloud, file: Path) -> Path:
    """The report as a file on this machine, brought up to the tables first."""
    cloud = cloud.of(dataset.name)
    bring_up(dataset, cloud)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(cloud.reports.read(f"{dataset.name}/report.html"))
    return file


Files = Mapping[str, tuple[str, Callable[[], bytes]]]  # name -> kind, and how it is made


def _forecast(dataset: Dataset, head: Head, cloud: Cloud) -> Files:
    reading = Reading(dataset, head, cloud)
    return {
        "report.html": (HTML, lambda: report.page(reading.shown)),
        "forecasts.csv": (CSV, lambda: export.forecasts(reading.found["forecasts"])),
        "hub.csv": (CSV, lambda: hub.csv(reading.found["hub"])),
    }


def _classify(dataset: Dataset, head: Head, cloud: Cloud) -> Files:
    """Nothing of single records: counts and curves alone."""
    return {"report.html": (HTML, lambda: report.classes(classified(dataset, head, cloud)))}


FILES: Mapping[str, Callable[[Dataset, Head, Cloud], Files]] = {
    "forecast": _forecast,
    "classify": _classify,
}
