"""Quality: what a rule has to say of a content, and what of it is new."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from vigil.datasets import Dataset, Source
from vigil.errors import Rejected
from vigil.panel import Grid, Panel, increments, last_date

Item = tuple[str, int] | str  # a series and a day since 1970, or a name
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Finding:
    """Something a reader of the data should know: expected, found, where, since when."""

    rule: str
    severity: str  # info, warning, error, known (expected, with its reason), cleared
    scope: str  # dataset, source, measure
    expected: str
    found: str
    since: date | None = None
    count: int = 1


@dataclass(frozen=True)
class Mark:
    """What one rule has to say of one content: the cells, series or columns it is about."""

    rule: str
    scope: str
    expected: str
    items: frozenset[Item]
    allowed: int = 0
    severity: str = "warning"
    named: bool = True  # whether the items may be, or are of people
    common: bool = False  # items of so many rows that they tell of nobody

    @property
    def speaks(self) -> bool:
        """Whether there is more than the dataset's file allows."""
        return len(self.items) > self.allowed


def news(now: Iterable[Mark], before: Iterable[Mark], as_of: datetime) -> Iterator[Finding]:
    """A finding for what was not so before, and one for what is over: nothing alerts twice."""
    past = {(mark.rule, mark.scope): mark for mark in before if mark.speaks}
    for mark in now:
        old = past.pop((mark.rule, mark.scope), None) if mark.speaks else None
        new = mark.items - (old.items if old else frozenset())
        if mark.speaks and new:
            found, since = _describe(mark, new, as_of)
            yield Finding(
                mark.rule, mark.severity, mark.scope, mark.expected, found, since, len(mark.items)
            )
    for mark in past.values():
        yield Finding(mark.rule, "cleared", mark.scope, mark.expected, "all in order", as_of.date())


def _describe(mark: Mark, new: frozenset[Item], as_of: datetime) -> tuple[str, date]:
    """What was found, in words, and since when."""
    cells = sorted(((day, series) for series, day in _cells(new)), reverse=True)
    if not cells:
        if not mark.named:
            fresh = "" if new == mark.items else f"{len(new)} new of "
            return f"{fresh}{len(mark.items)}, not named: of people", as_of.date()
        names = sorted(str(item) for item in new)
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        return f"{', '.join(names[:8])}{more}", as_of.date()
    day, series = cells[0]
    places = len({name for name, _ in _cells(mark.items)})
    fresh = "" if new == mark.items else f"{len(new)} new of "
    said = f"{fresh}{len(mark.items)} in {places} series, the latest {series} on {day_of(day)}"
    return said, day_of(cells[-1][0])


def _cells(items: Iterable[Item]) -> Iterator[tuple[str, int]]:
    return (item for item in items if not isinstance(item, str))


def day_of(number: int) -> date:
    """The date of an item."""
    return EPOCH + timedelta(days=number)


def cells_of(one: Grid, wrong: NDArray[np.bool_]) -> frozenset[Item]:
    """The cells of a grid that a mask picks."""
    rows, columns = np.nonzero(wrong)
    days = one.dates.astype("datetime64[D]").astype(int)
    return frozenset((one.series[c], int(days[r])) for r, c in zip(rows, columns, strict=True))


def marks(dataset: Dataset, source: str, panel: Panel) -> Iterator[Mark]:
    """What the rules that look at one content alone have to say."""
    expect = dataset.sources[source].expect
    for key, one in sorted(panel.items()):
        measure, where = dataset.measures[key.target], f"{dataset.name}.{source}.{key.target}"
        if not one.known:
            items = frozenset[Item]({key.target})
            yield Mark("empty_column", where, "values", items, severity="info")
        elif measure.non_negative:
            cells = cells_of(one, one.values < 0)
            yield Mark("negative", where, "no negative number", cells, expect.negatives)
        if measure.cumulative:
            cells = cells_of(one, increments(one.values) < 0)
            yield Mark("falling_total", where, "a total that never falls", cells, expect.falls)
    ended, last = dataset.sources[source].ended, last_date(panel)
    if ended and last and last >= ended:
        said = frozenset[Item]({f"{ended}, and the file reaches it"})
        yield Mark("ended", f"{dataset.name}.{source}", "an end", said, severity="info")


def check(
    dataset: Dataset,
    source: str,
    new: Panel,
    before: Panel,
    as_of: datetime,
    *,
    downloaded: bool,
) -> None:
    """Hold a source's new content against its contract and the one before; refuse a breach."""
    spec, where = dataset.sources[source], f"{dataset.name}.{source}"
    count = max(len(one.series) for one in new.values())
    if count < spec.expect.series:
        raise Rejected(
            where,
            rule="few_series",
            expected=f"at least {spec.expect.series} series",
            found=f"{count}",
        )
    last = last_date(new)
    if downloaded and last and (finding := stale(spec, where, last, as_of)):
        raise Rejected(where, rule="stale", expected=finding.expected, found=finding.found)
    _in_time(spec, where, last, last_date(before), as_of)
    for key, old in before.items():
        if key in new and old.known:
            _against(spec, new[key], old, f"{where}.{key.target}")


def stale(spec: Source, where: str, last: date, as_of: datetime) -> Finding | None:
    """A source whose newest date is too old, unless it has ended and says so."""
    oldest = as_of.date() - timedelta(days=spec.expect.stale_days)
    if last >= oldest or (spec.ended is not None and last >= spec.ended):
        return None
    expected = f"data up to {oldest} or later, as of {as_of.date()}"
    return Finding("stale", "warning", where, expected, f"the last date is {last}", since=last)


def _in_time(
    spec: Source, where: str, last: date | None, before: date | None, as_of: datetime
) -> None:
    """No date in the future, and no way back; a day's grace is for the zones ahead of UTC."""
    latest = as_of.date() + timedelta(days=spec.expect.future_days)
    if last and last > latest:
        raise Rejected(
            where,
            rule="future",
            expected=f"no date after {latest}, as of {as_of.date()}",
            found=str(last),
            remedy="If the file is newer than that, give its own moment with --as-of.",
        )
    if last and before and (before - last).days > spec.expect.retreat_days:
        raise Rejected(
            where,
            rule="reverted",
            expected=f"dates up to {before}, at most {spec.expect.retreat_days} days less",
            found=f"the last date is {last}: an older file",
            remedy="If upstream meant it, raise expect.retreat_days in the dataset's YAML.",
        )


def _against(spec: Source, new: Grid, old: Grid, where: str) -> None:
    """A file may revise and grow; it may not lose much of what was there, or turn to zeros."""
    zeros, known = _zeros(new), spec.expect.zeros
    if new.known and zeros >= known > _zeros(old):
        raise Rejected(
            where,
            rule="all_zero",
            expected=f"numbers as before, {_zeros(old):.0%} of them zero",
            found=f"{zeros:.0%} of them zero",
        )
    gone = int((np.isfinite(old.values) & ~np.isfinite(new.onto(old.dates, old.series))).sum())
    allowed = int(spec.expect.shrink * old.known)
    if gone > allowed:
        raise Rejected(
            where,
            rule="shrunken",
            expected=f"at most {allowed} of {old.known} known values gone",
            found=f"{gone} gone",
            remedy="If upstream meant it, raise expect.shrink in the dataset's YAML.",
        )


def _zeros(one: Grid) -> float:
    """The share of the values that are zero."""
    return float((one.values == 0).sum() / max(one.known, 1))
