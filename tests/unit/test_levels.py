"""From a few quantiles to all: exact for a normal distribution, in order for any."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from vigil.levels import SCORES, scores, spread
from vigil.paths import LEVELS

FEW = (0.025, 0.25, 0.5, 0.75, 0.975)


def test_the_quantiles_of_a_normal_distribution_are_those_of_the_few():
    """Mean 3, deviation 2: every one of the 23, also beyond the outermost that was fitted."""
    normal = NormalDist(3, 2)
    fitted = np.array([normal.inv_cdf(level) for level in FEW])
    exact = [normal.inv_cdf(level) for level in LEVELS]
    np.testing.assert_allclose(spread(FEW, fitted), exact, atol=1e-9)


def test_what_was_fitted_is_kept():
    """Lopsided as it may be."""
    fitted = np.array([-1.0, 0.0, 1.0, 5.0, 30.0])
    at = [int(np.searchsorted(LEVELS, level)) for level in FEW]
    np.testing.assert_allclose(spread(FEW, fitted)[at], fitted)


def test_between_two_levels_lies_a_straight_line_in_normal_scores():
    """From the median at 0 to 0.75 at 10: 0.6 has 0.2533 of 0.6745."""
    between = spread(FEW, np.array([-30.0, -10, 0, 10, 30]))[int(np.searchsorted(LEVELS, 0.6))]
    assert between == pytest.approx(10 * 0.2533471 / 0.6744898)


def test_the_median_lies_at_a_score_of_none():
    """And the levels lie mirrored about it."""
    assert scores(np.array([0.5]))[0] == 0
    np.testing.assert_allclose(SCORES, -SCORES[::-1], atol=1e-12)


@settings(max_examples=50)
@given(
    st_numpy.arrays(float, (len(FEW), 2, 3), elements=st.floats(-1e6, 1e6, allow_subnormal=False))
)
def test_quantiles_that_cross_come_out_in_order(fitted):
    """In whatever order they were fitted; axes beyond the levels are kept."""
    made = spread(FEW, fitted)
    assert made.shape == (len(LEVELS), 2, 3)
    assert (np.diff(made, axis=0) >= -1e-6).all()
    np.testing.assert_array_equal(made, spread(FEW, fitted[::-1]))
