"""One commit as one script: the head moves and every row lands, or nothing does."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import pyarrow as pa

from vigil import tables
from vigil.clients import bigquery
from vigil.recorded import Additions

type Rows = pa.Table | Additions  # rows to add

FEW = 50  # so many rows need no load job
TYPES = {str: "STRING", int: "INT64", float: "FLOAT64", bool: "BOOL", datetime: "TIMESTAMP"}


@dataclass(frozen=True)
class Head:
    """What the tables show of a dataset. A commit names the revision it read."""

    dataset: str
    revision: int = 0
    vintage: str | None = None
    issued_at: datetime | None = None
    contents: str = "{}"
    arrival: str = ""
    arrivals: int = 0
    checked_at: datetime | None = None
    forecast: str | None = None
    forecast_at: datetime | None = None
    reference_date: date | None = None
    scored_at: datetime | None = None
    spec: str | None = None
    champion: str | None = None
    champion_recipe: str | None = None
    champion_digest: str | None = None
    champion_as_of: datetime | None = None
    trained_as_of: datetime | None = None
    erased_at: datetime | None = None

    @property
    def hashes(self) -> dict[str, str]:
        """Source -> hash of the bytes that the tables show."""
        found: dict[str, str] = json.loads(self.contents)
        return found


def serves(
    version: str | None = None,
    recipe: str | None = None,
    digest: str | None = None,
    as_of: datetime | None = None,
) -> dict[str, Any]:
    """What a head says of who serves; without a version seasonal naive does."""
    return {
        "champion": version,
        "champion_recipe": recipe,
        "champion_digest": digest,
        "champion_as_of": as_of,
    }


class Statement(NamedTuple):
    """SQL and its parameters, whose names are its own."""

    sql: str
    parameters: dict[str, Any]


@dataclass
class Commit:
    """What one step wants to change: all of it, or nothing."""

    head: Head
    changes: dict[str, Any]  # columns of the head
    added: dict[str, Rows] = field(default_factory=dict)  # by table
    replaced: Mapping[str, str] = field(default_factory=dict)  # table -> which rows go first
    then: Sequence["Statement"] = ()  # after that, from what the tables hold by then

    @property
    def large(self) -> dict[str, Rows]:
        """The rows that do not travel in a statement: many, or of people, for it is remembered."""
        return {
            name: rows
            for name, rows in self.added.items()
            if rows.num_rows > FEW or (rows.num_rows and tables.load(name).of_people)
        }


def transaction(commit: Commit, staged: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """One script; a few rows travel in it as parameters, many wait in a staged table."""
    parameters = {"dataset": commit.head.dataset, "read": commit.head.revision}
    given = {name: value for name, value in commit.changes.items() if value is not None}
    parameters |= {f"h_{name}": value for name, value in given.items()}
    moved = "".join(
        f", {name} = {f'@h_{name}' if name in given else 'NULL'}" for name in commit.changes
    )
    statements = [
        f"DELETE FROM {table} WHERE dataset = @dataset AND {which}"
        for table, which in commit.replaced.items()
    ]
    for table, rows in commit.added.items():
        columns = ", ".join(f"`{column}`" for column in tables.load(table).columns)
        if table in staged:
            added = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM `{staged[table]}`"
            statements.append(added)
        elif rows.num_rows:
            sql, more = values(table, rows.to_pylist())
            statements.append(sql)
            parameters |= more
    for sql, more in commit.then:
        statements.append(sql)
        parameters |= more
    body = ";\n  ".join([*statements, "COMMIT TRANSACTION", "SELECT TRUE AS won"])
    sql = f"""
        BEGIN TRANSACTION;
        UPDATE heads SET revision = revision + 1{moved}
        WHERE dataset = @dataset AND revision = @read;
        IF @@row_count = 0 THEN
          ROLLBACK TRANSACTION;
          SELECT FALSE AS won;
        ELSE
          {body};
        END IF;"""
    return sql, parameters


class Few(NamedTuple):
    """Rows that travel in a statement, as one parameter."""

    table: str
    rows: Sequence[Mapping[str, Any]]


def values(table: str, rows: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """An INSERT of a few rows: the same statement, however many they are."""
    columns = [f"`{column}`" for column in tables.load(table).columns]
    cells = ", ".join(f"few.{column}" for column in columns)
    sql = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {cells} FROM UNNEST(@{table}) AS few"
    return sql, {table: Few(table, rows)}


def parameter(
    name: str, value: Any
) -> bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter:
    """A value as BigQuery takes it, typed by what it is; a list is one of texts."""
    if isinstance(value, Few):
        return _structs(name, value)
    if isinstance(value, list):
        return bigquery.ArrayQueryParameter(name, "STRING", value)
    type_ = TYPES.get(type(value), "DATE")
    return bigquery.ScalarQueryParameter(name, type_, value)


def _structs(name: str, few: Few) -> bigquery.ArrayQueryParameter:
    """Rows as structs, typed as the table's columns."""
    columns = [(column["name"], column["type"]) for column in tables.load(few.table).schema]
    scalar = bigquery.ScalarQueryParameterType
    row_type = bigquery.StructQueryParameterType(
        *(scalar(type_, name=column) for column, type_ in columns)
    )
    rows = [
        bigquery.StructQueryParameter(
            None,
            *(
                bigquery.ScalarQueryParameter(column, type_, row.get(column))
                for column, type_ in columns
            ),
        )
        for row in few.rows
    ]
    return bigquery.ArrayQueryParameter(name, row_type, rows)
