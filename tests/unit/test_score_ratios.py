"""How scores compare: on common rows, with an interval that keeps neighbours together."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from vigil.scoring import bootstrap_ratio, relative

NAN = np.nan
SCORES = st_numpy.arrays(float, (6, 3), elements=st.integers(1, 10_000).map(float))


def test_scores_are_compared_on_the_rows_that_both_have():
    """(1 + 3) / (2 + 6) = 0.5; a row that one of them lacks does not count."""
    assert relative([1, 3, NAN, 5, np.inf], [2, 6, 4, NAN, 1]) == 0.5


def test_without_common_rows_there_is_no_comparison():
    """Nor with a baseline that never errs."""
    assert math.isnan(relative([1, NAN], [NAN, 2]))
    assert math.isnan(relative([1.0], [0.0]))
    assert all(
        math.isnan(one) for one in bootstrap_ratio([[1.0], [NAN], [2]], [[NAN], [3], [NAN]], 1)
    )


def test_a_ratio_is_that_of_sums_and_its_interval_that_of_resampled_origins():
    """1 and 3 against 1 and 1: 4 / 2 = 2. Drawn twice: 1, 2, 2 or 3, a quarter each."""
    assert bootstrap_ratio([[1.0], [3]], [[1.0], [1]], block=1) == (2, 1, 3)


def test_origins_are_drawn_in_blocks():
    """Of 0 3 6 two in a row and the first of two more: 0 3 0, 0 3 3, 3 6 0 or 3 6 3 of 3.

    Hence 1, 2, 3 or 4, a quarter each. Drawn one by one 3 + 6 + 6 and 6 + 6 + 6 make 5 and 6, in
    three of 27 orders and in one: the end of the interval is 5.
    """
    ours, other = [[0.0], [3], [6]], np.ones((3, 1))
    assert bootstrap_ratio(ours, other, block=2) == (3, 1, 4)
    assert bootstrap_ratio(ours, other, block=1)[2] == 5


def test_all_tasks_of_an_origin_go_together():
    """Two tasks of an origin make one sum: 1 + 2 and 4 + 5 against 1 + 1 twice, 12 / 4 = 3.

    Resampled 6 / 4, 12 / 4 or 18 / 4.
    """
    ours = np.array([[[1.0], [2]], [[4], [5]]])
    assert bootstrap_ratio(ours, np.ones((2, 2, 1)), block=1) == (3, 1.5, 4.5)


def test_a_task_that_one_lacks_counts_for_neither():
    """As if it were not there: the rows of the test before, and two that are not common."""
    ours = np.array([[1.0, 2, 900], [4, 5, NAN]])
    other = np.array([[1.0, 1, NAN], [1, 1, 700]])
    assert bootstrap_ratio(ours, other, block=1) == (3, 1.5, 4.5)


@pytest.mark.parametrize("block", [2, 3])
def test_an_interval_needs_more_origins_than_a_block(block):
    """With one block only every draw is the same, and an interval of no width would be a lie."""
    found, low, high = bootstrap_ratio([[1.0], [3]], [[1.0], [1]], block)
    assert found == 2
    assert math.isnan(low)
    assert math.isnan(high)


def test_a_seed_makes_the_interval_the_same_again():
    """Another one moves it a little."""
    random = np.random.default_rng(5)
    ours, other = random.gamma(2, size=(40, 6)), random.gamma(2, size=(40, 6))
    first = bootstrap_ratio(ours, other, block=4, seed=3)
    assert first == bootstrap_ratio(ours, other, block=4, seed=3)
    assert first != (second := bootstrap_ratio(ours, other, block=4, seed=4))
    assert first == pytest.approx(second, rel=0.05)


def test_blocks_widen_the_interval_of_scores_that_depend_on_each_other():
    """Errors that last ten origins: drawn one by one they look more certain than they are."""
    waves = 2 + np.sin(np.arange(60) * 2 * np.pi / 20)[:, None]
    single = bootstrap_ratio(waves, np.ones((60, 1)), block=1)
    joined = bootstrap_ratio(waves, np.ones((60, 1)), block=8)
    assert joined[2] - joined[1] > 1.3 * (single[2] - single[1])


@given(SCORES, st.integers(1, 5))
def test_a_forecast_is_as_good_as_itself(scores, block):
    """Ratio and both ends are 1, however the origins are drawn."""
    assert relative(scores, scores) == 1
    assert bootstrap_ratio(scores, scores, block, rounds=20) == (1, 1, 1)


@given(SCORES, SCORES, st.integers(1, 5))
def test_the_ends_of_an_interval_stand_in_order(ours, other, block):
    """Between the best and the worst origin, too."""
    found, low, high = bootstrap_ratio(ours, other, block, rounds=50)
    each = ours.sum(axis=1) / other.sum(axis=1)
    assert each.min() * (1 - 1e-12) <= low <= high <= each.max() * (1 + 1e-12)
    assert found == pytest.approx(relative(ours, other))
