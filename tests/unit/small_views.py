"""Views of small panels, as models see them."""

from typing import Any

import numpy as np
from examples import grid, long

from vigil.panel import Key
from vigil.view import View, view

KEY = Key("hospital", "admitted")


def of(values: np.ndarray, *, grain: str = "week", **fields: Any) -> View:
    """Numbers a day (days x series) that may be below zero, unless told otherwise."""
    signed = fields.pop("non_negative", False)
    dataset = long(measure={"non_negative": signed})
    dataset = dataset.model_copy(update={"grain": grain, "labels_after": 0, **fields})
    series = "ABCDEFGH"[: values.shape[1]]
    found = view(dataset, {KEY: grid(values.tolist(), series)}, KEY)
    assert found is not None
    return found


def ramp(days: int = 60) -> np.ndarray:
    """0, 1, 2, ...: after day i a week holds 7 i - 21, and gains 7 a day."""
    return np.arange(days, dtype=float)[:, None]


def waves(days: int = 200, series: int = 3) -> np.ndarray:
    """Counts that rise and fall, with a quiet weekend."""
    at = np.arange(days)[:, None]
    expected = 40 * np.exp(np.sin(at / 23 + np.arange(series)) + np.arange(series) / 2)
    quiet = np.where(at % 7 > 4, 0.5, 1.0)
    return np.random.default_rng(1).poisson(expected * quiet).astype(float)
