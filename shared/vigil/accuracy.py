"""How far single numbers were off: means over all that is known, NaN passed over."""

import math

import numpy as np
from numpy.typing import ArrayLike

from vigil.panel import Floats


def average(values: ArrayLike) -> float:
    """The mean of all that is known; NaN where nothing is."""
    return float(means(np.ravel(values)))


def means(values: ArrayLike) -> Floats:
    """The mean along the first axis of what is known; NaN where nothing is."""
    numbers = np.asarray(values, float)
    return ratio(np.nansum(numbers, axis=0), (~np.isnan(numbers)).sum(axis=0))


def ratio(top: ArrayLike, bottom: ArrayLike, otherwise: float = np.nan) -> Floats:
    """One divided by the other, where the other is above zero."""
    above, below = np.asarray(top, float), np.asarray(bottom, float)
    nothing = np.full(np.broadcast_shapes(above.shape, below.shape), float(otherwise))
    result: Floats = np.divide(above, below, out=nothing, where=below > 0)
    return result


def on_log_scale(numbers: ArrayLike) -> Floats:
    """log(1 + number), as if nothing were below zero: counts as they grow (Bosse et al. 2023)."""
    logs: Floats = np.log1p(np.maximum(numbers, 0))
    return logs


def mae(forecast: ArrayLike, actual: ArrayLike) -> float:
    """The mean size of the error."""
    return average(np.abs(np.subtract(forecast, actual)))


def rmse(forecast: ArrayLike, actual: ArrayLike) -> float:
    """The root of the mean squared error: large errors weigh more."""
    return math.sqrt(average(np.square(np.subtract(forecast, actual))))


def bias(forecast: ArrayLike, actual: ArrayLike) -> float:
    """The mean error: above zero where forecasts are too high."""
    return average(np.subtract(forecast, actual))


def wape(forecast: ArrayLike, actual: ArrayLike) -> float:
    """The sizes of all errors together, as a share of all that came true."""
    errors = np.abs(np.subtract(forecast, actual))
    whole = np.where(np.isnan(errors), np.nan, np.abs(actual))
    return float(ratio(np.nansum(errors), np.nansum(whole)))


def rmsle(forecast: ArrayLike, actual: ArrayLike) -> float:
    """The root mean squared error on the log scale: of factors rather than of numbers."""
    return rmse(on_log_scale(forecast), on_log_scale(actual))


def mase(forecast: ArrayLike, actual: ArrayLike, history: ArrayLike, season: int) -> float:
    """The error as a multiple of seasonal naive's in the past (Hyndman & Koehler 2006).

    The history is times x series. A series that never changed has no such multiple.
    """
    past = np.asarray(history, float)
    usual = means(np.abs(past[season:] - past[:-season]))
    return average(ratio(np.abs(np.subtract(forecast, actual)), usual))
