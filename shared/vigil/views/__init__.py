"""Views and table functions: SQL files, read by Python and by Terraform.

The comments at the head of a file describe it: sentences first, then each column in its order as
`-- name TYPE: what it says`; `-- arguments: ...` makes it a table function. `{dataset}` stands for
the BigQuery dataset.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
COLUMN = re.compile(r"(\w+) (STRING|INT64|FLOAT64|BOOL|DATE|TIMESTAMP): (.+)")
ORDER = (
    "observations_asof",
    "latest_observations",
    "latest_records",
    "latest_classifications",
    "risk_bands",
    "classification_scores",
    "actuals_asof",
    "actuals",
    "latest_forecasts",
    "forecast_vs_actual",
    "accuracy",
    "hub_forecasts",
    "drivers",
    "data_health",
    "revisions",
    "model_history",
    "prices",
    "pipeline_runs",
)


@dataclass(frozen=True)
class Column:
    """A column of a view."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class View:
    """A named query."""

    name: str
    description: str
    arguments: str
    columns: tuple[Column, ...]
    sql: str

    def statement(self, dataset: str) -> str:
        """The statement that creates or replaces it."""
        sql = self.sql.replace("{dataset}", dataset)
        if self.arguments:  # whose columns cannot be described
            head = f"CREATE OR REPLACE TABLE FUNCTION `{dataset}.{self.name}`({self.arguments})"
            return f"{head} AS\nSELECT * FROM (\n{sql}\n)"  # a stand-in reads no WITH here
        columns = ", ".join(f"{one.name} {_described(one.description)}" for one in self.columns)
        options = _described(self.description)
        return f"CREATE OR REPLACE VIEW `{dataset}.{self.name}` ({columns}) {options} AS\n{sql}"


def _described(text: str) -> str:
    return f"OPTIONS (description = {json.dumps(text, ensure_ascii=False)})"


def load(name: str) -> View:
    """The view of that name."""
    lines = (HERE / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    comments = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    found = [COLUMN.fullmatch(comment) for comment in comments]
    said = [c for c, column in zip(comments, found, strict=True) if not column]
    arguments = next((c for c in said if c.startswith("arguments:")), "")
    return View(
        name,
        " ".join(c for c in said if c != arguments),
        arguments.removeprefix("arguments:").strip(),
        tuple(Column(*column.groups()) for column in found if column),
        "\n".join(line for line in lines if not line.startswith("--")).strip(),
    )


def all_views() -> list[View]:
    """All views, each after those it reads."""
    return [load(name) for name in ORDER]
