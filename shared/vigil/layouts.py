"""Layouts: how the bytes of a source become grids. Columns are bound by name, cast once, here."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vigil import cells, columns, records
from vigil.datasets import Dataset, Source
from vigil.errors import Rejected
from vigil.panel import Dates, Floats, Key, Panel, grid, last_date, scatter
from vigil.places import Attributes, attributes_of, series_of
from vigil.quality import Item, Mark, day_of
from vigil.records import NONE, Pseudonym, Records


@dataclass(frozen=True)
class Parsed:
    """What a file holds: grids or records, what is said of its series, what struck the reader."""

    panel: Panel = field(default_factory=dict)
    attributes: Attributes = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()
    records: Records = NONE

    @property
    def last_date(self) -> date | None:
        """The newest date with a value."""
        return last_date(self.panel)

    @property
    def series(self) -> set[str]:
        """The series that the file names."""
        return set(self.attributes)


def parse(dataset: Dataset, name: str, body: bytes, pseudonym: Pseudonym | None = None) -> Parsed:
    """Read one source's file, or reject it with what was expected and what was found.

    Of personal data no cell is quoted and no record named, whatever a rule has to say.
    """
    try:
        parsed = _parse(dataset, name, body, pseudonym)
    except Rejected as reason:
        raise (reason.unquoted if dataset.personal else reason) from None
    named = not dataset.personal
    marks = tuple(replace(one, named=named or one.common) for one in parsed.marks)
    return replace(parsed, marks=marks)


def _parse(dataset: Dataset, name: str, body: bytes, pseudonym: Pseudonym | None) -> Parsed:
    source = dataset.sources[name]
    where = f"{dataset.name}.{name}"
    declared = columns.declared(dataset, name)
    found = cells.read(source, body, where, declared.kind)
    mark = columns.check(source, found.header, declared, where)
    if source.layout == "records":
        held, repeated = records.read(source, found.table, where, pseudonym)
        strange = records.strange(source, found.table, where)
        return Parsed(marks=(mark, repeated, *strange), records=held)
    parsed = LAYOUTS[source.layout](dataset, name, found.table, where)
    if not any(one.known for one in parsed.panel.values()):
        raise Rejected(where, rule="empty", expected="values", found="none")
    entities = source.entities
    parsed = _renamed(parsed, entities, where) if entities else parsed
    return replace(parsed, marks=(mark, *parsed.marks))


def _renamed(parsed: Parsed, entities: dict[str, str], where: str) -> Parsed:
    """The same under the names that the dataset uses."""
    names = np.array([entities.get(name, name) for name in parsed.attributes], dtype=object)
    cells.check_unique(names, "series for each name under entities", where)
    panel = {
        key: grid(one.dates, [entities.get(name, name) for name in one.series], one.values)
        for key, one in parsed.panel.items()
    }
    attributes = {entities.get(name, name): said for name, said in parsed.attributes.items()}
    return Parsed(panel, attributes, parsed.marks)


def wide(dataset: Dataset, name: str, table: pa.Table, where: str) -> Parsed:
    """A row a series, a column a date."""
    source = dataset.sources[name]
    [target] = dataset.columns(name)
    dates = {c: d for c in table.column_names if (d := cells.as_date(c, source.date_format))}
    days = np.array(list(dates.values()), "datetime64[D]")
    cells.check_unique(days, "date column", where)
    encoded = series_of(source, table, where)
    series = encoded.to_pylist()
    cells.check_unique(np.array(series, dtype=object), "row for each series", where)
    values = np.array([cells.numbers(table, column, source, where) for column in dates])
    attributes = attributes_of(source, table, encoded, where)
    one = grid(days, series, values.reshape(len(days), len(series)))
    every = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(days), np.int32)), ["every"])
    gaps = _gaps(source, days, every, where)
    return Parsed({Key(name, target): one}, attributes, (gaps,))


def long(dataset: Dataset, name: str, table: pa.Table, where: str) -> Parsed:
    """A row a series and date, a column a measure."""
    source = dataset.sources[name]
    for column, kept in source.where.items():
        table = table.filter(pc.is_in(table[column], pa.array(kept)))
    series = series_of(source, table, where)
    days = cells.dates(table, source, where)
    values = {
        Key(name, target): cells.numbers(table, column, source, where)
        for target, column in dataset.columns(name).items()
        if column is not None and column in table.column_names
    }
    repeated = _repeats(source, days, series, list(values.values()), where)
    panel = scatter(days, series, values)
    gaps = _gaps(source, days, series, where)
    return Parsed(panel, attributes_of(source, table, series, where), (gaps, repeated))


def _repeats(
    source: Source, days: Dates, series: pa.DictionaryArray, values: list[Floats], where: str
) -> Mark:
    """Rows that say the same twice are counted once; rows that disagree are a breach."""
    names, codes = series.dictionary.to_pylist(), series.indices.to_numpy()
    order = np.lexsort([days, codes])
    days, codes = days[order], codes[order]
    again = np.flatnonzero((days[1:] == days[:-1]) & (codes[1:] == codes[:-1])) + 1
    cells_ = [(names[codes[row]], int(days[row].astype(int))) for row in again]
    for numbers in values:
        here, before = numbers[order][again], numbers[order][again - 1]
        differ = np.flatnonzero((here != before) & ~(np.isnan(here) & np.isnan(before)))
        if len(differ):
            worst = [f"{cells_[i][0]} on {day_of(cells_[i][1])}" for i in differ[:3]]
            raise Rejected(
                where,
                rule="duplicates",
                expected="one row for each series and date",
                found=f"{len(differ)} that disagree with another: {', '.join(worst)}",
            )
    expected = "one row for each series and date"
    return Mark("duplicates", where, expected, frozenset(cells_), source.expect.duplicates)


def _gaps(source: Source, days: Dates, series: pa.DictionaryArray, where: str) -> Mark:
    """Dates that a series passes over, its rows being usually a day, or a week, apart."""
    names, codes = series.dictionary.to_pylist(), series.indices.to_numpy()
    order = np.lexsort([days, codes])
    days, codes = days[order], codes[order]
    apart = np.where(codes[1:] == codes[:-1], np.diff(days).astype(int), 0)
    usual = int(np.median(apart[apart > 0])) if (apart > 0).any() else 1
    items: set[Item] = set()
    for row in np.flatnonzero(apart > usual):
        first, last = (int(day.astype(int)) for day in days[row : row + 2])
        items |= {(names[codes[row]], day) for day in range(first + usual, last, usual)}
    expected = "a row every day" if usual == 1 else f"a row every {usual} days"
    return Mark("gaps", where, expected, frozenset(items), source.expect.gaps)


LAYOUTS: dict[str, Callable[[Dataset, str, pa.Table, str], Parsed]] = {"wide": wide, "long": long}
