"""Views and table functions: SQL files, read by Python and by Terraform.

The first comment of a file is its description; `{dataset}` stands for the BigQuery dataset.
A file that says `-- arguments: ...` defines a table function, others a view.
"""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ORDER = (
    "observations_asof",
    "latest_observations",
    "latest_records",
    "actuals_asof",
    "actuals",
    "latest_forecasts",
    "data_health",
    "revisions",
)


@dataclass(frozen=True)
class View:
    """A named query."""

    name: str
    description: str
    arguments: str
    sql: str

    def statement(self, dataset: str) -> str:
        """The statement that creates or replaces it."""
        sql = self.sql.replace("{dataset}", dataset)
        if self.arguments:
            head = f"CREATE OR REPLACE TABLE FUNCTION `{dataset}.{self.name}`({self.arguments})"
            return f"{head} AS\nSELECT * FROM (\n{sql}\n)"  # a stand-in reads no WITH here
        options = f"OPTIONS (description = {self.description!r})"
        return f"CREATE OR REPLACE VIEW `{dataset}.{self.name}` {options} AS\n{sql}"


def load(name: str) -> View:
    """The view of that name."""
    lines = (HERE / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    comments = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    arguments = next((c for c in comments if c.startswith("arguments:")), "")
    said = " ".join(c for c in comments if not c.startswith("arguments:"))
    sql = "\n".join(line for line in lines if not line.startswith("--"))
    return View(name, said, arguments.removeprefix("arguments:").strip(), sql.strip())


def all_views() -> list[View]:
    """All views, each after those it reads."""
    return [load(name) for name in ORDER]
