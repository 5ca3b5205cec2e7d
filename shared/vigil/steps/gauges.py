"""Gauges: how old the data and the champion are, how often a band held; a line in the log.

Cloud Monitoring reads the numbers from the line and alerts (terraform/monitoring.tf). Every Tick
for predict leaves one, also when there is nothing new: then most of all.
"""

from datetime import datetime, timedelta
from typing import Any

from vigil.cloud import Cloud
from vigil.datasets import Dataset
from vigil.ledger import told
from vigil.log import log
from vigil.messages import Tick
from vigil.warehouse import Warehouse

RECENT = timedelta(days=56)
ENOUGH = 50  # scores, for a share to say something
NEWEST = (
    "SELECT source, MAX(last_date) AS day FROM vintages WHERE dataset = @dataset GROUP BY source"
)
HELD = (
    "SELECT COUNTIF(covered95) AS held, COUNT(covered95) AS n FROM scores "
    "WHERE dataset = @dataset AND target_date >= @since"
)


def gauge(dataset: Dataset, tick: Tick, cloud: Cloud) -> None:
    """Say them; the step is done by then, and does not fail for a number."""
    try:
        numbers = gauges(dataset, tick.as_of, cloud.warehouse)
    except Exception as error:  # noqa: BLE001  whatever it is, the next Tick says them again
        said = f"no gauges: {told(error, dataset.name)[0]}"
        log(said, severity="WARNING", step="predict", dataset=dataset.name)
        return
    log("gauges", step="predict", dataset=dataset.name, **numbers)


def gauges(dataset: Dataset, as_of: datetime, warehouse: Warehouse) -> dict[str, Any]:
    """Days since the newest date of the live sources and of what the champion knows; coverage."""
    name = dataset.name
    live = {source for source, spec in dataset.sources.items() if spec.ended is None}
    rows = warehouse.rows(NEWEST, dataset=name)
    days = [row["day"] for row in rows if row["source"] in live and row["day"]]
    known = warehouse.head(name).champion_as_of
    [score] = warehouse.rows(HELD, dataset=name, since=(as_of - RECENT).date())
    return {
        "stale_days": max((as_of.date() - max(days)).days, 0) if days else None,
        "model_days": max((as_of - known).days, 0) if known else None,
        "coverage95": round(score["held"] / score["n"], 4) if score["n"] >= ENOUGH else None,
    }
