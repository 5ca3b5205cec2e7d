"""Numbers as short as the eye needs them: whole where whole, three or four digits otherwise."""

from math import isfinite
from typing import Any

import numpy as np

from vigil.panel import Floats

MOST_DECIMALS = 4


def short(values: Floats, digits: int = 4, spread: Floats | float = np.inf) -> Floats:
    """Rounded to so many digits of the value or of *spread*, whichever is finer."""
    finest = np.minimum(np.abs(values), spread)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.floor(np.log10(np.where(finest > 0, finest, 1.0)))
    decimals = np.clip(digits - 1 - np.nan_to_num(size), None, MOST_DECIMALS)
    scale = 10.0**decimals
    rounded: Floats = np.round(values * scale) / scale
    return np.where(values == np.round(values), values, rounded)


def plain(values: Floats) -> list[Any]:
    """For JSON: whole numbers without a point, null where there is none."""
    rounded = np.round(values, MOST_DECIMALS).ravel().tolist()
    return [int(one) if one.is_integer() else one if isfinite(one) else None for one in rounded]
