"""Stays in a hospital, what was said of them and what came, written by hand."""

import json
from datetime import UTC, datetime
from typing import Any

from by_hand import insert

from vigil.cloud import Cloud

PROBABILITY = (0.1, 0.3, 0.6, 0.9)  # low, moderate, raised, high; the threshold is a half
ANSWERS = ((0.8, "31-40"), (0.8, "21-30"), (0.2, "More than 100 Days"), (0.2, "0-10"))
Counts = dict[str, tuple[int, int, int, int]]  # age -> so many of each


def moment(day: int) -> datetime:
    """A day in January 2024."""
    return datetime(2024, 1, day, tzinfo=UTC)


def rule(dataset: str) -> dict[str, Any]:
    """What the dataset's file says of outcomes and groups."""
    return {"dataset": dataset, "outcome": "Stay", "above": 30.0, "grouped_by": '["Age"]'}


def record(dataset: str, name: str, day: int, age: str, stay: str | None) -> dict[str, Any]:
    """A record as it became known on a day."""
    fields = json.dumps({"Age": age or None, "Stay": stay})
    return {"dataset": dataset, "record": name, "fields": fields, "issued_at": moment(day)}


def classified(
    dataset: str, name: str, day: int, publication: str, probability: float
) -> dict[str, Any]:
    """A classification of a record, issued on a day."""
    return {
        "dataset": dataset, "record": name, "issued_at": moment(day), "publication": publication,
        "vintage": str(day), "probability": probability, "positive": probability >= 0.5,
        "threshold": 0.5, "answers": "yes" if probability >= 0.5 else "no", "version": "v",
    }  # fmt: skip


def published(dataset: str, name: str, day: int, hour: int = 0) -> dict[str, Any]:
    """That there is such a publication."""
    at = moment(day)
    return {
        "dataset": dataset, "publication": name, "issued_at": at, "vintage": str(day),
        "published_at": at.replace(hour=hour),
    }  # fmt: skip


def each(ages: Counts) -> list[tuple[str, str, int]]:
    """Record, age and which of the four it is."""
    return [
        (f"{age}{kind}{number}", age, kind)
        for age, counts in ages.items()
        for kind, count in enumerate(counts)
        for number in range(count)
    ]


def stays(cloud: Cloud, dataset: str, ages: Counts) -> None:
    """Open stays: so many in each band, by age."""
    rows = each(ages)
    insert(cloud, "records", [record(dataset, name, 1, age, None) for name, age, _ in rows])
    said = [classified(dataset, name, 1, "p", PROBABILITY[kind]) for name, _, kind in rows]
    insert(cloud, "classifications", said)
    insert(cloud, "publications", [published(dataset, "p", 1)])


def known(cloud: Cloud, dataset: str, ages: Counts) -> None:
    """Stays that were scored before they ended: so many of each answer, by age.

    Of the first there is more: older classifications, one of the same moment that was published
    before the one that counts, one that came too late, and an outcome that was corrected.
    """
    rows = each(ages)
    first, age, _ = rows[0]
    open_ = [record(dataset, name, 1, age, None) for name, age, _ in rows]
    ended = [record(dataset, name, 5, age, ANSWERS[kind][1]) for name, age, kind in rows]
    corrected = record(dataset, first, 7, age, "0-10")
    insert(cloud, "records", [*open_, *ended, corrected, record(dataset, "x", 1, "1", None)])
    last = [classified(dataset, name, 3, "p3", ANSWERS[kind][0]) for name, _, kind in rows]
    other = [(2, "p2"), (3, "p0"), (5, "p5"), (6, "p6")]
    more = [classified(dataset, first, day, name, 0.01) for day, name in other]
    insert(cloud, "classifications", [*last, *more, classified(dataset, "x", 3, "p3", 0.5)])
    insert(cloud, "publications", [
        published(dataset, name, day, hour=day) for name, day in
        (("p2", 2), ("p3", 3), ("p5", 5), ("p6", 6))
    ])  # fmt: skip
    insert(cloud, "publications", [published(dataset, "p0", 3, hour=1)])
