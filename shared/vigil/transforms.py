"""The scales models work on: a change there means about the same for small numbers and large."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from vigil.accuracy import on_log_scale
from vigil.panel import Floats


class Transform(NamedTuple):
    """There and back again."""

    to: Callable[[Floats], Floats]
    back: Callable[[Floats], Floats]


def _fourth_root(numbers: Floats) -> Floats:
    roots: Floats = np.sqrt(np.sqrt(np.maximum(numbers, 0)))
    return roots


def _fourth_power(roots: Floats) -> Floats:
    powers: Floats = np.maximum(roots, 0) ** 4
    return powers


def _exp(logs: Floats) -> Floats:
    numbers: Floats = np.expm1(np.maximum(logs, 0))
    return numbers


TRANSFORMS = {
    "fourth_root": Transform(_fourth_root, _fourth_power),
    "log": Transform(on_log_scale, _exp),
    "none": Transform(np.asarray, np.asarray),
}
