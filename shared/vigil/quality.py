"""Quality: what a good file looks like next to the one before it. Every rule has a name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from vigil.datasets import Dataset, Source
from vigil.errors import Rejected
from vigil.panel import EMPTY, Grid, Key, Panel, increments


@dataclass(frozen=True)
class Finding:
    """Something a reader of the data should know: expected, found, where, since when."""

    rule: str
    severity: str  # info, warning, error
    scope: str  # dataset, source, measure
    expected: str
    found: str
    since: date | None = None
    count: int = 1


def check(
    dataset: Dataset, new: Panel, known: Panel, as_of: datetime, *, downloaded: bool
) -> list[Finding]:
    """Hold new grids against the contract and against what is known; a breach is rejected."""
    findings: list[Finding] = []
    for key, one in new.items():
        where = f"{dataset.name}.{key.source}.{key.target}"
        findings += _dates(one, as_of, where)
        findings += _values(dataset, key, one, where)
    here = {key.source for key in new}
    for key, before in known.items():
        if key.source in here and key.target in dataset.columns(key.source):
            where = f"{dataset.name}.{key.source}.{key.target}"
            source = dataset.sources[key.source]
            findings += _against_known(source, new.get(key, EMPTY), before, where)
    for source_name in sorted(here):
        findings += _whole(dataset, source_name, new, as_of, downloaded=downloaded)
    return findings


def _whole(
    dataset: Dataset, name: str, new: Panel, as_of: datetime, *, downloaded: bool
) -> Iterator[Finding]:
    """Enough series, and new enough: stale local files are a finding, stale downloads refused."""
    source, where = dataset.sources[name], f"{dataset.name}.{name}"
    grids = [one for key, one in new.items() if key.source == name]
    count = max(len(one.series) for one in grids)
    if count < source.expect.series:
        raise Rejected(
            where,
            rule="few_series",
            expected=f"at least {source.expect.series} series",
            found=f"{count}",
        )
    last = max(day for one in grids if (day := one.last_date()) is not None).astype(date)
    oldest = as_of.date() - timedelta(days=source.expect.stale_days)
    if last >= oldest or (source.ended is not None and last >= source.ended):
        return
    expected = f"data up to {oldest} or later, as of {as_of.date()}"
    if downloaded:
        raise Rejected(where, rule="stale", expected=expected, found=f"the last date is {last}")
    yield Finding("stale", "warning", where, expected, f"the last date is {last}", since=last)


def _dates(one: Grid, as_of: datetime, where: str) -> Iterator[Finding]:
    """No value may lie in the future; a day's grace, for the zones ahead of UTC."""
    last = one.last_date()
    if last is None:
        yield Finding("empty_column", "info", where, "values", "none")
        return
    if last.astype(date) > as_of.date() + timedelta(days=1):
        raise Rejected(
            where,
            rule="future",
            expected=f"no date after {as_of.date()}, the moment of this vintage",
            found=str(last),
            remedy="If the file is newer than that, give its own moment with --as-of.",
        )
    gaps = np.diff(one.dates).astype(int) - 1
    usual = int(np.median(gaps)) if len(gaps) else 0
    if (wide := np.flatnonzero(gaps > usual)).size:
        since, missing = one.dates[wide[0]].astype(date), int((gaps[wide] - usual).sum())
        found = f"{missing} missing, the first after {since}"
        yield Finding("gaps", "warning", where, "a row every day", found, since, missing)


def _values(dataset: Dataset, key: Key, one: Grid, where: str) -> Iterator[Finding]:
    """Numbers that cannot be what they say: kept as published, counted, reported."""
    measure = dataset.measures[key.target]
    if measure.non_negative and (one.values < 0).any():
        yield _places("negative", where, one, one.values < 0, "no negative number")
    if measure.cumulative:
        falls = increments(one.values) < 0
        if falls.any():
            yield _places("falling_total", where, one, falls, "a total that never falls")


def _places(rule: str, where: str, one: Grid, wrong: np.ndarray, expected: str) -> Finding:
    rows, columns = np.nonzero(wrong)
    since = one.dates[rows[-1]].astype(date)
    latest = f"the latest {one.series[columns[-1]]} on {since}"
    found = f"{len(rows)} in {len(set(columns))} series, {latest}"
    return Finding(rule, "warning", where, expected, found, since, len(rows))


def _against_known(source: Source, one: Grid, known: Grid, where: str) -> Iterator[Finding]:
    """A file may revise and grow; it may not lose much of what was there, or turn to zeros."""
    if not known.known:
        return
    if one.known and not np.nansum(np.abs(one.values)) and np.nansum(np.abs(known.values)):
        raise Rejected(where, rule="all_zero", expected="numbers as before", found="only zeros")
    here = one.onto(known.dates, known.series)
    gone = int((np.isfinite(known.values) & ~np.isfinite(here)).sum())
    allowed = int(source.expect.shrink * known.known)
    if gone > allowed:
        raise Rejected(
            where,
            rule="shrunken",
            expected=f"at most {allowed} of {known.known} known values gone",
            found=f"{gone} gone",
            remedy="If upstream meant it, raise expect.shrink in the dataset's YAML.",
        )
    if lost := sorted(set(known.series) - set(one.series)):
        yield Finding("lost_series", "warning", where, "every series as before", f"no {lost[:8]}")
    if added := sorted(set(one.series) - set(known.series)):
        yield Finding("new_series", "info", where, "the series as before", f"also {added[:8]}")
