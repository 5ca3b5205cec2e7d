"""The tables and views of a dataset, remembered for the next one that is made of the same files.

Making them takes seconds, nearly all of it translation. What DuckDB was told in the end is kept on
the disk, and is told again, under any name, in a tenth of a second.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

KINDS = ("tables", "routines", "datasets")  # what local-bigquery knows of them; its labels last
TABLES = """
    SELECT table_oid, sql FROM duckdb_tables() WHERE database_name = $1 AND schema_name = $2"""
VIEWS = """
    SELECT view_oid, sql FROM duckdb_views() WHERE database_name = $1 AND schema_name = $2"""
MACROS = """
    SELECT function_oid, function_name, parameters, parameter_types, macro_definition
    FROM duckdb_functions() WHERE database_name = $1 AND schema_name = $2
    AND function_type = 'table_macro'"""
TIMES = re.compile(r'("(?:creationTime|lastModifiedTime)": )"\d+"')


@dataclass(frozen=True)
class Schemas:
    """A file for each state of the files that tables and views are made from."""

    database: ModuleType
    folder: Path

    def keep(self, project: str, dataset: str, stamp: str) -> dict[str, bool]:
        """Remember what is in that dataset."""
        said = {
            "dataset": dataset,
            "statements": self._statements(project, dataset),
            "resources": {kind: self._resources(kind, project, dataset) for kind in KINDS},
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self._file(stamp).with_suffix(f".{time.time_ns()}")
        fresh.write_text(json.dumps(said), encoding="utf-8")
        fresh.replace(self._file(stamp))
        return {"kept": True}

    def restore(self, project: str, dataset: str, stamp: str) -> dict[str, bool]:
        """Make an empty dataset what was remembered; false where nothing was."""
        file = self._file(stamp)
        if not file.exists() or self.database.objects(project, dataset):
            return {"restored": False}
        said = json.loads(file.read_text(encoding="utf-8"))
        rename = _renaming(said["dataset"], dataset)
        with self.database.cursor() as cursor:
            cursor.execute(f"USE {self.database.quote(project, dataset)}")
            with _at_once(cursor):
                for statement in said["statements"]:
                    cursor.execute(rename(statement))
            with _at_once(cursor):
                self._describe(cursor, said["resources"], rename, [project, dataset])
        return {"restored": True}

    def _describe(
        self, cursor: Any, resources: dict[str, Any], rename: Callable[[str], str], place: list[str]
    ) -> None:
        """What local-bigquery knows of them, of this moment."""
        moment = rf'\1"{time.time_ns() // 1_000_000}"'
        for kind, rows in resources.items():
            for *keys, resource in rows:
                values = [*place, *keys, TIMES.sub(moment, rename(resource))]
                places = ", ".join("?" for _ in values)
                cursor.execute(f"INSERT OR REPLACE INTO emulator.{kind} VALUES ({places})", values)

    def _file(self, stamp: str) -> Path:
        packages = "-".join(version(name) for name in ("duckdb", "local-bigquery"))
        return self.folder / f"schema-{stamp}-{packages}.json"

    def _statements(self, project: str, dataset: str) -> list[str]:
        """In the order in which they were told first: one may name another."""
        place = [project, dataset]
        made = [*self.database.fetch(TABLES, place), *self.database.fetch(VIEWS, place)]
        for oid, name, parameters, types, body in self.database.fetch(MACROS, place):
            typed = ", ".join(
                f"{one} {type_}" for one, type_ in zip(parameters, types, strict=True)
            )
            made.append((oid, f"CREATE MACRO {dataset}.{name}({typed}) AS TABLE {body}"))
        return [sql for _, sql in sorted(made)]

    def _resources(self, kind: str, project: str, dataset: str) -> list[list[str]]:
        place = "WHERE project_id = ? AND dataset_id = ?"
        rows = self.database.fetch(f"SELECT * FROM emulator.{kind} {place}", [project, dataset])
        return [[*keys] for _, _, *keys in rows]


@contextmanager
def _at_once(cursor: Any) -> Iterator[None]:
    """In one transaction: each by itself waits for the disk."""
    cursor.execute("BEGIN")
    yield
    cursor.execute("COMMIT")


def _renaming(old: str, new: str) -> Callable[[str], str]:
    """Names of a dataset stand before a dot, or in quotes."""
    name = re.compile(rf'(?<![\w-]){re.escape(old)}(?=[."/`])')
    return lambda text: name.sub(new, text)


def serve(memory: Any, folder: Path) -> None:
    """Let local-bigquery's server answer to `/schemas/STAMP` of a dataset."""
    from local_bigquery.api import datasets  # noqa: PLC0415  they read HOME
    from local_bigquery.engine import database  # noqa: PLC0415

    schemas = Schemas(database, folder)
    path = "/projects/{project}/datasets/{dataset}/schemas/{stamp}"

    def keep(project: str, dataset: str, stamp: str) -> dict[str, bool]:
        memory.stamps[dataset] = stamp
        return schemas.keep(project, dataset, stamp)

    def restore(project: str, dataset: str, stamp: str) -> dict[str, bool]:
        memory.forget(dataset)
        said = schemas.restore(project, dataset, stamp)
        if said["restored"]:
            memory.stamps[dataset] = stamp
        return said

    datasets.router.put(path)(keep)
    datasets.router.post(path)(restore)
