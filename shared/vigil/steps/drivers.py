"""Why the newest forecast of a series is what it is: what the view `drivers` says of it."""

from typing import Any

from vigil import datasets
from vigil.cloud import Cloud
from vigil.errors import Rejected

DRIVERS = (
    "SELECT target, source, horizon, target_date, `rank`, driver, contribution, share, sentence "
    "FROM drivers WHERE dataset = @dataset AND series = @series "
    "ORDER BY target, source, target_date, `rank`"
)
FORECAST = (
    "SELECT DISTINCT model FROM outlook "
    "WHERE dataset = @dataset AND series = @series AND horizon IS NOT NULL ORDER BY model"
)
AGGREGATE = "SELECT 1 FROM members WHERE dataset = @dataset AND aggregate = @series LIMIT 1"


def drivers(dataset: str, series: str, cloud: Cloud) -> list[dict[str, Any]]:
    """The drivers of every target and date, strongest first."""
    asked = datasets.load(dataset)
    name = asked.name
    if asked.task == "classify":
        found = "one to classify: its drivers are in the view latest_classifications"
        raise Rejected(name, rule="name", expected="a dataset to forecast", found=found)
    warehouse = cloud.of(name).warehouse
    rows = warehouse.rows(DRIVERS, dataset=name, series=series)
    if rows:
        return rows
    models = [row["model"] for row in warehouse.rows(FORECAST, dataset=name, series=series)]
    if warehouse.rows(AGGREGATE, dataset=name, series=series):
        why = "an aggregate, which is the sum of its places: ask for one of those"
    elif models:
        why = f"a forecast by {' and '.join(models)}, which has no drivers"
    elif series in warehouse.series(name):
        why = f"no forecast of it: run `vigil predict {name}` first"
    else:
        why = f"{series!r}, which {name} does not have"
    raise Rejected("--series", rule="name", expected="a series that a model explains", found=why)
