"""Whether a published forecast holds together: what must never be in it, and what must."""

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from vigil.cloud import Cloud
from vigil.datasets import Dataset
from vigil.forecasts import QUANTILES

CLOSE = 1e-6  # relative, of sums of doubles
Forecast = dict[tuple[str, str, str, str, date], dict[str, Any]]
NEWEST = f"""
SELECT source, target, series, period, date, actual, horizon, mean, {", ".join(QUANTILES)}
FROM outlook WHERE dataset = @dataset
"""
KNOWN = """
SELECT DISTINCT source, target, series FROM latest_observations WHERE dataset = @dataset
"""
MEMBERS = "SELECT source, target, aggregate, series FROM members WHERE dataset = @dataset"
REASONS = """
SELECT scope, found FROM findings WHERE dataset = @dataset AND rule = 'no_forecast'
"""


def problems(dataset: Dataset, cloud: Cloud) -> dict[str, int]:
    """How many rows are negative, crossing, incoherent or missing without a word."""
    rows = cloud.warehouse.arrow(NEWEST, dataset=dataset.name).to_pylist()
    said = {_key(row): row for row in rows if row["horizon"] is not None}
    known = {_key(row): row["actual"] for row in rows if row["horizon"] is None}
    members = cloud.warehouse.rows(MEMBERS, dataset=dataset.name)
    return {
        "rows": len(said),
        "negative": sum(_negative(dataset, row) for row in said.values()),
        "crossing": sum(_crossing(row) for row in said.values()),
        "weeks against days": len([*_weeks(dataset, said, known, members)]),
        "sums against members": len([*_sums(said, members)]),
        "missing": len([*_missing(dataset, said, members, cloud)]),
    }


def _key(row: dict[str, Any]) -> tuple[str, str, str, str, date]:
    return row["source"], row["target"], row["series"], row["period"], row["date"]


def _negative(dataset: Dataset, row: dict[str, Any]) -> bool:
    return dataset.targets[row["target"]].non_negative and row[QUANTILES[0]] < 0


def _crossing(row: dict[str, Any]) -> bool:
    values = [row[name] for name in QUANTILES]
    return any(low > high for low, high in itertools.pairwise(values))


def _weeks(
    dataset: Dataset, said: Forecast, known: dict[Any, float], members: list[dict[str, Any]]
) -> Iterator[Any]:
    """The mean of a week is that of its days, those that are known among them.

    A week of a sum is held against its members: a correction of one of them counts as none.
    """
    sums = {(one["source"], one["target"], one["aggregate"]) for one in members}
    for key, row in said.items():
        source, target, series, period, day = key
        if period != "week" or key[:3] in sums:
            continue
        measure, days = dataset.targets[target], []
        for back in range(7):
            one = (source, target, series, "day", day - timedelta(days=back))
            before = known.get(one) or 0.0
            days.append(
                said[one]["mean"]
                if one in said
                else max(before, 0.0)
                if measure.non_negative
                else before
            )
        if not _close(row["mean"], sum(days) / (1 if measure.adds_up else 7)):
            yield key


def _sums(said: Forecast, members: list[dict[str, Any]]) -> Iterator[Any]:
    """The mean of a sum is the sum of its members' means."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for one in members:
        groups.setdefault((one["source"], one["target"], one["aggregate"]), []).append(
            one["series"]
        )
    for key, row in said.items():
        names = groups.get(key[:3])
        if names and key[3] != "total":
            parts = [said.get((*key[:2], name, *key[3:]), {"mean": 0.0}) for name in names]
            if not _close(row["mean"], sum(one["mean"] for one in parts)):
                yield key


def _missing(
    dataset: Dataset, said: Forecast, members: list[dict[str, Any]], cloud: Cloud
) -> Iterator[Any]:
    """Every series that is known has every day ahead, or a finding says why it has none."""
    reasons = cloud.warehouse.rows(REASONS, dataset=dataset.name)
    expected = {
        (row["source"], row["target"], row["series"])
        for row in cloud.warehouse.rows(KNOWN, dataset=dataset.name)
        if row["target"] in dataset.targets
    } | {(one["source"], one["target"], one["aggregate"]) for one in members}
    for series in expected:
        days = sum((*series, "day", day) in said for day in _days(said, series[:2], dataset))
        told = any(f"{series[0]}.{series[1]}" in one["scope"] for one in reasons)
        if days < dataset.horizon and not told:
            yield series


def _days(said: Forecast, measure: tuple[str, str], dataset: Dataset) -> list[date]:
    first = min((key[4] for key in said if key[:2] == measure and key[3] == "day"), default=None)
    return [first + timedelta(days=n) for n in range(dataset.horizon)] if first else []


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= CLOSE * max(abs(one), abs(other), 1.0)
