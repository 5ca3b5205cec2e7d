"""BigQuery tables: JSON schemas, read by Python and by Terraform."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

HERE = Path(__file__).parent

ARROW = {
    "STRING": pa.string(),
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "BOOL": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class Table:
    """A table as its file describes it."""

    name: str
    description: str
    schema: tuple[dict[str, str], ...]
    cluster: tuple[str, ...] = ()
    partition: tuple[tuple[str, str], ...] = ()

    @property
    def columns(self) -> list[str]:
        """The names of its columns, in order."""
        return [column["name"] for column in self.schema]

    @property
    def of_people(self) -> bool:
        """Whether its rows are about people."""
        return "person" in self.columns

    @property
    def arrow(self) -> pa.Schema:
        """Its columns as Arrow types."""
        fields = [
            pa.field(c["name"], ARROW[c["type"]], c["mode"] != "REQUIRED") for c in self.schema
        ]
        return pa.schema(fields)

    def rows(self, rows: list[dict[str, Any]]) -> pa.Table:
        """Rows of this table, as columns."""
        return pa.Table.from_pylist(rows, self.arrow)

    def filled(self, columns: pa.Table, **same: Any) -> pa.Table:
        """Rows of this table: those columns, and others that say the same in every row."""
        rows = columns
        for name, value in same.items():
            rows = rows.append_column(name, pa.repeat(pa.scalar(value), rows.num_rows))
        return rows.select(self.columns).cast(self.arrow)


@cache
def load(name: str) -> Table:
    """The table of that name."""
    body: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return Table(
        name,
        body["description"],
        tuple(body["schema"]),
        tuple(body.get("cluster", ())),
        tuple(body.get("partition", {}).items()),
    )


def names() -> list[str]:
    """The names of all tables."""
    return sorted(file.stem for file in HERE.glob("*.json"))
