"""Places in the order of a list: countries with their provinces under them."""

from collections.abc import Iterable, Sequence
from typing import Any

from vigil.report.shown import Row

TOTAL = " (total)"
ROOT = ""


def places(shown: Iterable[str], said: Sequence[Row]) -> list[dict[str, Any]]:
    """Each with name, depth and what it stands under; groups that are no series have no id."""
    known = {row["series"]: row for row in said}
    parents = {name: _parent(name, known.get(name, {})) for name in sorted(shown)}
    children: dict[str, list[str]] = {}
    for name, parent in parents.items():
        for child, above in [(name, parent), *_groups(parent, parents)]:
            under = children.setdefault(above, [])
            under.extend([child] if child not in under else [])
    names = {one: _name(one, known.get(one, {})) for under in children.values() for one in under}
    rows: list[dict[str, Any]] = []
    _walk(ROOT, [], children, names, set(parents), known, rows)
    return rows


def _parent(series: str, row: Row) -> str:
    if series.endswith(TOTAL):
        return series.removesuffix(TOTAL)
    above, found, _ = series.rpartition("/")
    parent = row.get("parent") or ""
    return above if found else parent if parent != series else ROOT


def _groups(group: str, parents: dict[str, str]) -> Iterable[tuple[str, str]]:
    """A group that is no series stands under what its own name says."""
    while group and group not in parents:
        above = group.rpartition("/")[0]
        yield group, above
        group = above


def _name(series: str, row: Row) -> str:
    if series.endswith(TOTAL):
        return series.rpartition("/")[2]
    return row.get("name") or series.rpartition("/")[2]


def _walk(
    above: str,
    where: list[str],
    children: dict[str, list[str]],
    names: dict[str, str],
    series: set[str],
    known: dict[str, Row],
    rows: list[dict[str, Any]],
) -> None:
    """Sums of others come first, then by name."""

    def order(one: str) -> tuple[bool, str]:
        sums = one == "World" or bool(known.get(one, {}).get("aggregate")) or one.endswith(TOTAL)
        return (not sums, names[one].casefold())

    for one in sorted(children.get(above, []), key=order):
        rows.append(
            {
                "id": one if one in series else None,
                "name": names[one],
                "depth": len(where),
                "where": ", ".join(reversed(where)),
            }
        )
        _walk(one, [*where, names[one]], children, names, series, known, rows)
