"""Scores of distributions: hand-worked, and as an independent library has them.

One forecast runs through: its quantiles are 1 at the level 0.01, 50 at 0.5 and 99 at 0.99, as if
every number from 0 to 100 were as likely as any other.
"""

import doctest
import importlib
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from vigil import accuracy, scoring
from vigil.paths import LEVELS
from vigil.scoring import covered, interval_score, pinball, pit, summary, wis

NAN = np.nan
EVEN = 100 * LEVELS
QUARTERS = np.array([0.25, 0.5, 0.75])
PAGE = Path(__file__).parents[2] / "docs" / "scores.md"
NUMBERS = st.integers(-100_000, 100_000).map(float)
FORECASTS = st_numpy.arrays(float, (23, 4), elements=NUMBERS).map(lambda one: np.sort(one, axis=0))
ACTUALS = st_numpy.arrays(float, 4, elements=NUMBERS)


@pytest.fixture(scope="module")
def scoringrules():
    """The independent library; it takes a while to import."""
    return importlib.import_module("scoringrules")


def drawn(seed: int, *rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles of random forecasts, levels x rows, and what came true."""
    random = np.random.default_rng(seed)
    quantiles = np.sort(random.normal(50, 20, (23, *rows)), axis=0)
    return quantiles, random.normal(50, 30, rows)


def test_pinball_weighs_what_is_missed_by_the_level():
    """8, 10 and 14 miss 16 by 8, 6 and 2, all from below: 0.25 x 8, 0.5 x 6, 0.75 x 2."""
    assert pinball([8, 10, 14], 16, QUARTERS).tolist() == [2, 3, 1.5]


def test_pinball_weighs_what_is_overshot_by_the_rest():
    """They miss 4 by 4, 6 and 10 from above: 0.75 x 4, 0.5 x 6, 0.25 x 10."""
    assert pinball([8, 10, 14], 4, QUARTERS).tolist() == [3, 3, 2.5]


def test_wis_is_twice_the_mean_pinball():
    """2 x (2 + 3 + 1.5) / 3 = 4.333."""
    assert wis([8, 10, 14], 16, QUARTERS) == pytest.approx(13 / 3)


def test_wis_is_the_weighted_mean_of_interval_scores():
    """(0.5 x |16 - 10| + 0.25 x (6 + 4 x 2)) / 1.5 = (3 + 3.5) / 1.5: the same 4.333."""
    whole = (0.5 * 6 + 0.25 * interval_score(16, 8, 14, 0.5)) / 1.5
    assert whole == pytest.approx(13 / 3)


def test_wis_of_all_23_levels():
    """Of 50, a level l up to a half misses 50 - 100 l, and what is above it mirrors that.

    l x (50 - 100 l) is 0.49, 1.1875, 2.25, 4, 5.25, 6, 6.25, 6, 5.25, 4, 2.25, 0: together
    42.9275. Twice that for both halves, twice for the score, of 23: 171.71 / 23 = 7.4657.
    """
    assert wis(EVEN, 50) == pytest.approx(171.71 / 23)


def test_an_interval_score_is_its_width_and_a_fine_for_what_it_missed():
    """8 to 14 is 6 wide. At alpha 0.5 each unit outside costs 4: 16 misses by 2, 5 by 3."""
    assert interval_score([16, 8, 14, 11, 5], 8, 14, 0.5).tolist() == [14, 6, 6, 6, 18]


@pytest.mark.parametrize(
    ("share", "inside", "outside"),
    [(0.5, [25, 50, 75], [24.9, 75.1]), (0.8, [10, 90], [9, 91]), (0.95, [2.5, 97.5], [2, 98])],
)
def test_an_interval_covers_its_ends_and_what_lies_between(share, inside, outside):
    """The central half reaches from 25 to 75, four fifths from 10 to 90."""
    assert covered(EVEN, inside[0], share).shape == ()
    assert covered(EVEN, inside, share).tolist() == [1] * len(inside)
    assert covered(EVEN, outside, share).tolist() == [0] * len(outside)


def test_a_share_that_no_levels_bound_is_refused():
    """0.83 would need the levels 0.085 and 0.915."""
    with pytest.raises(ValueError, match=r"expected one of the levels \[0.01, .*found 0.085"):
        covered(EVEN, 50, 0.83)


def test_as_many_quantiles_as_levels_are_expected():
    """One quantile would otherwise pass for all of them."""
    with pytest.raises(ValueError, match="expected 23 quantiles, one a level, found 1"):
        wis([[50.0]], 50)


def test_a_summary_has_every_headline_number():
    """Forecasts of 50, what came 50, 80 and one unknown: the median misses by 0 and -30.

    80 lies outside the half, inside of four fifths. Mean forecasts of 56 are off by 6 and -24.
    """
    found = summary(EVEN, [50, 80, NAN], mean=[56, 56, 56])
    assert found == {
        "n": 2,
        "wis": pytest.approx((171.71 / 23 + float(wis(EVEN, 80))) / 2),
        "wis_log": pytest.approx(wis(np.log(EVEN + 1)[:, None], np.log([51, 81])).mean()),
        "mae": 15,
        "rmsle": pytest.approx(math.log(81 / 51) / math.sqrt(2)),
        "wape": pytest.approx(30 / 130),
        "bias": -9,
        "coverage50": 0.5,
        "coverage80": 1,
        "coverage95": 1,
    }
    assert summary(EVEN, [50, 80, NAN])["bias"] == -15


def test_a_summary_counts_only_rows_with_a_whole_forecast():
    """A row whose first quantile is missing has no error either, though its median is there."""
    quantiles = np.stack([EVEN, EVEN, EVEN], axis=1)
    quantiles[0, 2] = NAN
    assert summary(quantiles, [40, 50, 1000]) == summary(quantiles[:, :2], [40, 50])


def test_a_summary_of_nothing_is_unknown():
    """No rows, and no number that looks like a score."""
    found = summary(np.full((23, 2), NAN), [1, 2])
    assert found.pop("n") == 0
    assert all(math.isnan(number) for number in found.values())


@pytest.mark.parametrize("score", [wis, pit, lambda *row: covered(*row, 0.8)])
def test_what_is_unknown_has_no_score_and_leaves_the_others_alone(score):
    """Nothing known, no forecast, one quantile missing: NaN, each in its own place."""
    quantiles, actual = drawn(1, 5)
    expected = score(quantiles, actual)
    actual[1], quantiles[:, 2], quantiles[3, 3] = NAN, NAN, NAN
    expected[[1, 2, 3]] = NAN
    np.testing.assert_array_equal(score(quantiles, actual), expected)


@pytest.mark.parametrize("score", [wis, pit, lambda *row: covered(*row, 0.8)])
def test_rows_may_have_any_shape(score):
    """Each row of a block is scored as if it stood alone, and one forecast may serve for all."""
    quantiles, actual = drawn(2, 3, 2)
    block = score(quantiles, actual)
    alone = [[score(quantiles[:, i, j], actual[i, j]) for j in range(2)] for i in range(3)]
    np.testing.assert_allclose(block, alone, rtol=1e-12)
    one_for_all = np.broadcast_to(EVEN[:, None, None], quantiles.shape)
    np.testing.assert_allclose(score(EVEN, actual), score(one_for_all, actual), rtol=1e-12)


def test_pinball_agrees_with_scoringrules(scoringrules):
    """Level by level, on random forecasts."""
    quantiles, actual = drawn(3, 40, 5)
    expected = scoringrules.quantile_score(actual, quantiles, LEVELS[:, None, None])
    np.testing.assert_allclose(pinball(quantiles, actual), expected)


def test_interval_scores_agree_with_scoringrules(scoringrules):
    """The interval between the levels 0.1 and 0.9, on random forecasts."""
    quantiles, actual = drawn(4, 200)
    low, high = quantiles[3], quantiles[-4]
    expected = scoringrules.interval_score(actual, low, high, 0.2)
    np.testing.assert_allclose(interval_score(actual, low, high, 0.2), expected)


def test_wis_agrees_with_scoringrules(scoringrules):
    """A median and eleven central intervals.

    Without Numba it weighs the number that it is given as the median, not by how much the median
    is off: so it is given that, which is twice its own pinball loss of the median.
    """
    quantiles, actual = drawn(5, 200)
    low, high = quantiles[:11].T, quantiles[:11:-1].T
    off = 2 * scoringrules.quantile_score(actual, quantiles[11], 0.5)
    expected = scoringrules.weighted_interval_score(
        actual, off, low, high, 2 * LEVELS[:11], backend="numpy"
    )
    np.testing.assert_allclose(wis(quantiles, actual), expected)


@given(FORECASTS, ACTUALS)
def test_wis_is_never_below_zero(quantiles, actual):
    """And zero only where all quantiles are what came true."""
    score = wis(quantiles, actual)
    assert (score >= 0).all()
    np.testing.assert_array_equal(score == 0, (quantiles == actual).all(axis=0))


@given(NUMBERS, ACTUALS)
def test_wis_of_a_single_number_is_its_error(number, actual):
    """A distribution without width is scored as the number it is."""
    error = np.abs(number - actual)
    np.testing.assert_allclose(wis(np.full(23, number), actual), error, rtol=1e-9, atol=1e-9)


@given(FORECASTS, ACTUALS, st.integers(0, 1000))
def test_wis_follows_the_unit_of_the_numbers(quantiles, actual, factor):
    """Ten times the people, ten times the score."""
    grown = wis(factor * quantiles, factor * actual)
    np.testing.assert_allclose(grown, factor * wis(quantiles, actual), rtol=1e-9, atol=1e-6)


def test_every_score_is_explained():
    """Each public function of both modules stands in the page, and what it shows is so."""
    helpers = {"average", "means", "ratio"}
    public = {
        name
        for module in (scoring, accuracy)
        for name, one in vars(module).items()
        if getattr(one, "__module__", "") == module.__name__ and not name.startswith("_")
    }
    text = PAGE.read_text(encoding="utf-8")
    assert not {name for name in public - helpers if f"`{name}`" not in text}
    shown = doctest.testfile(str(PAGE), module_relative=False)
    assert shown.attempted >= len(public - helpers)
    assert not shown.failed
