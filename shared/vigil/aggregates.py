"""Series that nobody publishes and people ask for: a country of its provinces, the world."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from vigil.datasets import Aggregates
from vigil.paths import Paths, together

Groups = dict[str, tuple[str, ...]]  # aggregate -> the series it sums


def members(wanted: Aggregates, series: Iterable[str]) -> Groups:
    """The groups of these series, each under a name of its own."""
    names = sorted(series)
    groups = _parents(names) if wanted.parents else {}
    if wanted.whole and names:
        groups[_free(wanted.whole, names)] = tuple(names)
    return groups


def _parents(names: list[str]) -> Groups:
    """A parent with all below it, and with its own numbers where it has some."""
    below: dict[str, list[str]] = {}
    for name in names:
        for parent in _above(name):
            below.setdefault(parent, []).append(name)
    own = set(names)
    return {
        _free(parent, names): tuple(sorted([*some, *({parent} & own)]))
        for parent, some in below.items()
    }


def _above(name: str) -> Iterator[str]:
    """A/B/C stands under A/B and A."""
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name


def _free(name: str, names: list[str]) -> str:
    """Its name, unless a series has it: what is published keeps its name."""
    return f"{name} (total)" if name in names else name


def added(paths: Paths, groups: Mapping[str, tuple[str, ...]]) -> Paths:
    """The series and their groups; a member without paths counts with nothing."""
    able = {name: one for name, one in groups.items() if set(one) & set(paths.series)}
    if not able:
        return paths
    sums = together(paths, able)
    return beside(paths, sums)


def beside(one: Paths, other: Paths) -> Paths:
    """The series of both; where their paths are not as many, the other's are spread over ours."""
    count = len(one.values)
    spread = np.arange(count) * len(other.values) // max(count, 1)
    return Paths(
        one.reference_date,
        (*one.series, *other.series),
        np.concatenate([one.values, other.values[spread]], axis=2),
        np.concatenate([one.before, other.before], axis=1),
    )


def only(paths: Paths, wanted: Iterable[str]) -> Paths:
    """The paths of some series."""
    chosen = set(wanted)
    at = [column for column, name in enumerate(paths.series) if name in chosen]
    return replace(
        paths,
        series=tuple(paths.series[column] for column in at),
        values=paths.values[:, :, at],
        before=paths.before[:, at],
    )
