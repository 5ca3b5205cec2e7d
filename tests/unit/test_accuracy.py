"""Scores of single numbers: hand-worked, and what is unknown is passed over.

One example runs through: forecasts 10, 20, 40 of what came as 12, 20, 30. Errors -2, 0, 10.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from vigil.accuracy import average, bias, mae, mase, on_log_scale, ratio, rmse, rmsle, wape

FORECAST, ACTUAL = np.array([10.0, 20, 40]), np.array([12.0, 20, 30])
NAN = np.nan
POINT = [mae, rmse, bias, wape, rmsle]
COUNTS = st_numpy.arrays(float, 8, elements=st.integers(0, 100_000).map(float))


def test_mae_is_the_mean_size_of_the_error():
    """(2 + 0 + 10) / 3 = 4."""
    assert mae(FORECAST, ACTUAL) == 4


def test_rmse_is_the_root_of_the_mean_square():
    """(4 + 0 + 100) / 3 = 34.67, whose root is 5.888: more than the mean size."""
    assert rmse(FORECAST, ACTUAL) == pytest.approx(5.888, abs=5e-4)


def test_bias_is_above_zero_where_forecasts_are_too_high():
    """(-2 + 0 + 10) / 3 = 2.667; the other way round its opposite."""
    assert bias(FORECAST, ACTUAL) == pytest.approx(8 / 3)
    assert bias(ACTUAL, FORECAST) == pytest.approx(-8 / 3)


def test_wape_is_the_share_of_all_that_came():
    """(2 + 0 + 10) / (12 + 20 + 30) = 0.1935."""
    assert wape(FORECAST, ACTUAL) == pytest.approx(12 / 62)


def test_rmsle_is_the_rmse_of_logarithms():
    """ln(11/13) = -0.16705, 0, ln(41/31) = 0.27958: (0.027907 + 0.078165) / 3, root 0.18804."""
    assert rmsle(FORECAST, ACTUAL) == pytest.approx(0.18804, abs=5e-6)


def test_rmsle_takes_what_is_negative_for_zero():
    """-5 and 0 are the same forecast; of e - 1 both miss by one."""
    assert rmsle([-5.0, 0], [math.e - 1, math.e - 1]) == pytest.approx(1)
    assert rmsle([-5.0], [-3.0]) == 0


def test_the_log_scale_begins_at_zero():
    """log(1 + x), and nothing below; what is unknown stays so."""
    expected = [0, 0, 1, math.log(1000), NAN]
    np.testing.assert_allclose(on_log_scale([-7, 0, math.e - 1, 999, NAN]), expected)


def test_mase_is_a_multiple_of_what_seasonal_naive_missed():
    """10 12 16 12, season 2: |16 - 10| and |12 - 12| make 3 a step. Season 1: (2 + 4 + 4) / 3."""
    history = np.array([10.0, 12, 16, 12])
    assert mase(FORECAST, ACTUAL, history, season=2) == pytest.approx(4 / 3)
    assert mase(FORECAST, ACTUAL, history, season=1) == pytest.approx(4 / (10 / 3))


def test_mase_measures_each_series_by_its_own_past():
    """A moved by 1 a step and is missed by 2; B by 100 and is missed by 50: (2 + 0.5) / 2."""
    history = np.array([[1.0, 100], [2, 200], [3, 300]])
    forecast, actual = np.array([[4.0, 400]]), np.array([[2.0, 450]])
    assert mase(forecast, actual, history, season=1) == pytest.approx(1.25)


def test_mase_passes_over_a_series_that_never_changed():
    """There is no multiple of nothing; alone it makes NaN, and so does a past within one season."""
    history = np.array([[1.0, 7], [2, 7], [3, 7]])
    assert mase([[4.0, 9]], [[2.0, 8]], history, season=1) == 2
    assert math.isnan(mase([9.0], [8.0], history[:, 1], season=1))
    assert math.isnan(mase([4.0], [2.0], history[:, 0], season=7))


def test_mase_passes_over_unknown_days_of_the_past():
    """1 NaN 3 7: only the last step, of 4, is known; an error of 2 is half of it."""
    assert mase([5.0], [3.0], [1.0, NAN, 3, 7], season=1) == 0.5


@pytest.mark.parametrize("score", POINT)
def test_what_is_unknown_does_not_count(score):
    """Neither a forecast nor a number that is missing changes a score."""
    forecast, actual = np.array([10, 20, 40, NAN, 7]), np.array([12, 20, 30, 1000, NAN])
    assert score(forecast, actual) == score(FORECAST, ACTUAL)


@pytest.mark.parametrize("score", POINT)
def test_a_score_of_nothing_is_unknown(score):
    """NaN rather than a perfect score."""
    assert math.isnan(score([NAN, 1.0], [1.0, NAN]))
    assert math.isnan(score([], []))


def test_wape_of_zeros_is_unknown():
    """An error of 3 is no share of nothing."""
    assert math.isnan(wape([3.0, 0], [0.0, 0]))


@pytest.mark.parametrize("score", [mae, rmse, bias, rmsle])
def test_an_infinite_forecast_is_not_hidden(score):
    """It is known, and infinitely wrong."""
    assert score([np.inf, 1.0], [1.0, 1.0]) == np.inf


def test_an_average_is_of_all_that_is_known_whatever_the_shape():
    """(1 + 2 + 6) / 3 = 3."""
    assert average([[1.0, NAN], [2, 6]]) == 3


def test_a_ratio_to_nothing_is_what_one_says():
    """NaN, unless told otherwise; one row for all is allowed."""
    np.testing.assert_array_equal(ratio([6.0, 5], [2.0, 0]), [3, NAN])
    np.testing.assert_array_equal(ratio([[6.0], [5]], [2.0, 0], otherwise=9), [[3, 9], [2.5, 9]])


@given(COUNTS, COUNTS, st.integers(0, 1000))
def test_scores_follow_the_unit_of_the_numbers(forecast, actual, factor):
    """Ten times the people, ten times the error; the share stays."""
    for score in (mae, rmse, bias):
        grown = score(factor * forecast, factor * actual)
        assert grown == pytest.approx(factor * score(forecast, actual))
    if factor and actual.any():
        assert wape(factor * forecast, factor * actual) == pytest.approx(wape(forecast, actual))


@given(COUNTS, COUNTS)
def test_bias_is_never_larger_than_mae_nor_mae_than_rmse(forecast, actual):
    """Means of errors, of their sizes and of their squares come in this order."""
    assert abs(bias(forecast, actual)) <= mae(forecast, actual) * (1 + 1e-12)
    assert mae(forecast, actual) <= rmse(forecast, actual) * (1 + 1e-12)
