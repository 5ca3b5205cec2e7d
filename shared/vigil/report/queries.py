"""What the report reads: small tables and views, and a few partitions of `forecasts`.

All take @dataset; EARLIER also what `earlier` says, MODEL the @version that serves.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from vigil.datasets import Dataset

WEEKS = 10  # of earlier forecasts

# Apart, because numbers of the past have no quantiles: a third of what would be read.
PAST = """
SELECT source, target, series, period, date, actual, reference_date, issued_at
FROM outlook
WHERE dataset = @dataset AND actual IS NOT NULL
"""

AHEAD = """
SELECT source, target, series, period, date, horizon,
  q025, q100, q250, q500, q750, q900, q975, phase, reference_date, model, version, issued_at
FROM outlook
WHERE dataset = @dataset AND horizon IS NOT NULL
"""

# One reference date a week, of the newest forecast's weekday where there is one.
EARLIER = """
SELECT source, target, series, period, reference_date, target_date, q025, q250, q500, q750, q975
FROM forecasts
WHERE dataset = @dataset AND serves AND period = @grain
  AND reference_date >= @since AND reference_date < @until
QUALIFY RANK() OVER (
    PARTITION BY source, target, DIV(DATE_DIFF(@until, reference_date, DAY) - 1, 7)
    ORDER BY reference_date) = 1
  AND ROW_NUMBER() OVER (
    PARTITION BY source, target, series, reference_date, target_date ORDER BY issued_at DESC) = 1
"""

DRIVERS = """
SELECT source, target, series, horizon, target_date, `rank`, driver, contribution, share, sentence
FROM drivers
WHERE dataset = @dataset
"""

# All series together by horizon and phase; single ones as a whole.
ACCURACY = """
SELECT vintage_kind, source, target, period, horizon, series, phase, n, forecasts_unscored, wis,
  naive_wis, skill, skill_low, skill_high, mae, wape, coverage50, coverage80, coverage95,
  naive_coverage95, blocks
FROM accuracy
WHERE dataset = @dataset AND (series IS NULL OR (horizon IS NULL AND phase IS NULL))
"""

HEALTH = """
SELECT source, status, last_date, issued_at, checked_at, errors, warnings, worst
FROM data_health
WHERE dataset = @dataset
ORDER BY source
"""

MODEL = """
SELECT decided_at, kind, version, recipe, champion, reason, decided_by, as_of, relative_wis,
  relative_low, relative_high, judged_against, origins, vintage_kind, served_from,
  served_until
FROM model_history
WHERE dataset = @dataset AND version = @version AND promoted
ORDER BY decided_at DESC
LIMIT 1
"""

SERIES = """
SELECT series, parent, name, place, aggregate, status
FROM series
WHERE dataset = @dataset
"""


def earlier(dataset: Dataset, references: Iterable[date]) -> dict[str, Any]:
    """The parameters of EARLIER, from the reference dates in `outlook`."""
    dates = sorted(references)
    return {
        "dataset": dataset.name,
        "grain": dataset.grain,
        "since": dates[0] - timedelta(weeks=WEEKS),
        "until": dates[-1],
    }
