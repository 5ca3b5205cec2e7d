"""Looker Studio: a link that wires a report to the views, and the charts of docs/looker.md."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from vigil.settings import Settings
from vigil.warehouse import Warehouse

COLUMNS = "SELECT table_name, column_name FROM `{}`.INFORMATION_SCHEMA.COLUMNS"


@dataclass(frozen=True)
class Chart:
    """A chart or control of the report: columns of a view, apart by spaces."""

    title: str
    kind: str
    view: str
    dimensions: str
    metrics: str = ""
    filters: str = ""  # columns in backticks

    @property
    def columns(self) -> list[str]:
        """The columns that it names."""
        named = [*self.dimensions.split(), *self.metrics.split()]
        return [*named, *re.findall(r"`(\w+)`", self.filters)]


def _lists(view: str, columns: str) -> tuple[Chart, ...]:
    return tuple(Chart(f"Choose a {one}", "drop-down list", view, one) for one in columns.split())


KNOWN = "`vintage_kind` = known"
SKILL = "skill skill_low skill_high n"
FORECAST = (
    *_lists("latest_forecasts", "dataset target series period"),
    Chart(
        *("What was and what may come", "time series", "latest_forecasts", "target_date"),
        "actual median low80 high80 low95 high95",
    ),
    Chart(
        *("The next dates", "table with bars", "latest_forecasts", "series target_date"),
        *("median low80 high80", "`horizon` is not null"),
    ),
    Chart("Why", "table", "drivers", "target_date rank sentence", "share"),
)
ACCURACY = (
    *_lists("accuracy", "dataset target period"),
    Chart(
        *("Skill by horizon", "bar chart", "accuracy", "horizon", SKILL),
        f"{KNOWN}; `horizon` is not null",
    ),
    Chart(
        *("Skill by phase", "bar chart", "accuracy", "phase", SKILL),
        f"{KNOWN}; `phase` is not null",
    ),
    Chart(
        *("Honesty", "line chart", "accuracy", "horizon"),
        "coverage50 coverage80 coverage95 naive_coverage95",
        f"{KNOWN}; `horizon` is not null",
    ),
    Chart(
        *("Places", "table", "accuracy", "series"),
        "n forecasts_unscored wis naive_wis skill rmsle",
        f"{KNOWN}; `series` is not null",
    ),
    Chart(
        *("Past origins", "table", "accuracy", "vintage_kind horizon"),
        f"wis naive_wis {SKILL}",
        "`vintage_kind` is not known",
    ),
    Chart(
        *("Forecasts over what came", "time series", "forecast_vs_actual", "target_date"),
        "median low95 high95 actual actual_now",
        "`dataset`, `target`, `series`, `period`, `horizon` are one each; "
        "`reference_date` in the last 90 days",
    ),
)
HEALTH = (
    *_lists("data_health", "dataset"),
    Chart(
        *("Sources", "table", "data_health"),
        *("dataset source status last_date checked_at worst", "errors warnings"),
    ),
    Chart(
        *("Revisions by age", "column chart", "revisions", "first_day target"),
        *("relative_size revisions_per_value", "`dataset` is one"),
    ),
)
MODELS = (
    *_lists("model_history", "dataset"),
    Chart(
        *("Who served", "timeline", "model_history"),
        *("recipe version served_from served_until", "", "`promoted` is true"),
    ),
    Chart(
        *("Decisions", "table", "model_history"),
        "decided_at kind promoted version recipe judged_against vintage_kind decided_by reason",
        "relative_wis relative_low relative_high origins",
    ),
)
COSTS = (
    *_lists("pipeline_runs", "dataset"),
    Chart(
        *("US dollars a day", "stacked column chart", "pipeline_runs", "started_at step"),
        "estimated_cost",
    ),
    Chart(
        *("Freshness", "line chart", "pipeline_runs", "started_at dataset"),
        *("freshness_minutes", "`step` = predict; `status` = done"),
    ),
    Chart(
        *("Steps", "table", "pipeline_runs", "step status"),
        "seconds vcpu_seconds peak_mb rows_committed billed_bytes estimated_cost",
    ),
)
PAGES = {
    "Forecast": FORECAST,
    "Accuracy": ACCURACY,
    "Health": HEALTH,
    "Models": MODELS,
    "Costs": COSTS,
}


def charts() -> Iterator[Chart]:
    """All of all pages."""
    for page in PAGES.values():
        yield from page


def sources() -> list[str]:
    """The views that they read, each once."""
    return list(dict.fromkeys(chart.view for chart in charts()))


def url(settings: Settings) -> str:
    """The link: a report with a data source for every view; charts come from a template."""
    said = {"c.mode": "edit", "r.reportName": "Vigil"}
    if settings.looker_template:
        said["c.reportId"] = settings.looker_template
    for view in sources():
        wired = {
            "connector": "bigQuery",
            "datasourceName": view,
            "type": "TABLE",
            "projectId": settings.project,
            "datasetId": settings.views,
            "tableId": view,
            "billingProjectId": settings.project,
        }
        said |= {f"ds.{view}.{name}": value for name, value in wired.items()}
        if settings.looker_template:
            said[f"ds.{view}.refreshFields"] = "false"  # the template's formats stay
    return f"https://{settings.looker_host}/reporting/create?{urlencode(said)}"


def preflight(warehouse: Warehouse) -> list[str]:
    """What the charts name and the warehouse does not have."""
    there: dict[str, set[str]] = {}
    for row in warehouse.rows(COLUMNS.format(warehouse.name)):
        there.setdefault(row["table_name"], set()).add(row["column_name"])
    missing = [f"no view {view}" for view in sources() if view not in there]
    for chart in charts():
        found = there.get(chart.view, {*chart.columns})
        gone = [column for column in chart.columns if column not in found]
        missing += [f"view {chart.view}: no column {one}, for {chart.title!r}" for one in gone]
    return missing
