"""At which level lies what came true: hand-worked, with ties, and over many forecasts.

The quantiles are 1 at the level 0.01, 50 at 0.5 and 99 at 0.99, if nothing else is said.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from vigil.paths import LEVELS
from vigil.scoring import pit, pit_histogram

NAN = np.nan
EVEN = 100 * LEVELS
NUMBERS = st.integers(-20, 20).map(float)  # few enough to agree often
FORECASTS = st_numpy.arrays(float, (23, 4), elements=NUMBERS).map(lambda one: np.sort(one, axis=0))
ACTUALS = st_numpy.arrays(float, 4, elements=NUMBERS)


def test_pit_is_linear_between_the_levels():
    """37 lies two fifths from 35 to 40; 1.75 halfway from 0.01 to 0.025; 35 on its level."""
    assert pit(EVEN, [37, 1.75, 35, 1, 99]) == pytest.approx([0.37, 0.0175, 0.35, 0.01, 0.99])


def test_pit_is_halfway_to_the_end_outside():
    """However far: of 1 in 100 below the first quantile nothing more is said."""
    assert pit(EVEN, [0.5, -1000, 99.5, 1e9]).tolist() == [0.005, 0.005, 0.995, 0.995]


def test_pit_is_the_middle_of_the_quantiles_that_agree():
    """Twenty less, and nothing below 0: zero from 0.01 to 0.2, so zero lies at 0.105."""
    floored = np.maximum(EVEN - 20, 0)
    assert pit(floored, [0, 2.5, -1]) == pytest.approx([0.105, 0.225, 0.005])
    assert pit(np.full(23, 7.0), 7) == 0.5


def test_pit_of_flat_parts_inside_and_at_the_top():
    """40 from 0.4 to 0.6 has its middle at 0.5; 95 from 0.95 to 0.99 at 0.97."""
    flat = np.where((LEVELS > 0.39) & (LEVELS < 0.61), 40, np.minimum(EVEN, 95))
    assert pit(flat, [40, 95, 52.5]) == pytest.approx([0.5, 0.97, 0.625])


@given(FORECASTS, ACTUALS, ACTUALS)
def test_pit_rises_with_what_came_true(quantiles, one, other):
    """It is a distribution: between 0.005 and 0.995, and never falling."""
    low, high = pit(quantiles, np.minimum(one, other)), pit(quantiles, np.maximum(one, other))
    assert (low <= high + 1e-12).all()
    assert low.min() >= 0.005
    assert high.max() <= 0.995


def test_an_honest_forecast_spreads_pit_evenly():
    """Of 0 to 999 in steps of one, each tenth of the forecasts holds a tenth."""
    levels = pit(1000 * LEVELS[:, None], np.arange(1000.0))
    assert pit_histogram(levels) == pytest.approx([0.1] * 10)


def test_a_histogram_has_shares_of_what_is_known():
    """Of four known values two are in the first fifth; its end begins the next, and 1 the last."""
    shares = pit_histogram([0.005, 0.1, 0.2, 1, NAN], bins=5)
    assert shares.tolist() == [0.5, 0.25, 0, 0, 0.25]


@pytest.mark.parametrize("bins", [5, 10, 20, 100])
def test_a_bin_begins_with_its_lower_end(bins):
    """0.29 x 100 is a little less than 29 to a computer, and yet it is in bin 29."""
    assert pit_histogram(np.arange(bins) / bins, bins).tolist() == [1 / bins] * bins


def test_a_histogram_of_nothing_is_unknown():
    """NaN in every bin."""
    assert np.isnan(pit_histogram([NAN])).all()
