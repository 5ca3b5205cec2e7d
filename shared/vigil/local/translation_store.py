"""Translations of BigQuery's SQL on the disk: each is made once for an installation.

A statement is found by all that decides what it means: its text, what its dataset is made of, the
types of its parameters, the versions of the libraries, and the code that asks them.
"""

import hashlib
import json
import sqlite3
import threading
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vigil.local import translations
from vigil.local.translations import Key, Translation

MOST = 5000  # the oldest of more are forgotten
LIBRARIES = ("duckdb", "local-bigquery", "sqlglot")
MADE = "CREATE TABLE IF NOT EXISTS translations (id INTEGER PRIMARY KEY, key UNIQUE, said)"
PUT = "INSERT OR IGNORE INTO translations (key, said) VALUES (?, ?)"
GET = "SELECT said FROM translations WHERE key = ?"
FORGET = "DELETE FROM translations WHERE id <= (SELECT max(id) FROM translations) - ?"


@dataclass
class TranslationStore:
    """One file for all stand-ins; without it, or with a broken one, each translates by itself."""

    file: Path

    def __post_init__(self) -> None:
        """Open it, or do without."""
        self._lock, self._connection = threading.Lock(), None
        try:
            self._connection = _opened(self.file)
        except (sqlite3.OperationalError, OSError):
            return  # nobody may write there
        except sqlite3.DatabaseError:  # spoilt: the next one makes it anew
            self.file.unlink()

    def get(self, key: Key) -> Translation | None:
        """The translation that some stand-in has made."""
        rows = self._asked(GET, _digest(key))
        return _read(key, rows[0][0]) if rows else None

    def put(self, key: Key, made: Translation) -> None:
        """For the others, and for those after us."""
        self._asked(PUT, _digest(key), _written(made))
        self._asked(FORGET, MOST)

    def _asked(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        if self._connection is None:
            return []
        with self._lock:
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error:
                return []


def _opened(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    opened = sqlite3.connect(file, timeout=5, isolation_level=None, check_same_thread=False)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = OFF", MADE):
        opened.execute(statement)
    return opened


def _digest(key: Key) -> str:
    text, project, place, parameters = key
    said = json.dumps([_versions(), text, project, place, sorted(parameters)])
    return hashlib.sha256(said.encode()).hexdigest()


@cache
def _versions() -> list[str]:
    code = Path(translations.__file__).read_bytes()
    return [*map(version, LIBRARIES), hashlib.sha256(code).hexdigest()]


def _written(made: Translation) -> str:
    return json.dumps([made.sql, sorted(made.parameters), sorted(made.referenced)])


def _read(key: Key, said: str) -> Translation:
    sql, parameters, referenced = json.loads(said)
    named = frozenset((project, dataset, table) for project, dataset, table in referenced)
    return Translation(key[0], sql, frozenset(parameters), named)
