"""What one stand-in of BigQuery has translated is there for the others."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot

from vigil.local import translation_store
from vigil.local.translation_store import TranslationStore
from vigil.local.translations import Key, Memory, Translation

KEY: Key = ("SELECT @day", "project", "stamp", frozenset({("day", "DATE")}))
MADE = Translation(
    KEY[0], "SELECT $day", frozenset({"day"}), frozenset({("project", "dataset", "table")})
)


def test_what_one_has_put_there_another_gets(tmp_path: Path) -> None:
    """Whole, and by all that decides what it means."""
    one, other = (TranslationStore(tmp_path / "kept" / "file") for _ in range(2))
    one.put(KEY, MADE)
    text, project, stamp, _ = KEY
    assert other.get(KEY) == MADE
    assert other.get((text, project, "another stamp", KEY[3])) is None
    assert other.get((text, project, stamp, frozenset({("day", "STRING")}))) is None


def test_another_version_of_a_library_translates_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may say something else."""
    store = TranslationStore(tmp_path / "file")
    store.put(KEY, MADE)
    monkeypatch.setattr(translation_store, "_versions", lambda: ["newer"])
    assert store.get(KEY) is None


def test_the_oldest_of_too_many_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file does not grow for ever."""
    monkeypatch.setattr(translation_store, "MOST", 50)
    store = TranslationStore(tmp_path / "file")
    keys: list[Key] = [(f"SELECT {number}", "", "stamp", frozenset()) for number in range(200)]
    for key in keys:
        store.put(key, replace(MADE, text=key[0]))
    assert [store.get(key) is not None for key in keys] == [False] * 150 + [True] * 50


def test_a_spoilt_file_is_no_reason_to_stop(tmp_path: Path) -> None:
    """It is made anew. Nor is a folder that nobody can write to."""
    spoilt, nowhere = tmp_path / "file", tmp_path / "file" / "below"
    spoilt.write_bytes(b"no database" * 100)
    for place, known in ((nowhere, None), (spoilt, None), (spoilt, MADE)):
        store = TranslationStore(place)
        store.put(KEY, MADE)
        assert store.get(KEY) == known


def test_a_second_stand_in_translates_nothing_that_the_first_has(tmp_path: Path) -> None:
    """In a dataset of another name; what names a third dataset is each one's own affair."""
    store, asked = TranslationStore(tmp_path / "file"), []

    def translate(tree: Any, context: Any) -> tuple[str, dict[str, Any]]:
        asked.append(tree.sql())
        context.referenced |= {(t.catalog, t.db or context.dataset_id, t.name)
                               for t in tree.find_all(sqlglot.exp.Table)}  # fmt: skip
        return tree.sql(dialect="duckdb"), {}

    def told(dataset: str, text: str) -> tuple[str, set[tuple[str, ...]]]:
        memory = Memory(sqlglot.parse, translate, "results", store)
        memory.stamps[dataset] = "stamp"
        names = memory.names_in(text, dataset)
        with memory.named(names):
            [tree] = memory.parsed(names.out(text))
            context = SimpleNamespace(
                project_id="p", dataset_id=dataset, parameters={}, values={}, referenced=set(),
                variables={}, functions={}, temporary=set(),
            )  # fmt: skip
            return memory.translated(tree, context)[0], context.referenced

    one, other = (told(name, "SELECT a FROM cases") for name in ("first", "second"))
    assert one == ("SELECT a FROM cases", {("", "first", "cases")})
    assert other == ("SELECT a FROM cases", {("", "second", "cases")})
    assert len(asked) == 1
    for name in ("first", "second"):
        told(name, "SELECT a FROM third.cases")
    assert len(asked) == 3
