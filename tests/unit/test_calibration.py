"""Calibration: as wide as past errors ask for, from settled outcomes, little from few."""

import json
from collections.abc import Iterable

import numpy as np
import pytest
from epidemic import DEATHS, dataset, seen
from examples import days

from vigil.calibration import BOUNDS, COVERAGE, Calibration, Past, bucket, calibrate
from vigil.levels import SCORES
from vigil.panel import Floats, Grid, Index
from vigil.paths import LEVELS
from vigil.view import View

FIRST, COUNT, AHEAD = "2021-01-04", 120, 14
MEDIAN = len(LEVELS) // 2
SERIES = tuple(f"S{at:02}" for at in range(40))


def applied(made: Calibration, quantiles: Floats, horizons: Index) -> Floats:
    """Of a forecast of the same series."""
    return made.applied(Past(np.datetime64("2021-01-01"), horizons, made.series, quantiles))


def world(truth: Floats, series: tuple[str, ...] = SERIES, grain: str = "day") -> View:
    """Days whose numbers are the errors of forecasts that always say none."""
    rate = {"adds_up": False, "non_negative": False}
    told = dataset(transform="none", grain=grain, labels_after=7, deaths=rate)
    return seen(told, {DEATHS: Grid(days(FIRST, len(truth)), series, truth)})


def errors(wide: float | Floats, series: int = len(SERIES), seed: int = 3) -> Floats:
    """Normal errors of so much deviation: days x series."""
    return np.random.default_rng(seed).normal(size=(COUNT, series)) * wide


def pasts(view: View, origins: Iterable[int], horizons: int = AHEAD) -> list[Past]:
    """Standard normal forecasts about none."""
    shape = (len(LEVELS), horizons, len(view.series))
    normal = np.broadcast_to(SCORES[:, None, None], shape)
    ahead = np.arange(1, horizons + 1)
    return [Past(view.dates[origin], ahead, view.series, normal) for origin in origins]


def factors(made: Calibration) -> Floats:
    """What all widths are multiplied by, before any series' own: coverages x buckets."""
    return np.exp(made.pooled)


def test_many_errors_twice_as_wide_as_the_forecasts_nearly_double_them():
    """At every coverage and day ahead, less the fifth that is not believed (BELIEF): 2 ** 0.8."""
    view = world(errors(2))
    made = calibrate(pasts(view, range(40, 100)), view, AHEAD)
    assert made.pooled.shape == (len(COVERAGE), AHEAD)
    assert factors(made).min() > 1.45
    assert factors(made).max() < 2.05
    assert factors(made).mean() == pytest.approx(2**0.8, rel=0.08)


def test_a_few_errors_twice_as_wide_change_little():
    """One origin of three series: near one."""
    view = world(errors(2, 3), ("A", "B", "C"))
    made = calibrate(pasts(view, [90]), view, AHEAD)
    assert np.abs(factors(made) - 1).max() < 0.06


def test_forecasts_that_were_right_stay_as_they_were():
    """Errors as wide as they said."""
    view = world(errors(1))
    made = calibrate(pasts(view, range(40, 100)), view, AHEAD)
    assert np.abs(factors(made) - 1).max() < 0.15
    assert np.abs(made.own).max() < 0.3


def test_an_error_is_measured_on_its_own_side():
    """Twice as far up as down, as the forecasts said: nothing to widen."""
    truth, lopsided = errors(1), np.where(SCORES > 0, 2 * SCORES, SCORES)[:, None, None]
    view = world(np.where(truth > 0, 2 * truth, truth))
    told = [
        Past(one.origin, one.horizons, one.series, lopsided * np.ones_like(one.quantiles))
        for one in pasts(view, range(40, 100))
    ]
    assert np.abs(factors(calibrate(told, view, AHEAD)) - 1).max() < 0.15


def test_forecasts_that_were_too_wide_are_narrowed():
    """Errors half as wide as they said: 0.5 ** 0.8."""
    view = world(errors(0.5))
    made = calibrate(pasts(view, range(40, 100)), view, AHEAD)
    assert factors(made).mean() == pytest.approx(0.5**0.8, rel=0.08)


def test_without_a_past_nothing_changes():
    """A new dataset's forecasts are as wide as the model says."""
    view = world(errors(1))
    made = calibrate([], view, AHEAD)
    quantiles = np.random.default_rng(0).normal(size=(len(LEVELS), AHEAD, len(SERIES))).cumsum(0)
    stretched = applied(made, np.sort(quantiles, axis=0), np.arange(1, AHEAD + 1))
    np.testing.assert_allclose(stretched, np.sort(quantiles, axis=0))


def test_outcomes_that_are_not_settled_teach_nothing():
    """Ten times as wide on the last seven days: the same factors; without labels_after, others."""
    truth, loud = errors(1), errors(1)
    loud[-7:] *= 10
    told = [calibrate(pasts(world(each), range(90, 119)), world(each), AHEAD)
            for each in (truth, loud)]  # fmt: skip
    assert told[0].to_json() == told[1].to_json()
    assert np.any(told[0].pooled)
    loud[-8] *= 10
    other = calibrate(pasts(world(loud), range(90, 119)), world(loud), AHEAD)
    assert other.to_json() != told[0].to_json()


def test_forecasts_of_days_that_are_still_to_come_teach_nothing():
    """From the last day known, and from beyond it, as after a source was taken back."""
    view = world(errors(2))
    made = calibrate(pasts(view, [COUNT - 1]), view, AHEAD)
    assert not made.pooled.any()
    assert not made.own.any()


def test_recent_origins_weigh_more():
    """The same errors, doubled in the later half or in the earlier: the later asks for more."""
    later, earlier = errors(1), errors(1)
    later[75:] *= 2
    earlier[:75] *= 2
    of_late, long_ago = (
        calibrate(pasts(view, range(40, 110), 1), view, 1) for view in map(world, (later, earlier))
    )
    assert of_late.pooled.mean() > long_ago.pooled.mean() + 0.03


def test_a_series_that_errs_much_more_gets_a_factor_of_its_own():
    """Three times the others' errors, cut at four half-widths each: about twice as wide as all."""
    wide = np.ones(len(SERIES))
    wide[7] = 3
    view = world(errors(wide))
    made = calibrate(pasts(view, range(40, 100)), view, AHEAD)
    own = np.exp(made.own)
    assert own[:, 7].min() > 1.5
    assert np.abs(np.delete(own, 7, axis=1) - 1).max() < 0.35
    stretched = applied(made, pasts(view, [0])[0].quantiles, np.arange(1, AHEAD + 1))
    width = stretched[-1] - stretched[0]
    assert (width[:, 7] > 1.5 * width[:, 8]).all()


def test_a_series_that_erred_once_is_taken_to_be_like_the_others():
    """It came yesterday: one error, however large."""
    truth = errors(1)
    truth[:, 7] = np.nan
    truth[112, 7] = 50
    view = world(truth)
    made = calibrate(pasts(view, range(60, 119), 1), view, 1)
    assert 1 < np.exp(made.own[0, 7]) < 1.2


def test_days_are_calibrated_by_day_and_weeks_by_week():
    """Days 1 to 14: fourteen buckets, or two."""
    ahead = np.array([1, 6, 7, 8, 14])
    assert bucket(ahead, by_week=False).tolist() == [0, 5, 6, 7, 13]
    assert bucket(ahead, by_week=True).tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(("grain", "buckets"), [("day", 14), ("week", 2)])
def test_errors_of_one_week_ahead_say_nothing_of_the_next(grain, buckets):
    """Forecasts of the second week are ten times too narrow: its factors rise, the first's not."""
    view = world(errors(1) * (np.sqrt(7) if grain == "week" else 1), grain=grain)
    told = pasts(view, range(40, 100))
    narrow = np.where(np.arange(1, 15)[None, :, None] > 7, 0.1, 1.0)
    told = [Past(one.origin, one.horizons, one.series, one.quantiles * narrow) for one in told]
    made = calibrate(told, view, AHEAD)
    assert made.pooled.shape == (len(COVERAGE), buckets)
    first, second = np.split(factors(made), 2, axis=1)
    assert np.abs(first - 1).max() < 0.35
    assert second.min() > 2
    stretched = applied(made, told[0].quantiles, told[0].horizons)
    width = stretched[-1].mean(axis=1) / SCORES[-1]
    assert (width[7:] > 2 * 0.1).all()
    assert (np.abs(width[:7] - 1) < 0.35).all()


def test_quantiles_are_stretched_from_their_median():
    """Twice as wide, and a series of its own three times on top: 5 - 1 is 2 x or 6 x that."""
    quantiles = 5 + SCORES[:, None, None] * np.ones((1, 2, 2))
    own = np.log([[1.0, 3.0]])
    made = Calibration(("A", "B"), np.full((len(COVERAGE), 1), np.log(2)), own, by_week=True)
    stretched = applied(made, quantiles, np.array([3, 20]))
    np.testing.assert_allclose(stretched[:, 0, 0], 5 + 2 * SCORES)
    np.testing.assert_allclose(stretched[:, 1, 1], 5 + 6 * SCORES)
    np.testing.assert_allclose(stretched[MEDIAN], 5)


def test_stretched_quantiles_never_cross():
    """Where the middle is to widen and the outside to narrow."""
    pooled = np.log(np.array([4.0, 4, 0.3, 0.3, 0.3, 0.3]))[:, None]
    made = Calibration(("A",), pooled, np.zeros((1, 1)), by_week=False)
    stretched = applied(made, SCORES[:, None, None], np.array([1]))
    assert (np.diff(stretched, axis=0) >= 0).all()


def test_series_are_found_by_name():
    """Of a past that had others, in another order: only those there are now are used."""
    view = world(errors(np.array([1.0, 4.0]), 2), ("A", "B"))
    told = [Past(one.origin, one.horizons, ("B", "Z"), one.quantiles)
            for one in pasts(view, range(40, 100))]  # fmt: skip
    made = calibrate(told, view, AHEAD)
    assert made.own[:, 0].tolist() == [0] * AHEAD  # A was never forecast
    assert factors(made)[1].min() > 1.2  # by B's errors alone


def test_forecasts_that_were_exact_leave_finite_factors():
    """A measure that is always none: no error at all."""
    view = world(np.zeros((COUNT, 2)), ("A", "B"))
    made = calibrate(pasts(view, range(40, 100)), view, AHEAD)
    assert np.isfinite(made.pooled).all()
    assert np.isfinite(made.own).all()


def test_a_series_that_was_forecast_exactly_is_not_made_a_point():
    """A small island without a case so far: narrower than others, by no more than the bounds."""
    quiet = np.ones(len(SERIES))
    quiet[7] = 0
    view = world(errors(quiet))
    own = np.exp(calibrate(pasts(view, range(40, 100)), view, AHEAD).own[:, 7])
    assert own.max() < 0.6
    assert own.min() >= BOUNDS[0]


def test_a_calibration_comes_back_from_its_text_to_the_last_bit():
    """Through JSON, as a bundle keeps it."""
    view = world(errors(2))
    made = calibrate(pasts(view, range(40, 100)), view, AHEAD)
    again = Calibration.from_json(json.loads(json.dumps(made.to_json(), allow_nan=False)))
    quantiles, ahead = pasts(view, [0])[0].quantiles, np.arange(1, AHEAD + 1)
    np.testing.assert_array_equal(applied(again, quantiles, ahead), applied(made, quantiles, ahead))
    assert (again.series, again.by_week) == (made.series, made.by_week)


def test_a_series_that_is_new_is_stretched_by_the_pooled_factor():
    """Factors go by name: a series between the others takes none of theirs."""
    made = Calibration(("A", "C"), np.zeros((6, 1)), np.log([[2.0, 3.0]]), by_week=True)
    told = Past(
        np.datetime64("2021-01-01"), np.array([1]), ("A", "B", "C"),
        np.repeat(SCORES[:, None, None], 3, axis=2),
    )  # fmt: skip
    np.testing.assert_allclose(made.applied(told)[:, 0], SCORES[:, None] * [2, 1, 3])
