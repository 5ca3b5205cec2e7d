"""Seasonal naive: last week again, give or take what that has been wrong by."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from vigil.models.seasonal_naive import last_week_for_missing, sample_paths
from vigil.paths import Paths, days

NAN = float("nan")
WEEK = [3.0, 5.0, 8.0, 13.0, 21.0, 0.0, 1.0]


def levels(*weeks: float) -> np.ndarray:
    """One series that stands at a level for a week, then at the next."""
    return np.repeat(np.array(weeks, float), 7)[:, None]


def one_day(values: np.ndarray, *, non_negative: bool) -> list[float]:
    """All that the first day ahead may bring, in order."""
    return sorted(sample_paths(values, 1, non_negative=non_negative)[:, 0, 0].tolist())


@pytest.mark.parametrize("non_negative", [True, False])
def test_a_week_that_always_comes_back_comes_back(non_negative):
    """No errors in the past, no doubt: every path is last week, then last week again."""
    values = np.array(WEEK * 6)[:, None]
    made = sample_paths(values, 16, non_negative=non_negative)
    expected = np.array([*WEEK, *WEEK, 3, 5])
    np.testing.assert_allclose(made[:, :, 0], np.broadcast_to(expected, made.shape[:2]))


def test_a_measure_that_may_be_negative_errs_by_plain_differences():
    """1, then 2, then 4: errors of 1 and 2 on seven days each, both ways, around 4."""
    assert (
        one_day(levels(1, 2, 4), non_negative=False) == [2] * 7 + [3] * 7 + [4] + [5] * 7 + [6] * 7
    )


def test_counts_err_on_the_scale_of_their_square_roots():
    """1, 4, 16 are 1, 2, 4 squared: (4 - 2), (4 - 1), 4, (4 + 1), (4 + 2), squared."""
    assert (
        one_day(levels(1, 4, 16), non_negative=True)
        == [4] * 7 + [9] * 7 + [16] + [25] * 7 + [36] * 7
    )


def test_counts_stop_at_none():
    """16, 4, 1: one less two is below none, so none it is."""
    assert one_day(levels(16, 4, 1), non_negative=True) == [0] * 14 + [1] + [4] * 7 + [9] * 7


@pytest.mark.parametrize("non_negative", [True, False])
def test_the_median_is_last_weeks_number(non_negative):
    """Errors of 0 and of 1 both ways: the middle of 29 paths is the number itself."""
    values = levels(1, 4, 4)
    made = sample_paths(values, 1, non_negative=non_negative)
    quantiles = days(Paths(np.datetime64("2021-01-03"), ("A",), made, values[-6:]))
    assert quantiles.values[11].tolist() == [[4.0]]
    assert (np.diff(quantiles.values, axis=0) >= 0).all()


def test_the_median_of_counts_is_last_weeks_number_whatever_the_errors():
    """16 last week, errors of 1 and 2 on the scale of roots: the path without one decides."""
    assert np.median(one_day(levels(1, 4, 16), non_negative=True)) == 16


def test_days_beyond_a_week_look_back_whole_weeks():
    """The ninth day ahead is as uncertain as two weeks have been: 1 2 4 8 16 differ by 2 weeks."""
    made = sample_paths(levels(1, 2, 4, 8, 16), 9, non_negative=False)
    assert set((made[:, 0, 0] - 16).tolist()) == {0, 1, 2, 4, -1, -2, -4}
    assert set((made[:, 8, 0] - 16).tolist()) == {0, 3, 6, 12, -3, -6, -12}


def test_with_too_few_past_days_there_are_no_paths():
    """14 origins need 6 + 14 days and the horizon; one day less is too little to tell."""
    assert sample_paths(np.ones((21, 1)), 1, non_negative=True).shape == (29, 1, 1)
    assert sample_paths(np.ones((20, 1)), 1, non_negative=True).shape == (0, 1, 1)
    assert sample_paths(np.ones((22, 1)), 3, non_negative=True).shape == (0, 3, 1)
    assert sample_paths(np.ones((3, 2)), 14, non_negative=True).shape == (0, 14, 2)


def test_half_a_year_of_errors_is_drawn_on():
    """182 origins, each twice, and none once; a jump before that is forgotten."""
    values = np.ones((400, 1))
    assert sample_paths(values, 7, non_negative=True).shape == (365, 7, 1)
    values[: 400 - 182 - 7 - 7] = 1_000_000
    assert set(sample_paths(values, 7, non_negative=True).ravel()) == {1.0}


def test_a_missing_day_stands_as_a_week_before():
    """Twice missing, two weeks before; the first week has nothing to stand on."""
    values = np.arange(1.0, 22.0)[:, None]
    values[[0, 9, 16]] = NAN
    filled = last_week_for_missing(values)[:, 0]
    assert filled[9] == filled[16] == 3
    assert np.isnan(filled[0])
    assert np.isnan(values[9, 0])  # the argument is left as it was


def test_a_negative_count_stands_as_a_week_before():
    """A correction is no day's number; a measure that may be negative keeps it."""
    values = np.array(WEEK * 6)[:, None]
    values[-3] = -1918
    clean = np.array(WEEK * 6)[:, None]
    made, expected = (sample_paths(one, 7, non_negative=True) for one in (values, clean))
    np.testing.assert_array_equal(made, expected)
    assert sample_paths(values, 7, non_negative=False)[:, 4].min() < -1000


def test_a_series_without_a_value_of_late_is_not_forecast():
    """28 silent days are too many, 27 are not; the neighbour is forecast either way."""
    values = np.tile(np.array(WEEK * 12)[:, None], 2)
    values[-28:, 1] = NAN
    made = sample_paths(values, 7, non_negative=True)
    assert np.isnan(made[:, :, 1]).all()
    assert np.isfinite(made[:, :, 0]).all()
    values[-28, 1] = 3
    assert np.isfinite(sample_paths(values, 7, non_negative=True)).all()


def test_a_series_that_began_of_late_is_forecast_from_14_past_days_on():
    """24 days have 11 origins a week ahead: no forecast. 27 have 14: those, again and again."""
    values = np.tile(np.array(WEEK * 12)[:, None], 2)
    values[:60, 1] = NAN
    made = sample_paths(values, 7, non_negative=True)
    assert np.isnan(made[:, :, 1]).all()
    assert np.isfinite(made[:, :, 0]).all()
    values[57:60, 1] = values[57:60, 0]
    made = sample_paths(values, 7, non_negative=True)
    np.testing.assert_allclose(made[:, :, 1], made[:, :, 0])


def test_no_series_are_no_trouble():
    """An empty grid has empty paths."""
    assert sample_paths(np.empty((50, 0)), 7, non_negative=True).shape[1:] == (7, 0)
    assert sample_paths(np.empty((0, 0)), 7, non_negative=True).shape == (0, 7, 0)


def test_a_path_takes_the_same_past_day_for_every_series():
    """So that what went together goes together: of two twins no path tells one from the other."""
    numbers = np.random.default_rng(7).integers(0, 50, 60).astype(float)
    made = sample_paths(np.stack([numbers, numbers], axis=1), 14, non_negative=True)
    np.testing.assert_array_equal(made[:, :, 0], made[:, :, 1])


COUNTS = st_numpy.arrays(
    float,
    st.tuples(st.integers(1, 60), st.integers(1, 3)),
    elements=st.integers(-20, 5000).map(float) | st.just(NAN),
)


@settings(max_examples=80)
@given(COUNTS, st.integers(1, 10))
def test_counts_are_never_negative_and_quantiles_never_cross(values, horizon):
    """Whatever is missing or negative: a series has a whole forecast or none."""
    made = sample_paths(values, horizon, non_negative=True)
    assert made.shape[1:] == (horizon, values.shape[1])
    whole = np.isfinite(made).all(axis=(0, 1))
    assert (whole | np.isnan(made).all(axis=(0, 1))).all()
    assert (made[:, :, whole] >= 0).all()
    if len(made):
        able = Paths(np.datetime64("2021-01-03"), (), made[:, :, whole], values[-6:, whole])
        quantiles = days(able).values
        assert (quantiles >= 0).all()
        assert (np.diff(quantiles, axis=0) >= -1e-9).all()
