"""Places in the order of a list: countries with their provinces under them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from unicodedata import normalize

from vigil.report.shown import Row

TOTAL = " (total)"
ROOT = ""
Children = dict[str, dict[str, Row]]  # parent -> series or group -> what is said of it


def places(shown: Iterable[str], said: Sequence[Row]) -> list[dict[str, Any]]:
    """Each with name, depth and what it stands under; groups that are no series have no id."""
    series = set(shown)
    known = {row["series"]: row for row in said}
    children: Children = {}
    for name in sorted(series):
        row = known.get(name, {})
        children.setdefault(_parent(name, row), {})[name] = row
    for group in sorted(set(children) - series - {ROOT}):
        _stands(group, series, children)
    return [
        {
            "id": one if one in series else None,
            "name": _name(one, known.get(one, {})),
            "depth": len(where),
            "where": ", ".join(reversed(where)),
        }
        for one, where in _walk(ROOT, (), children)
    ]


def _parent(series: str, row: Row) -> str:
    if series.endswith(TOTAL):
        return series.removesuffix(TOTAL)
    above, found, _ = series.rpartition("/")
    parent = row.get("parent") or ROOT
    return above if found else parent if parent != series else ROOT


def _stands(group: str, series: set[str], children: Children) -> None:
    """A group that is no series stands under what its own name says."""
    while group and group not in series:
        above = group.rpartition("/")[0]
        children.setdefault(above, {}).setdefault(group, {})
        group = above


def _walk(
    above: str, where: tuple[str, ...], children: Children
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Sums of others come first, then by name."""
    under = children.get(above, {})
    for one in sorted(under, key=lambda one: _order(one, under[one])):
        yield one, where
        yield from _walk(one, (*where, _name(one, under[one])), children)


def _order(series: str, row: Row) -> tuple[bool, str]:
    sums = series == "World" or series.endswith(TOTAL) or bool(row.get("aggregate"))
    return not sums, _folded(_name(series, row))


def _folded(name: str) -> str:
    """Without accents: Águeda comes before Alter, not after Vouzela."""
    return normalize("NFKD", name).encode("ascii", "ignore").decode().casefold() or name


def _name(series: str, row: Row) -> str:
    last = series.rpartition("/")[2]
    return last if series.endswith(TOTAL) else row.get("name") or last
