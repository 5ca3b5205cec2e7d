"""Tables of scores as `vigil.outcomes` makes them, written in short."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa

FIRST = date(2022, 1, 2)
WEEK = timedelta(weeks=1)


def rows(
    model: str,
    wis: Sequence[float | None],
    *,
    target: str = "deaths",
    source: str = "dead",
    kind: str = "known",
    start: int = 0,
    series: str = "France",
) -> pa.Table:
    """One series and horizon: a score a weekly origin."""
    columns = {
        "target": target,
        "source": source,
        "model": model,
        "vintage_kind": kind,
        "series": series,
        "horizon": 1,
    }
    found = {name: pa.repeat(value, len(wis)) for name, value in columns.items()}
    days = pa.array([FIRST + WEEK * (start + n) for n in range(len(wis))], pa.date32())
    return pa.table({**found, "origin": days, "wis": pa.array(wis, pa.float64())})


def table(models: Mapping[str, Sequence[float | None]], **same: str | int) -> pa.Table:
    """Several models on the same origins."""
    return pa.concat_tables([rows(model, wis, **same) for model, wis in models.items()])
