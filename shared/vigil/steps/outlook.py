"""The outlook: a small table of what is shown of a dataset, made of what the others hold."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from vigil import tables
from vigil.commit import Statement
from vigil.datasets import Dataset
from vigil.engine import keys
from vigil.forecasts import QUANTILES
from vigil.view import WEEK

HISTORY = {"day": 120, "week": 104 * WEEK, "total": 30}  # days of actuals
GAP = 60  # days of numbers before them: enough for the gap before a rise


def outlook(
    publication: str, references: tuple[date, date], as_of: datetime, warehouse: str
) -> Statement:
    """The latest actuals, and the forecast that the commit publishes."""
    columns = ", ".join(tables.load("outlook").columns)
    quantiles = ", ".join(QUANTILES)
    nothing = ", ".join(f"NULL AS {name}" for name in QUANTILES)
    recent = " OR ".join(
        f"(a.period = '{period}' AND a.date > DATE_SUB(r.reference_date, INTERVAL {days} DAY))"
        for period, days in HISTORY.items()
    )
    sql = f"""INSERT INTO outlook ({columns})
  WITH made AS (
    SELECT * FROM forecasts
    WHERE dataset = @dataset AND publication = @p_name AND serves
      AND reference_date BETWEEN @p_first AND @p_last
  ),
  known AS (
    SELECT source, target, MAX(reference_date) AS reference_date, MAX(vintage) AS vintage
    FROM made
    GROUP BY source, target
  )
  SELECT
    dataset, source, target, series, period, target_date AS date, NULL AS actual, horizon,
    {quantiles}, mean, phase, reference_date, model, version, vintage, issued_at, publication
  FROM made
  UNION ALL
  SELECT
    a.dataset, a.source, a.target, a.series, a.period, a.date, a.value AS actual, NULL AS horizon,
    {nothing}, NULL AS mean, NULL AS phase, r.reference_date, NULL AS model, NULL AS version,
    r.vintage, @p_moment AS issued_at, @p_name AS publication
  FROM `{warehouse}.actuals_asof`(@p_moment, @p_since) AS a
  JOIN known AS r ON a.source = r.source AND a.target = r.target
  WHERE a.dataset = @dataset AND a.date <= r.reference_date AND ({recent})"""
    first, last = references
    parameters = {
        "p_name": publication,
        "p_first": first,
        "p_last": last,
        "p_moment": as_of,
        "p_since": first - timedelta(days=max(HISTORY.values()) + GAP),
    }
    return Statement(sql, parameters)


def measures(dataset: Dataset) -> pa.Table:
    """What the dataset's file says of each target, and of its records."""
    shown = {"unit", "cumulative", "adds_up", "non_negative", "settle_days"}
    rows = [
        {
            "dataset": dataset.name,
            **key._asdict(),
            "grain": dataset.grain,
            "horizon": dataset.horizon,
            **dataset.targets[key.target].model_dump(include=shown),
            **_asked(dataset),
        }
        for key in keys(dataset)
    ]
    return tables.load("measures").rows(rows)


def _asked(dataset: Dataset) -> dict[str, Any]:
    """The rule of the outcome, and the fields that group records; none of a forecast."""
    if (asked := dataset.classification) is None:
        return {}
    return {
        "outcome": asked.outcome.field,
        "above": asked.outcome.above,
        "grouped_by": json.dumps(asked.groups),
    }
