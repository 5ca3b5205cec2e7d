"""The data of a page: columns instead of rows, and each text once."""

import base64
import gzip
import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vigil.models import seasonal_naive
from vigil.report import grids, queries, words
from vigil.report.digits import plain, short
from vigil.report.notices import notices
from vigil.report.shown import Classified, Row, Shown
from vigil.report.tree import places

SHOWN_DAYS = 7  # of daily forecasts every seventh has its drivers shown, and the first


def data(shown: Shown, weeks: int = queries.WEEKS) -> dict[str, Any]:
    """All that the page's script reads, with the earlier forecasts of so many weeks."""
    dataset = shown.dataset
    seen = pc.unique(shown.outlook["series"]).to_pylist()
    return {
        **about(shown),
        "grain": dataset.grain,
        "horizon": dataset.horizon,
        "notices": notices(shown),
        "places": places(seen, shown.series),
        "measures": [_measure(shown, weeks, key, rows) for key, rows in _measures(shown)],
        "drivers": _drivers(shown),
        "accuracy": table(shown.accuracy),
    }


def about(shown: Shown | Classified) -> dict[str, Any]:
    """What every page says of its dataset, its sources and its model."""
    dataset = shown.dataset
    return {
        "title": dataset.title,
        "producer": dataset.producer,
        "licence": dataset.licence,
        "citation": dataset.citation,
        "homepage": str(dataset.homepage),
        "made": shown.made.isoformat(),
        "health": [plain_row(row) for row in shown.health],
        "model": plain_row(shown.model) if shown.model else None,
    }


def packed(said: dict[str, Any]) -> str:
    """As text that no markup can be read out of: JSON, gzip, base64."""
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), 7, mtime=0)).decode()


def _measures(shown: Shown) -> list[tuple[tuple[str, str], pa.Table]]:
    order = list(shown.dataset.targets)
    found = list(grids.groups(shown.outlook, "source", "target"))
    return sorted(found, key=lambda one: order.index(one[0][1]))


def _measure(shown: Shown, weeks: int, key: tuple[str, str], rows: pa.Table) -> dict[str, Any]:
    """One target of one source: every place it has, by day, by week and in total."""
    source, target = key
    series = sorted(pc.unique(rows["series"]).to_pylist())
    spec = shown.dataset.targets[target]
    ahead = rows.filter(pc.is_valid(rows["horizon"]))
    known = pc.max(rows["reference_date"]).as_py()
    past = _of(shown.earlier, source, target)
    past = past.filter(pc.less(past["reference_date"], known))
    return {
        "source": source,
        "target": target,
        "noun": words.nouns(shown.dataset)[target],
        "unit": spec.unit,
        "titles": words.titles(shown.dataset, target),
        "counts": spec.counts,
        "ended": _ended(shown, source),
        "known": grids.day(known),
        "issued": pc.max(rows["issued_at"]).as_py().isoformat(),
        "series": series,
        "phase": _last(ahead, series, "phase"),
        "naive": [model == seasonal_naive.NAME for model in _last(ahead, series, "model")],
        "periods": {
            period: grids.period(own, series) for (period,), own in grids.groups(rows, "period")
        },
        "earlier": grids.earlier(past, series, weeks),
    }


def _ended(shown: Shown, line: str) -> int | None:
    """The last date of a source that has ended; of a succession, of its last."""
    last = list(shown.dataset.members(line))[-1]
    for row in shown.health:
        if row["source"] == last and row["status"] == "ended" and row["last_date"]:
            return grids.day(row["last_date"])
    return None


def _of(rows: pa.Table, source: str, target: str) -> pa.Table:
    same = pc.and_(pc.equal(rows["source"], source), pc.equal(rows["target"], target))
    return rows.filter(same)


def _last(rows: pa.Table, series: list[str], column: str) -> list[str | None]:
    """What a column says of each series."""
    said = dict(zip(rows["series"].to_pylist(), rows[column].to_pylist(), strict=True))
    return [said.get(name) for name in series]


def _drivers(shown: Shown) -> dict[str, Any]:
    rows = shown.drivers.sort_by([("series", "ascending"), ("rank", "ascending")])
    if shown.dataset.grain == "day" and rows.num_rows:
        ahead = rows["horizon"].to_numpy()
        rows = rows.filter(pa.array((ahead == 1) | (ahead % SHOWN_DAYS == 0)))
    return table(rows)


def table(rows: pa.Table) -> dict[str, Any]:
    """Rows as columns; dates as days, numbers short, each text once."""
    return {name: _column(rows[name].combine_chunks()) for name in rows.column_names}


def _column(values: pa.Array) -> Any:
    if pa.types.is_date(values.type):
        return pc.cast(values, pa.int32()).to_pylist()
    if pa.types.is_floating(values.type):
        return plain(short(values.to_numpy(zero_copy_only=False)))
    if pa.types.is_string(values.type):
        texts = values.dictionary_encode()
        return {"of": texts.dictionary.to_pylist(), "at": texts.indices.to_pylist()}
    return values.to_pylist()


def plain_row(row: Row) -> dict[str, Any]:
    """A row whose dates and moments are text."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in row.items()
    }
