"""What local-bigquery asks of its catalogue with every statement, asked in a cheaper way.

DuckDB's own functions (duckdb_tables and its like) describe every table of every dataset, with its
size: half a millisecond a table, some ten times a statement. DuckLake's metadata are tables with
the same answers; a plain table, as every result is, can itself be asked.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

RESULTS = "emulator"  # the database of local-bigquery's own tables, among them every result

# How each question begins that local-bigquery asks, and the question to DuckLake in its stead.
OBJECTS = "SELECT table_name, 'TABLE', estimated_size FROM duckdb_tables()"
REQUIRED = "SELECT column_name FROM duckdb_columns()"
COLUMN = "SELECT 1 FROM duckdb_columns()"
QUESTIONS = {
    OBJECTS: """
        SELECT table_name, 'TABLE', coalesce(record_count, 0)
        FROM {lake}.ducklake_table AS t JOIN {lake}.ducklake_schema AS s USING (schema_id)
        LEFT JOIN {lake}.ducklake_table_stats USING (table_id)
        WHERE schema_name = $1 AND table_name = coalesce($2, table_name)
        AND t.end_snapshot IS NULL AND s.end_snapshot IS NULL
        UNION ALL SELECT view_name, 'VIEW', 0
        FROM {lake}.ducklake_view AS v JOIN {lake}.ducklake_schema AS s USING (schema_id)
        WHERE schema_name = $1 AND view_name = coalesce($2, view_name)
        AND v.end_snapshot IS NULL AND s.end_snapshot IS NULL ORDER BY 1""",
    REQUIRED: """
        SELECT column_name FROM {lake}.ducklake_column AS c
        JOIN {lake}.ducklake_table AS t USING (table_id)
        JOIN {lake}.ducklake_schema AS s USING (schema_id)
        WHERE schema_name = $1 AND table_name = $2 AND NOT nulls_allowed
        AND parent_column IS NULL AND c.end_snapshot IS NULL
        AND t.end_snapshot IS NULL AND s.end_snapshot IS NULL""",
    COLUMN: """
        SELECT 1 FROM {lake}.ducklake_column AS c
        JOIN {lake}.ducklake_table AS t USING (table_id)
        JOIN {lake}.ducklake_schema AS s USING (schema_id)
        WHERE schema_name = $1 AND table_name = $2 AND column_name = $3
        AND c.end_snapshot IS NULL AND t.end_snapshot IS NULL AND s.end_snapshot IS NULL""",
    "SELECT 1 FROM duckdb_schemas()": """
        SELECT 1 FROM {lake}.ducklake_schema WHERE schema_name = $1 AND end_snapshot IS NULL""",
}

VIEWED = """
    SELECT 1 FROM duckdb_views()
    WHERE database_name = $1 AND schema_name = $2 AND view_name = $3"""

type Fetch = Callable[..., list[tuple[Any, ...]]]
TEMPORARY = "SELECT table_name FROM duckdb_tables() WHERE temporary"


class Fresh:
    """A cursor of a query without a session: it cannot have temporary tables yet."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def sql(self, query: str, **more: Any) -> Any:
        """The cursor's own method, but for the one question whose answer is known."""
        if query == TEMPORARY:
            query = "SELECT '' LIMIT 0"
        return self._cursor.sql(query, **more)


def quicken(database: ModuleType, query: ModuleType, *, plain: bool) -> None:
    """Let these modules of local-bigquery ask the cheaper questions; *plain*: without DuckLake."""
    original, execute = database.fetch, query.execute

    def fetch(sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
        found = _quickly(original, sql, params or [], plain=plain)
        return original(sql, params) if found is None else found

    def on_fresh(cursor: Any, *args: Any, session: Any = None, **more: Any) -> Any:
        return execute(cursor if session else Fresh(cursor), *args, session=session, **more)

    database.fetch, query.execute = fetch, on_fresh  # type: ignore[attr-defined]


def _quickly(
    fetch: Fetch, sql: str, params: list[Any], *, plain: bool
) -> list[tuple[Any, ...]] | None:
    """The answer, where there is a cheaper question."""
    question = next((ours for theirs, ours in QUESTIONS.items() if sql.startswith(theirs)), None)
    if question is None:
        return None
    import duckdb  # noqa: PLC0415  it reads HOME when imported

    project, *names = params
    try:
        if plain or project == RESULTS:
            return _plainly(fetch, sql, params)
        lake = _quoted(f"__ducklake_metadata_{project}")
        return fetch(question.format(lake=lake), names)
    except duckdb.CatalogException:  # no such table; or no such project, which has nothing
        return []


def _plainly(fetch: Fetch, sql: str, params: list[Any]) -> list[tuple[Any, ...]] | None:
    """What a plain table says of itself."""
    place = ".".join(map(_quoted, params[:3])) if None not in params else ""
    if sql.startswith(OBJECTS) and place:
        if fetch(VIEWED, params):
            return [(params[2], "VIEW", 0)]
        [[rows]] = fetch(f"SELECT count(*) FROM {place}")
        return [(params[2], "TABLE", rows)]
    if sql.startswith(REQUIRED):
        return fetch('SELECT name FROM pragma_table_info(?) WHERE "notnull"', [place])
    if sql.startswith(COLUMN):
        return fetch("SELECT 1 FROM pragma_table_info(?) WHERE name = ?", [place, params[3]])
    return None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
