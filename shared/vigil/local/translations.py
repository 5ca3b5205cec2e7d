"""BigQuery's SQL as DuckDB's, remembered: local-bigquery translates every statement anew.

A step sends the same statements again and again, with other parameters. Translating a long one
takes a second, running it on small tables a hundredth of that.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

MOST = 500  # statements

type Translated = tuple[str, dict[str, Any]]
type Translate = Callable[[Any, Any], Translated]


@dataclass
class Memory:
    """What was translated since a table, a view or a function changed last."""

    translate: Translate
    plain: Callable[[Any], bool]  # whether a statement means the same whenever it is sent
    changes: Callable[[Any], bool]  # whether it may change what others mean
    results: str  # the dataset of every query's result
    known: dict[object, tuple[str, frozenset[str], frozenset[Any]]] = field(default_factory=dict)

    def __call__(self, tree: Any, context: Any) -> Translated:
        """As local-bigquery's own."""
        if context.variables or context.functions or context.temporary:
            return self.translate(tree, context)
        place = context.project_id, context.dataset_id
        key = (hash(tree), *place, frozenset(context.parameters.items()))
        if (found := self.known.get(key)) is None:
            return self._learnt(key, tree, context)
        sql, used, referenced = found
        context.referenced |= referenced
        return sql, {name: context.values[name] for name in used}

    def _learnt(self, key: object, tree: Any, context: Any) -> Translated:
        before = set(context.referenced)
        sql, bound = self.translate(tree, context)
        if self.plain(tree):
            if len(self.known) >= MOST:
                self.known.clear()
            self.known[key] = sql, frozenset(bound), frozenset(context.referenced - before)
        elif self.changes(tree):
            self.known.clear()
        return sql, bound

    def forgetting(self, change: Callable[..., Any]) -> Callable[..., Any]:
        """That change of the catalogue, after which nothing is remembered."""

        def changed(*args: Any, **more: Any) -> Any:
            names = [one for one in args if isinstance(one, str)]
            passing = len(names) > 1 and (names[1] == self.results or names[1].endswith("_staging"))
            try:
                return change(*args, **more)
            finally:
                if not passing:  # a staged table, or a result, which no later statement names
                    self.known.clear()

        return changed


def remember() -> None:
    """Let local-bigquery's modules ask the memory first."""
    from local_bigquery.catalog import metadata, tables  # noqa: PLC0415  they read HOME
    from local_bigquery.grpc import read  # noqa: PLC0415
    from local_bigquery.jobs import query  # noqa: PLC0415
    from local_bigquery.sql import script, translate  # noqa: PLC0415

    memory = Memory(translate.translate, _plain, _changes, tables.RESULTS)
    users: tuple[ModuleType, ...] = (query, script, read)
    for module in users:
        module.translate = memory  # type: ignore[attr-defined]
    metadata.save = memory.forgetting(metadata.save)
    metadata.delete = memory.forgetting(metadata.delete)


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


def _changes(tree: Any) -> bool:
    from sqlglot import exp  # noqa: PLC0415

    return isinstance(tree, exp.Create | exp.Drop | exp.Alter | exp.Command)
