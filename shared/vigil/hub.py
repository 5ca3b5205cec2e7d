"""The file hub.csv: a forecast as a hubverse hub takes it, one round of weeks."""

import pyarrow as pa
import pyarrow.compute as pc

from vigil.export import csv_text, rounded

COLUMNS = (
    *("reference_date", "target", "horizon", "target_end_date", "location"),
    *("output_type", "output_type_id", "value"),
)
WEEKS = (
    f"SELECT {', '.join(COLUMNS)} FROM hub_forecasts WHERE dataset = @dataset AND period = 'week' "
    "ORDER BY target, location, horizon, output_type_id"
)
DECIMALS = 3  # levels have as many


def csv(rows: pa.Table) -> bytes:
    """What WEEKS finds, as far as it is of the newest reference date: a file is one round."""
    newest = pc.equal(rows["reference_date"], pc.max(rows["reference_date"]))
    return csv_text(COLUMNS, rounded(rows.filter(newest), DECIMALS).to_pylist()).encode()
