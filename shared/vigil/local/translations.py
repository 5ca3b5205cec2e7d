"""BigQuery's SQL as DuckDB's, remembered by its text: local-bigquery parses and translates anew.

A step sends the same statements again and again, with other parameters and with other names of
staged tables. Translating a long one takes a second, running it on small tables a hundredth of it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from vigil.local.translation_store import TranslationStore

MOST = 2000  # statements
STAGED = re.compile(r"(?<=_)[0-9a-f]{12}\b")  # how the name of a staged table ends
PARAMETER = re.compile(r"@(\w+)")
STAGING = "(?:_staging)?"
ANY = "any_dataset_x"  # in the place of a dataset's name

type Reference = tuple[str, str, str]  # project, dataset, table
type Key = tuple[str, str, str | None, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class Names:
    """What one text has in the places where others have other names.

    Of staged tables, and of the dataset that it is asked in, where others hold the same.
    """

    own: tuple[str, ...] = ()
    dataset: str | None = None

    @classmethod
    def of(cls, text: str, dataset: str | None = None) -> "Names":
        """In the order of their first appearance."""
        return cls(tuple(dict.fromkeys(STAGED.findall(text))), dataset)

    def out(self, text: str) -> str:
        """The text with numbers in their places: the same for all texts that differ in them."""
        for number, name in enumerate(self.own):
            text = text.replace(name, f"staged{number}x")
        return _naming(self.dataset, STAGING).sub(ANY, text) if self.dataset else text

    def back(self, text: str) -> str:
        """The text that these names belong to."""
        for number, name in enumerate(self.own):
            text = text.replace(f"staged{number}x", name)
        return text.replace(ANY, self.dataset) if self.dataset else text


NONE = Names()


@dataclass(frozen=True)
class Translation:
    """A statement in DuckDB's SQL, with numbers in place of staged tables' names."""

    text: str  # BigQuery's
    sql: str
    parameters: frozenset[str]  # those it uses
    referenced: frozenset[Reference]

    def datasets(self) -> set[str]:
        """The datasets whose tables and views it names."""
        return {reference[1] for reference in self.referenced}


@dataclass
class Memory:
    """What was translated since a table, a view or a function it names changed last."""

    parse: Callable[[str], list[Any]]
    translate: Callable[[Any, Any], tuple[str, dict[str, Any]]]
    results: str  # the dataset of every query's result
    store: "TranslationStore | None" = None
    stamps: dict[str, str] = field(default_factory=dict)  # datasets made of files with that hash
    known: dict[Key, Translation] = field(default_factory=dict)
    trees: dict[str, Any] = field(default_factory=dict)  # by text
    names: ContextVar[Names] = field(default_factory=lambda: ContextVar("names", default=NONE))

    def names_in(self, text: str, dataset: str | None) -> Names:
        """The names that make no difference to what a text means.

        One that names its own dataset, but for what is staged, is for that one alone.
        """
        free = dataset and dataset in self.stamps and not _naming(dataset).search(text)
        return Names.of(text, dataset if free else None)

    @contextmanager
    def named(self, names: Names) -> Iterator[None]:
        """Texts are of those names as long as this lasts."""
        token = self.names.set(names)
        try:
            yield
        finally:
            self.names.reset(token)

    def parsed(self, text: str) -> list[Any]:
        """As local-bigquery's own. A tree of what may be remembered is the same one each time."""
        if tree := self.trees.get(text):
            return [tree]
        trees = self.parse(text)
        if len(trees) == 1 and _plain(trees[0]):
            _limited(self.trees)
            self.trees[text] = trees[0]
            trees[0].meta["text"] = text
            return trees
        return self.parse(self.names.get().back(text))

    def translated(self, tree: Any, context: Any) -> tuple[str, dict[str, Any]]:
        """As local-bigquery's own."""
        text, names = tree.meta.get("text"), self.names.get()
        if text is None:
            self._changing(tree, context)
            return self.translate(tree.copy(), context)
        if context.variables or context.functions or context.temporary:
            [real] = self.parse(names.back(text))
            return self.translate(real, context)
        key = self.key(text, context.project_id, context.dataset_id, context.parameters)
        found = self.found(key) or self._learnt(key, context)
        context.referenced |= {_each(names.back, one) for one in found.referenced}
        bound = {name: context.values[name] for name in found.parameters}
        return names.back(found.sql), bound

    def key(self, text: str, project: str, dataset: str | None, parameters: dict[str, str]) -> Key:
        """What decides what a statement means: of a script's parameters only its own."""
        own = {name: parameters[name] for name in _used(text) if name in parameters}
        place = self.stamps.get(dataset) if dataset and self.names.get().dataset else dataset
        return text, project, place, frozenset(own.items())

    def found(self, key: Key) -> Translation | None:
        """The translation, where there is one by now."""
        known = self.known.get(key)
        if known is None and (store := self._lasting()) and (known := store.get(key)):
            self._know(key, known)
        return known

    def _lasting(self) -> "TranslationStore | None":
        """The store, if others have, or can use, what is translated now."""
        return self.store if self.names.get().dataset else None

    def _know(self, key: Key, translation: Translation) -> None:
        _limited(self.known)
        self.known[key] = translation

    def _learnt(self, key: Key, context: Any) -> Translation:
        names, before = self.names.get(), set(context.referenced)
        [real] = self.parse(names.back(key[0]))
        sql, bound = self.translate(real, context)
        referenced = {_each(names.out, one) for one in context.referenced - before}
        found = Translation(key[0], names.out(sql), frozenset(bound), frozenset(referenced))
        self._know(key, found)
        if (store := self._lasting()) and found.datasets() <= {ANY, f"{ANY}_staging"}:
            store.put(key, found)
        return found

    def forget(self, dataset: str) -> None:
        """A table, view or function of that dataset has changed."""
        if dataset == self.results or dataset.endswith("_staging"):
            return  # a result, or a staged table, which no later statement names
        self.stamps.pop(dataset, None)
        for key, one in [*self.known.items()]:
            if dataset == key[2] or dataset in one.datasets():
                self.known.pop(key, None)

    def _changing(self, tree: Any, context: Any) -> None:
        """Forget what a CREATE, DROP or ALTER changes."""
        from sqlglot import exp  # noqa: PLC0415

        if isinstance(tree, exp.Create | exp.Drop | exp.Alter):
            for table in tree.find_all(exp.Table):
                self.forget(table.db or context.dataset_id or table.name)

    def forgetting(self, change: Callable[..., Any]) -> Callable[..., Any]:
        """That change of the catalogue, after which what it touches is forgotten."""

        def changed(*args: Any, **more: Any) -> Any:
            _, dataset, *_ = [*(one for one in args if isinstance(one, str)), "", ""]
            try:
                return change(*args, **more)
            finally:
                self.forget(dataset)

        return changed


def remember(store: "TranslationStore") -> Memory:
    """Let local-bigquery's modules ask the memory first, and that the store."""
    from local_bigquery.catalog import metadata, tables  # noqa: PLC0415  they read HOME
    from local_bigquery.grpc import read  # noqa: PLC0415
    from local_bigquery.jobs import query  # noqa: PLC0415
    from local_bigquery.sql import script, translate  # noqa: PLC0415

    memory = Memory(translate.parse, _in_place(translate), tables.RESULTS, store)
    users: tuple[ModuleType, ...] = (query, script)
    for module in users:
        module.translate = memory.translated  # type: ignore[attr-defined]
    read.translate = _of_results(tables, translate.translate)
    script.parse = memory.parsed
    scripts = _remembered(script.parse_script)
    original = query.execute

    def execute(cursor: Any, project: str, job: str | None, config: Any, **more: Any) -> Any:
        default = config.defaultDataset
        names = memory.names_in(config.query or "", default.datasetId if default else None)
        with memory.named(names):
            return original(cursor, project, job, config, **more)

    query.execute = execute
    script.parse_script = lambda text: scripts(memory.names.get().out(text))
    metadata.save = memory.forgetting(metadata.save)
    metadata.delete = memory.forgetting(metadata.delete)
    return memory


def _in_place(module: "ModuleType") -> Callable[[Any, Any], tuple[str, dict[str, Any]]]:
    """local-bigquery's translation, but of the tree itself: copying takes half of the time."""

    def translate(tree: Any, context: Any) -> tuple[str, dict[str, Any]]:
        context.used.clear()
        for rule in module.STATEMENT_RULES:
            tree = rule(tree, context)
        sql = module._rewrite(tree, context).sql(dialect=module.DuckDBDialect)
        return sql, {name: context.values[name] for name in context.used}

    return translate


def _of_results(tables: "ModuleType", original: Callable[..., Any]) -> Callable[..., Any]:
    """The translation of a read session's query: a result is read as it is."""

    def translate(tree: Any, context: Any) -> tuple[str, dict[str, Any]]:
        if context.dataset_id != tables.RESULTS or tree.args.get("where"):
            translated: tuple[str, dict[str, Any]] = original(tree, context)
            return translated
        [table] = tree.find_all(type(tree.args["from_"].this))
        return f"SELECT * FROM {tables.name(table.catalog, table.db, table.name)}", {}

    return translate


def _remembered(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """That function of a text, asked once for each."""
    known: dict[str, Any] = {}

    def asked(text: str) -> Any:
        if text not in known:
            _limited(known)
            known[text] = parse(text)
        return known[text]

    return asked


@lru_cache(MOST)
def _naming(dataset: str, then: str = "") -> re.Pattern[str]:
    """Where that dataset is named, or one whose name goes on like that."""
    return re.compile(rf'(?<![\w-]){re.escape(dataset)}(?={then}(?:[."/`]|$))')


@lru_cache(MOST)
def _used(text: str) -> tuple[str, ...]:
    return tuple(PARAMETER.findall(text))


def _limited(known: dict[Any, Any]) -> None:
    if len(known) >= MOST:
        known.clear()


def _each(change: Callable[[str], str], parts: Iterable[str]) -> Any:
    return tuple(map(change, parts))


def _plain(tree: Any) -> bool:
    """A query or a change of rows, of tables that it names, without the system's variables."""
    from sqlglot import exp  # noqa: PLC0415

    if not isinstance(tree, exp.Query | exp.Insert | exp.Update | exp.Delete):
        return False
    odd = (exp.Placeholder, exp.HistoricalData, exp.Version)
    return not any(
        isinstance(node, odd)
        or (isinstance(node, exp.Parameter) and isinstance(node.this, exp.Parameter))
        or (
            isinstance(node, exp.Table) and (node.name.endswith("*") or "SCHEMA" in node.db.upper())
        )
        for node in tree.walk()
    )
