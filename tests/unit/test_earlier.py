"""The earlier systems' methods by hand, the figures known of them, and what they may see."""

import numpy as np
import pytest
from benchmarks.earlier import files, france, methods, ours, owid, results
from benchmarks.earlier.results import OURS, compare
from examples import days, grid, long

from conftest import REAL
from vigil import accuracy
from vigil.panel import DAY, Key, daily
from vigil.view import as_known, view

WEEKDAYS = np.array([1.0, 2, 3, 4, 5, 6, 7])


def test_seasonal_naive_repeats_the_last_week():
    """Ten days after eight: the week that ended last, and its first three days again."""
    values = np.append(99.0, WEEKDAYS)
    assert methods.seasonal_naive(values, 10).tolist() == [1, 2, 3, 4, 5, 6, 7, 1, 2, 3]


def test_last_week_again_adds_to_the_total():
    """Ten a day, and a hundred so far."""
    totals = np.arange(0.0, 101, 10)[:, None]
    assert methods.last_week_again(totals, 3).ravel().tolist() == [110, 120, 130]


def test_growth_is_damped_by_a_tenth_a_day():
    """A factor of e a day for a week: then e to 0.9, and to 0.9 + 0.81."""
    totals = np.expm1(np.arange(8.0))[:, None]
    found = np.log1p(methods.damped_growth(totals, 2)).ravel()
    assert found == pytest.approx([7.9, 8.71])


def test_a_polynomial_carries_on_what_it_learnt():
    """Both kinds twice as much (and one) each day, in two places: so it goes on."""
    logs = np.arange(12.0)[:, None, None] * np.log(2) + np.array([[1.0, 0.5], [2.0, 0.7]])
    found = methods.polynomial(np.expm1(logs), 2, degree=1)
    assert np.log1p(found) == pytest.approx(logs[-1] + np.log(2) * np.array([1, 2])[:, None, None])


def test_a_running_total_never_falls_in_the_recursion():
    """It fell by a tenth each day; the forecast stands where it stood."""
    totals = 1000 * 0.9 ** np.arange(20.0)[:, None, None]
    assert methods.polynomial(totals, 3, degree=1).ravel() == pytest.approx([totals[-1].item()] * 3)


def test_the_linear_model_finds_that_a_week_repeats_itself():
    """Lag 7 alone explains it; a place without a known lag has no forecast that day."""
    dates = days("2021-01-01", 70)
    values = np.tile(np.random.default_rng(0).normal(size=7), 10)
    assert methods.calendar_regression(values, dates, 7) == pytest.approx(values[:7])
    values[-1] = np.nan
    assert np.isnan(methods.calendar_regression(values, dates, 7)[-1])


def test_the_autoregression_stays_where_all_has_stood():
    """Five a day for ever."""
    found = methods.ridge_autoregression(np.full(60, 5.0), days("2021-01-01", 60), 10)
    assert found == pytest.approx(np.full(10, 5.0))


@pytest.mark.parametrize("horizon", [1, 30])
def test_korea_is_forecast_without_the_days_between(horizon):
    """Whatever comes after the origin, no feature of a target day moves; the origin's do."""
    dates, values = days("2021-01-01", 120), np.random.default_rng(0).normal(100, 10, 120)
    later, earlier = values.copy(), values.copy()
    later[120 - horizon :] = -1
    earlier[119 - horizon] = -1
    before, after, other = (
        owid.features(each, dates, horizon)[119] for each in (values, later, earlier)
    )
    assert np.isfinite(before).all()
    assert (before == after).all()
    assert (before != other).any()


def test_methods_are_scored_where_all_of_them_have_a_forecast():
    """Two of three days count; ours misses by 1 and 3, the better of the others by 4 and 4."""
    truth = np.array([10.0, 20, 30])
    made = {
        OURS: np.array([11.0, 23, 30]),
        "worse": np.array([0.0, 0, 0]),
        "better": np.array([14.0, 16, np.nan]),
    }
    told = compare("a", truth, made, ("mae",), rolling=True).told()
    assert (told["n"], told["share"]) == (2, pytest.approx(0.6667))
    assert told["scores"] == {OURS: {"mae": 2}, "worse": {"mae": 15}, "better": {"mae": 4}}
    assert (told["best_earlier"], told["ratio"]) == ({"mae": "better"}, {"mae": 0.5})


def test_a_protocol_is_printed_with_every_method():
    """Its kind, its metric, and ours to the best of the others."""
    made = {OURS: np.ones(2), "naive": np.zeros(2)}
    text = "\n".join(compare("P", np.full(2, 2.0), made, ("mae",), rolling=False).lines())
    assert "P (single window, n = 2)" in text
    assert "MAE" in text
    assert "0.50" in text


def test_a_view_that_is_cut_is_the_view_as_it_was_known():
    """Where all is published after the same lag: the same numbers, and nothing later."""
    dataset = long(measure={"publication_lag": 2})
    key = Key("hospital", "admitted")
    panel = {key: grid(np.random.default_rng(0).poisson(9, (60, 2)).astype(float).tolist(), "AB")}
    reference = panel[key].dates[40]
    [cut] = ours.views(dataset, panel, key, np.array([reference]))
    known = view(dataset, as_known(panel, dataset, reference + 2 * DAY), key)
    assert cut.dates[-1] == known.dates[-1] == reference
    for name in ("published", "tidied", "level", "truth"):
        np.testing.assert_array_equal(getattr(cut, name), getattr(known, name))


def test_a_folder_without_files_is_named(tmp_path):
    """With the patterns that were looked for."""
    with pytest.raises(SystemExit, match=r"expected files such as .*table-indicateurs"):
        files.load(tmp_path, "france_deaths")


@pytest.mark.real
def test_seasonal_naive_scores_what_is_known_of_it():
    """France 16.86 on the window and 19.91 over twelve origins; Korea RMSE 1168, MAE 1020."""
    _, panel = files.load(REAL / "france_spf", "france_deaths")
    deaths = daily(panel[france.KEY], cumulative=False)
    ends = [int((france.LAST - deaths.dates[0]) / DAY) + 1 - 7 * week for week in range(12)]
    values = deaths.values[:, 0]
    errors = [
        results.METRICS["mae"](methods.seasonal_naive(values[:end], 14), values[end : end + 14])
        for end in ends
    ]
    assert (errors[0], np.mean(errors)) == pytest.approx((16.86, 19.91), abs=0.005)
    _, panel = files.load(REAL / "owid_covid", "owid")
    cases = panel[owid.KEY].values[:, panel[owid.KEY].series.index("KOR")]
    naive = cases[-67:-7]
    found = accuracy.rmse(naive, cases[-60:]), accuracy.mae(naive, cases[-60:])
    assert found == pytest.approx((1168, 1020), abs=0.6)
