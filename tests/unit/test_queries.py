"""Every query has a limit, and none leaves it to a sub-query which partitions it reads."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from vigil import tables, views

ROOT = Path(__file__).parents[2]
PRODUCT = [*(ROOT / "shared" / "vigil").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
PARTITIONED = {dict(tables.load(name).partition).get("field") for name in tables.names()} - {None}
COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
BY_TEXT = re.compile(
    rf"\b({'|'.join(map(str, PARTITIONED))})\b\s*([<>=!]+|IN|BETWEEN)\s*\(\s*SELECT", re.IGNORECASE
)
RUNS = {"query", "query_and_wait", "insert_rows", "insert_rows_json", "extract_table"}


def text(node: ast.expr) -> str | None:
    """A string as it is written; what is put into it is called x."""
    match node:
        case ast.Constant(value=str(said)):
            return said
        case ast.JoinedStr(values=parts):
            return "".join(text(part) or " x " for part in parts)
    return None


def queries() -> Iterator[tuple[str, str]]:
    """Where it stands, and each statement of the product, or part of one, that may ask another."""
    for view in views.all_views():
        yield view.name, view.sql.replace("{dataset}.", "")
    for file in PRODUCT:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        inside = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
                  for part in node.values}  # fmt: skip
        for node in ast.walk(tree):
            said = text(node) if isinstance(node, ast.expr) and node not in inside else None
            if said and "SELECT" in said:
                yield f"{file.relative_to(ROOT)}:{node.lineno}", said


def by_subquery(sql: str) -> list[str]:
    """Comparisons of a partition's column with a sub-query."""
    try:
        trees = sqlglot.parse(sql, read="bigquery")
    except SqlglotError:  # a part of a statement, or a script
        return [found[0] for found in BY_TEXT.finditer(sql)]
    return [
        node.sql()
        for tree in trees
        if tree
        for node in tree.find_all(*COMPARED)
        if any(column.name in PARTITIONED for column in _own(node)) and node.find(exp.Select)
    ]


def _own(node: exp.Expression) -> Iterator[exp.Column]:
    """The columns that are compared, but not those of a sub-query in it."""
    for column in node.find_all(exp.Column):
        above = column.find_ancestor(exp.Select)
        if above is node.find_ancestor(exp.Select):
            yield column


BAD = {
    "a comparison": "SELECT * FROM findings WHERE as_of > (SELECT MAX(checked_at) FROM heads)",
    "a list": "SELECT * FROM scores WHERE n = 1 AND target_date IN (SELECT date FROM outlook)",
    "a range": "SELECT 1 FROM forecasts WHERE reference_date BETWEEN (SELECT a FROM t) AND @b",
    "a script": "BEGIN TRANSACTION; UPDATE x SET a = 1 x ; DELETE FROM runs WHERE started_at < "
    "(SELECT MAX(a) FROM b)",
}


@pytest.mark.parametrize("sql", BAD.values(), ids=BAD)
def test_a_partition_that_a_sub_query_chooses_is_found(sql: str) -> None:
    """BigQuery would read all partitions: it knows what a sub-query says only while it runs."""
    assert len(by_subquery(sql)) == 1


GOOD = {
    "a constant": "SELECT * FROM findings WHERE as_of > @since AND n IN (SELECT 1)",
    "inside": "SELECT * FROM (SELECT as_of FROM findings WHERE as_of > @since) WHERE x = 1",
    "a join": "SELECT 1 FROM findings AS f JOIN heads AS h ON f.dataset = h.dataset",
}


@pytest.mark.parametrize("sql", GOOD.values(), ids=GOOD)
def test_a_partition_chosen_by_a_constant_is_fine(sql: str) -> None:
    """Parameters are constants by the time a query is planned."""
    assert by_subquery(sql) == []


def test_no_query_leaves_its_partitions_to_a_sub_query() -> None:
    """All views, and every statement that the code holds."""
    found = list(queries())
    assert len(found) > len(views.all_views()) + 20
    assert {where: bad for where, sql in found if (bad := by_subquery(sql))} == {}


def calls(file: Path, names: set[str]) -> Iterator[ast.Call]:
    """The calls of a method, or of a class, of one of these names."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) in names:
            yield node


def test_every_query_goes_through_one_helper() -> None:
    """warehouse.py alone asks a client; the local cloud makes its views, as Terraform does."""
    asks = {
        (file.name, call.func.attr)
        for file in PRODUCT
        for call in calls(file, RUNS)
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value).endswith("client")
    }
    assert asks == {
        ("warehouse.py", "query_and_wait"),
        ("warehouse.py", "query"),
        ("resources.py", "query_and_wait"),
    }


def test_one_place_configures_queries_and_limits_them() -> None:
    """Whatever BigQuery would bill above that, it refuses."""
    [config] = [call for file in PRODUCT for call in calls(file, {"QueryJobConfig"})]
    assert "maximum_bytes_billed" in {word.arg for word in config.keywords}
