"""Made-up drivers, scores, sources and a decision, as the views would give them."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa

from vigil.datasets import Dataset

LAST = date(2023, 3, 4)  # a Saturday
ISSUED = datetime(2023, 3, 5, 6, 45, tzinfo=UTC)
Key = tuple[str, str, str]  # source, target, series

WORDS = (
    ("own level", "Its own level", 1),
    ("own growth", "Its own recent growth", 1),
    ("calendar", "The calendar", -1),
    ("common growth", "Growth in all series together", 1),
    ("deaths", "What is known of deaths", -1),
    ("all else", "All else", -1),
)


def drivers(keys: Iterable[Key], dataset: Dataset) -> pa.Table:
    """Five drivers and all else of every series and horizon."""
    steps, days = ((1, 2, 3, 4), 7) if dataset.grain == "week" else ((1, 7), 1)
    rng = np.random.default_rng(3)
    rows = []
    for (source, target, series), horizon in product(keys, steps):
        shares = sorted(rng.dirichlet([5, 4, 3, 2, 1, 0.7]), reverse=True)
        same = {"source": source, "target": target, "series": series, "horizon": horizon}
        same["target_date"] = LAST + timedelta(days=days * horizon)
        rows += [{**same, **one} for one in _driven(shares)]
    return pa.Table.from_pylist(rows)


def _driven(shares: list[float]) -> Iterator[dict[str, Any]]:
    for rank, ((driver, name, sign), share) in enumerate(zip(WORDS, shares, strict=True)):
        way = "pushes the forecast up" if sign > 0 else "pulls the forecast down"
        yield {
            "rank": rank + 1, "driver": driver, "contribution": sign * share / 3, "share": share,
            "sentence": f"{name} {way}; {100 * share:.0f}% of all that moves it.",
        }  # fmt: skip


FLOATS = (
    "wis", "naive_wis", "skill", "skill_low", "skill_high", "mae", "wape",
    "coverage50", "coverage80", "coverage95", "naive_coverage95",
)  # fmt: skip
ACCURACY = pa.schema(
    [
        *((name, pa.string()) for name in ("vintage_kind", "source", "target", "period")),
        *(("horizon", pa.int64()), ("series", pa.string()), ("phase", pa.string())),
        *(("n", pa.int64()), ("forecasts_unscored", pa.int64()), ("blocks", pa.int64())),
        *((name, pa.float64()) for name in FLOATS),
    ]
)


def accuracy(keys: list[Key], dataset: Dataset) -> pa.Table:
    """By horizon, by phase and by series; known and pseudo, the latter of no single series."""
    rng = np.random.default_rng(4)
    last = {key[:2]: key[2] for key in keys}  # the one beside which all together are told
    rows = [
        {**said, **_score(rng, said)}
        for key in keys
        for said in _cuts(key, last[key[:2]], dataset)
        if said["vintage_kind"] == "known" or said["series"] is None
    ]
    return pa.Table.from_pylist(rows, ACCURACY)


def _cuts(key: Key, whole: str, dataset: Dataset) -> Iterator[dict[str, Any]]:
    source, target, series = key
    steps = dataset.horizon if dataset.grain == "day" else dataset.horizon // 7
    cells: list[tuple[Any, Any, Any]] = [(None, series, None)]
    if series == whole:
        cells += [(None, None, None), *((h, None, None) for h in range(1, steps + 1))]
        cells += [(None, None, phase) for phase in ("growing", "flat", "falling")]
    for kind, (horizon, of, phase) in product(("known", "pseudo"), cells):
        yield {
            "vintage_kind": kind, "source": source, "target": target, "period": dataset.grain,
            "horizon": horizon, "series": of, "phase": phase,
        }  # fmt: skip


def _score(rng: np.random.Generator, said: dict[str, Any]) -> dict[str, Any]:
    ahead = said["horizon"] or 2
    skill = 0.28 - 0.02 * ahead + rng.normal(0, 0.02) - 0.1 * (said["vintage_kind"] == "pseudo")
    half, naive = (0.07, 2890) if said["series"] is None else (0.18, 40)
    error = 120.0 * (1 + 0.4 * ahead)
    return {
        "n": naive, "forecasts_unscored": 12, "blocks": 9,
        "wis": error * (1 - skill), "naive_wis": error, "skill": skill,
        "skill_low": skill - half, "skill_high": skill + half, "mae": error * 1.2, "wape": 0.21,
        "coverage50": 0.53 + rng.normal(0, 0.02), "coverage80": 0.81 + rng.normal(0, 0.02),
        "coverage95": 0.93 + rng.normal(0, 0.01), "naive_coverage95": 0.9,
    }  # fmt: skip


def health(dataset: Dataset) -> list[dict[str, Any]]:
    """The first source has ended, the others are well."""
    return [
        {
            "source": name, "status": "ended" if number == 0 else "ok", "last_date": LAST,
            "issued_at": ISSUED - timedelta(minutes=31), "checked_at": ISSUED,
            "errors": 0, "warnings": 0, "worst": None,
        }
        for number, name in enumerate(sorted(dataset.sources))
    ]  # fmt: skip


MODEL: dict[str, Any] = {
    "decided_at": datetime(2023, 2, 27, 20, 14, tzinfo=UTC),
    "kind": "refresh",
    "version": "7",
    "recipe": "lightgbm",
    "champion": "7",
    "reason": "its WIS is 0.93 of the champion's on 26 origins (90% interval 0.90 to 0.97)",
    "decided_by": "train",
    "as_of": datetime(2023, 2, 27, 20, 0, tzinfo=UTC),
    "relative_wis": 0.93,
    "relative_low": 0.90,
    "relative_high": 0.97,
    "judged_against": "seasonal_naive",
    "origins": 26,
    "vintage_kind": "known",
    "served_from": datetime(2023, 2, 27, 20, 14, tzinfo=UTC),
    "served_until": None,
}
