"""Layouts: how the bytes of a source become grids. Columns are bound by name, cast once, here."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vigil import cells
from vigil.datasets import Dataset, Source
from vigil.errors import Rejected
from vigil.panel import Dates, Floats, Key, Panel, grid, scatter
from vigil.quality import Finding

Attributes = dict[str, dict[str, float]]  # series -> what is said of it


@dataclass(frozen=True)
class Parsed:
    """What a file holds: its grids, what is said of its series, what struck the reader."""

    panel: Panel
    attributes: Attributes = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def parse(dataset: Dataset, name: str, body: bytes) -> Parsed:
    """Read one source's file, or reject it with what was expected and what was found."""
    source = dataset.sources[name]
    where = f"{dataset.name}.{name}"
    table = cells.read(source, body, where)
    parsed = LAYOUTS[source.layout](dataset, name, table, where)
    if not any(one.known for one in parsed.panel.values()):
        raise Rejected(where, rule="empty", expected="values", found="none")
    return parsed


def wide(dataset: Dataset, name: str, table: pa.Table, where: str) -> Parsed:
    """A row a series, a column a date."""
    source = dataset.sources[name]
    [target] = dataset.columns(name)
    dates = {c: d for c in table.column_names if (d := cells.as_date(c, source.date_format))}
    declared = [*source.series, *source.attributes.values(), *dates]
    findings = _columns(source, table, declared, where)
    if not dates:
        raise Rejected(
            where,
            rule="columns",
            expected=f"columns that are dates such as {cells.example(source.date_format)}",
            found=f"{table.column_names[:6]} in {table.num_columns - 1} columns",
        )
    days = np.array(list(dates.values()), "datetime64[D]")
    cells.check_unique(days, "date column", where)
    series = _series(source, table, where)
    cells.check_unique(np.array(series, dtype=object), "row for each series", where)
    values = np.array([cells.numbers(table, column, source, where) for column in dates])
    attributes = _attributes(source, table, series, where)
    one = grid(days, series, values.reshape(len(days), len(series)))
    return Parsed({Key(name, target): one}, attributes, findings)


def long(dataset: Dataset, name: str, table: pa.Table, where: str) -> Parsed:
    """A row a series and date, a column a measure."""
    source = dataset.sources[name]
    measures = {target: column or "" for target, column in dataset.columns(name).items()}
    declared = [source.date or "", *source.series, *source.where, *measures.values()]
    findings = _columns(source, table, [*declared, *source.attributes.values()], where)
    for column, kept in source.where.items():
        table = table.filter(pc.equal(table[column], kept))
    series = pa.array(_series(source, table, where), pa.string()).dictionary_encode()
    days = cells.dates(table, source, where)
    values = {
        Key(name, target): cells.numbers(table, column, source, where)
        for target, column in measures.items()
        if column in table.column_names
    }
    repeated = _repeats(days, series, list(values.values()), where)
    panel = {key: scatter(days, series, numbers) for key, numbers in values.items()}
    attributes = _attributes(source, table, series.to_pylist(), where)
    return Parsed(panel, attributes, (*findings, *repeated))


def _repeats(
    days: Dates, series: pa.DictionaryArray, values: list[Floats], where: str
) -> tuple[Finding, ...]:
    """Rows that say the same twice are counted once; rows that disagree are a breach."""
    codes = series.indices.to_numpy()
    order = np.lexsort([days, codes])
    days, codes = days[order], codes[order]
    again = np.flatnonzero((days[1:] == days[:-1]) & (codes[1:] == codes[:-1])) + 1
    for numbers in values:
        here, before = numbers[order][again], numbers[order][again - 1]
        differ = again[(here != before) & ~(np.isnan(here) & np.isnan(before))]
        if len(differ):
            names = series.dictionary.to_pylist()
            worst = [f"{names[codes[row]]} on {days[row]}" for row in differ[:3]]
            raise Rejected(
                where,
                rule="duplicates",
                expected="one row for each series and date",
                found=f"{len(differ)} that disagree with another: {', '.join(worst)}",
            )
    if not len(again):
        return ()
    found = f"{len(again)} repeated rows, counted once"
    expected = "one row for each series and date"
    return (Finding("duplicates", "warning", where, expected, found, count=len(again)),)


LAYOUTS: dict[str, Callable[[Dataset, str, pa.Table, str], Parsed]] = {"wide": wide, "long": long}


def _columns(
    source: Source, table: pa.Table, declared: list[str], where: str
) -> tuple[Finding, ...]:
    """A missing column is a breach, an extra one a finding."""
    there = [column for column in table.column_names if column != cells.ROW]
    missing = [c for c in declared if c not in there and c not in source.optional]
    extra = [c for c in there if c not in {*declared, *source.unused}]
    if missing:
        raise Rejected(
            where,
            rule="columns",
            expected=f"columns {missing[:8]}",
            found=f"{(extra or there)[:8]} and {len(there)} columns in all",
            remedy="If a column was renamed upstream, name it in the dataset's YAML.",
        )
    if not extra:
        return ()
    return (Finding("extra_columns", "warning", where, "declared columns", f"also {extra[:8]}"),)


def _series(source: Source, table: pa.Table, where: str) -> list[str]:
    """Names joined by /: the root, then the parts that are not blank."""
    parts = [_part(source, table, column, where) for column in source.series]
    names = [[source.root] * table.num_rows] if source.root else []
    rows = zip(*names, *parts, strict=True)
    joined = ["/".join(part for part in row if part) for row in rows]
    if "" in joined:
        row = table[cells.ROW][joined.index("")]
        raise Rejected(
            where, rule="series", expected=f"a name in {source.series}", found=f"none in row {row}"
        )
    return joined


def _part(source: Source, table: pa.Table, column: str, where: str) -> list[str]:
    parts = [str(part).strip().replace("/", "-") for part in table[column].to_pylist()]
    if pattern := source.expect.parts.get(column):
        compiled = re.compile(pattern)
        if wrong := sorted({part for part in parts if not compiled.fullmatch(part)}):
            raise Rejected(
                f"{where}, column {column}",
                rule="codes",
                expected=f"codes like {pattern}",
                found=f"{wrong[:8]}",
                remedy="A spreadsheet may have dropped leading zeros." if column == "dep" else "",
            )
    return parts


def _attributes(source: Source, table: pa.Table, series: list[str], where: str) -> Attributes:
    """What the source says of each series, such as where it lies; the last value wins."""
    said: Attributes = {name: {} for name in series}
    for attribute, column in source.attributes.items():
        values = cells.numbers(table, column, source, where)
        for row in np.flatnonzero(np.isfinite(values)):
            said[series[row]][attribute] = float(values[row])
    return said
