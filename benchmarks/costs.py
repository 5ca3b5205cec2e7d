"""A year of a dataset in BigQuery and Looker Studio, by list prices: rows, bytes, queries.

    .venv/bin/python -m benchmarks.costs
    .venv/bin/python -m benchmarks.costs --dataset owid --series 152 --queries 3 --json

Rows follow from the dataset's file and the number of its series, bytes from the schemas of the
tables. What a chart reads follows from the SQL of the views: the columns of each table that its
answer needs.
"""

import argparse
import json
import re
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from vigil import datasets, looker, tables, views
from vigil.datasets import Dataset

GIB, TIB = 1 << 30, 1 << 40
LEAST = 10 << 20  # bytes billed of each table that a query reads
DAYS = 365
SMALL = 1000  # rows of a table that does not grow with the forecasts
SIZES = {"INT64": 8, "FLOAT64": 8, "BOOL": 1, "DATE": 8, "TIMESTAMP": 8}
TEXTS = {  # mean bytes, where it is not about 8
    "series": 10, "period": 4, "version": 17, "vintage": 40, "run_id": 45, "publication": 16,
    "flag": 0, "reason": 150,
}  # fmt: skip
ARGUMENTS = {"moment": "TIMESTAMP '9999-12-31'", "since": "DATE '1900-01-01'"}
RECENT = 4 / 12  # months that a filter on the last 90 days leaves of a year


@dataclass(frozen=True)
class Year:
    """A forecast a day of every series of every target."""

    dataset: Dataset
    series: int  # of each target, aggregates included
    observations: int
    days: int = DAYS

    @property
    def forecast(self) -> int:
        """Rows of one day: days, weeks, running totals."""
        ahead = self.dataset.horizon
        totals = sum(ahead for one in self.dataset.targets.values() if one.cumulative)
        every = len(self.dataset.targets) * (ahead + ahead // 7)
        return self.series * (every + totals)

    def rows(self, table: str) -> int:
        """After so many days."""
        targets = len(self.dataset.targets)
        return {
            "forecasts": 2 * self.forecast * self.days,  # seasonal naive's beside each
            "scores": self.forecast * self.days,
            "outcomes": targets * self.series * 2 * self.days,
            "outlook": self.forecast + targets * self.series * (120 + 104 + 30),
            "contributions": targets * self.series * 4 * 6,
            "observations": self.observations,
        }.get(table, SMALL)


def size(table: str, columns: set[str]) -> int:
    """Bytes of those columns in a row, as BigQuery counts: a text is 2 and its own."""
    return sum(
        SIZES.get(one["type"], 2 + TEXTS.get(one["name"], 8))
        for one in tables.load(table).schema
        if one["name"] in columns
    )


def read(chart: looker.Chart) -> dict[str, set[str]]:
    """Table -> the columns of it that the chart's answer needs, page controls included."""
    controls = [one for page in looker.PAGES.values() if chart in page for one in page
                if one.kind == "drop-down list" and one.view == chart.view]  # fmt: skip
    wanted = {column for one in (chart, *controls) for column in one.columns}
    columns = ", ".join(f"v.`{one}`" for one in sorted(wanted))
    query = parse_one(f"SELECT {columns} FROM v", read="bigquery")
    query.find(exp.Table).replace(_below(chart.view, "v"))
    schema = {
        name: {one["name"]: one["type"] for one in tables.load(name).schema}
        for name in tables.names()
    }
    lean = pushdown_projections(qualify(query, schema=schema, dialect="bigquery"))
    found: dict[str, set[str]] = {}
    for scope in traverse_scope(lean):
        for name, source in scope.sources.items():
            if isinstance(source, exp.Table):
                own = {column.name for column in scope.columns if column.table == name}
                found.setdefault(source.name, set()).update(own)
    return found


def _below(view: str, alias: str) -> exp.Subquery:
    """A view's SQL down to tables: views in it become sub-queries, too."""
    one = views.load(view)
    sql = one.sql.replace("{dataset}.", "")
    for argument, value in ARGUMENTS.items() if one.arguments else ():
        sql = re.sub(rf"\b{argument}\b", value, sql)
    found = parse_one(sql, read="bigquery")
    for table in list(found.find_all(exp.Table)):
        inner = table.name or table.this.name
        if inner in views.ORDER:
            table.replace(_below(inner, table.alias or inner))
    return exp.Subquery(this=found, alias=exp.TableAlias(this=exp.to_identifier(alias)))


def bytes_read(chart: looker.Chart, year: Year) -> int:
    """What BigQuery bills for one query of it by then."""
    billed = 0.0
    for table, columns in read(chart).items():
        part = RECENT if table == "forecasts" and "reference_date" in chart.filters else 1.0
        billed += max(LEAST, part * year.rows(table) * size(table, columns))
    return int(billed)


def prices() -> dict[str, float]:
    """Those of the view."""
    found = parse_one(views.load("prices").sql, read="bigquery")
    return {one.alias: float(one.this.name) for one in found.selects if one.this.is_number}


def costs(year: Year, queries: int) -> dict[str, Any]:
    """Each chart asked so often a day; tables grow from nothing: half a year is the mean."""
    price, pages = prices(), {}
    half = replace(year, days=year.days // 2)
    for name, page in looker.PAGES.items():
        a_year = sum(bytes_read(chart, half) for chart in page) * queries * year.days / TIB
        pages[name] = {
            "charts": len(page),
            "largest_mib": round(max(bytes_read(chart, year) for chart in page) / (1 << 20)),
            "tib_a_year": round(a_year, 2),
            "dollars": round(a_year * price["queried_tib"], 2),
        }
    stored = sum(
        year.rows(name) * size(name, {*tables.load(name).columns}) for name in tables.names()
    )
    return {
        "rows": {name: year.rows(name) for name in ("forecasts", "scores", "outlook")},
        "pages": pages,
        "stored_gib": round(stored / GIB, 1),
        "storage_dollars": round(stored / GIB / 2 * 12 * price["stored_gib_month"], 2),
    }


def main() -> None:
    """Print what a year costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="jhu_global")
    parser.add_argument("--series", type=int, default=298, help="of a target, with aggregates")
    parser.add_argument("--observations", type=int, default=700_000, help="rows")
    parser.add_argument("--queries", type=int, default=10, help="of each chart a day, uncached")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    year = Year(datasets.load(given.dataset), given.series, given.observations)
    found = costs(year, given.queries)
    if given.json:
        print(json.dumps(found))
        return
    for name, rows in found["rows"].items():
        print(f"{name:>10} {rows:>12,} rows after a year")
    for name, page in found["pages"].items():
        sizes = f"{page['charts']} charts of at most {page['largest_mib']:,} MiB a query"
        print(f"{name:>10} {sizes}: {page['tib_a_year']} TiB, {page['dollars']} USD a year")
    print(f"{'stored':>10} {found['stored_gib']} GiB at the end, {found['storage_dollars']} USD")


if __name__ == "__main__":
    main()
