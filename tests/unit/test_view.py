"""A view: one measure as known, on the scale models work on, worked by hand."""

import numpy as np
import pytest
from epidemic import CASES, DEATHS, dataset, panel, seen
from examples import days, grid

from vigil.panel import Grid, Key, Panel
from vigil.view import View, as_known, trailing, view

NAN = float("nan")
PLAIN = {"transform": "none"}
ONE_TO_TEN = [[float(day)] for day in range(1, 11)]


def of(values: list[list[float]], series: str = "A", **said: object) -> View:
    """A view of deaths a day, on their own scale."""
    return seen(dataset(**{**PLAIN, **said}), {DEATHS: grid(values, series)})


def column(values: np.ndarray, series: int = 0) -> list[float]:
    """Of one series, the days that have a number."""
    return values[np.isfinite(values[:, series]), series].tolist()


def test_sums_over_the_last_days_begin_with_the_first_whole_span():
    """1 2 3 4 by three: 6 and 9; a gap spoils every span it lies in."""
    sums = trailing(np.array([[1.0], [2.0], [3.0], [4.0]]), 3)[:, 0]
    np.testing.assert_array_equal(sums, [NAN, NAN, 6, 9])
    gap = trailing(np.array([[1.0], [NAN], [3.0], [4.0], [5.0]]), 2)[:, 0]
    np.testing.assert_array_equal(gap, [NAN, NAN, NAN, 7, 9])
    assert np.isnan(trailing(np.ones((2, 1)), 3)).all()


def test_the_level_of_a_count_is_the_sum_of_its_last_seven_days():
    """1 to 10: 28 on the seventh day, then 35, 42, 49."""
    assert column(of(ONE_TO_TEN).level) == [28, 35, 42, 49]


def test_the_level_of_a_day_is_the_mean_of_its_last_seven_days():
    """Where days are forecast: 4, 5, 6, 7; and the truth is the day's number."""
    daily = of(ONE_TO_TEN, grain="day")
    assert column(daily.level) == [4, 5, 6, 7]
    np.testing.assert_array_equal(daily.truth, ONE_TO_TEN)


def test_a_level_is_on_the_scale_of_the_dataset():
    """Sixteen in seven days: its fourth root is two, its logarithm log 17."""
    week = [[2.0]] * 6 + [[4.0]]
    assert of(week, transform="fourth_root").level[6, 0] == 2
    assert of(week, transform="log").level[6, 0] == pytest.approx(np.log(17))


def test_what_does_not_add_up_is_a_mean():
    """A rate: level and truth are means of seven days, and a missing one leaves no truth."""
    numbers = [*ONE_TO_TEN, [NAN], [12.0]]
    rate = of(numbers, deaths={"adds_up": False})
    assert column(rate.level) == [4, 5, 6, 7, 49 / 7, 56 / 7]  # the missing day stands as 4
    assert column(rate.truth) == [4, 5, 6, 7]


def test_a_measure_that_may_fall_below_none_keeps_its_own_scale():
    """A change of -8 per cent has no fourth root."""
    told = dataset(transform="fourth_root", deaths={"adds_up": False, "non_negative": False})
    change = seen(told, {DEATHS: grid([[-8.0]] * 7)})
    assert column(change.level) == [-8]
    assert column(change.truth) == [-8]


def test_a_change_is_taken_as_it_is():
    """Below none is no correction of it, and none no silence."""
    told = dataset(transform="none", deaths={"non_negative": False})
    numbers = [[10.0]] * 21 + [[-8.0], [0.0], [99.0]]
    np.testing.assert_array_equal(seen(told, {DEATHS: grid(numbers)}).tidied, numbers)


def test_the_truth_of_a_week_is_what_was_published():
    """A silent weekend adds nothing to it; seven silent days are no zero but unknown."""
    numbers = [[5.0]] * 5 + [[NAN]] * 7 + [[5.0]]
    truth = of(numbers).truth[:, 0]
    np.testing.assert_array_equal(truth, [NAN] * 6 + [25, 20, 15, 10, 5, NAN, 5])


def test_corrections_that_outweigh_a_week_leave_none():
    """Six ones less twenty: no week has fewer than none."""
    assert column(of([[1.0]] * 6 + [[-20.0]]).truth) == [0]


def test_totals_become_numbers_a_day():
    """Running totals 10, 11, 13, 16 ...: numbers a day from the second on."""
    totals = np.cumsum([10, 1, 2, 3, 4, 5, 6, 7], dtype=float)[:, None]
    sums = seen(dataset(**PLAIN, deaths={"cumulative": True}), {DEATHS: grid(totals.tolist())})
    assert sums.truth[7, 0] == 28


def test_a_view_ends_with_the_last_day_on_which_anything_is_known():
    """B reports a day less: its last day stands as a week before, and is no truth."""
    values = [[1.0, 2.0]] * 7 + [[1.0, NAN], [NAN, NAN]]
    known = of(values, "AB", labels_after=3)
    assert (known.last, known.settled) == (7, 4)
    assert known.dates[-1] == np.datetime64("2021-01-08")


def test_of_what_has_no_value_there_is_no_view():
    """Neither of a measure that is not there, nor of one that is empty."""
    told = dataset()
    assert view(told, {}, DEATHS) is None
    assert view(told, {DEATHS: grid([[NAN]])}, DEATHS) is None


def test_a_panel_as_known_ends_with_what_each_measure_had_published():
    """By the evening of the tenth: deaths to the ninth (lag 1), cases to the seventh (lag 3)."""
    told = dataset(cases={"publication_lag": 3})
    known = as_known(panel(20), told, np.datetime64("2021-01-10"))
    assert known[DEATHS].dates[-1] == np.datetime64("2021-01-09")
    assert known[CASES].dates[-1] == np.datetime64("2021-01-07")


def led(cases: list[list[float]], series: str, deaths: Panel, **said: object) -> View:
    """Deaths with cases beside them."""
    return seen(dataset(**{**PLAIN, **said}), {**deaths, CASES: grid(cases, series)})


def test_other_measures_lie_on_the_days_and_series_of_the_target():
    """Cases of C are left; B has none; what comes after the last day of deaths is left, too."""
    deaths = {DEATHS: grid([[1.0, 1.0]] * 3, "AB")}
    [other] = led([[4.0, 9.0], [5.0, 9.0], [6.0, 9.0], [7.0, 9.0]], "AC", deaths).others
    assert (other.name, other.target, other.non_negative) == ("confirmed.cases", True, True)
    np.testing.assert_array_equal(other.daily, [[4, NAN], [5, NAN], [6, NAN]])


def test_another_measure_enters_as_late_as_it_comes():
    """It begins on the third day and ends two days before deaths: every day sees two days back."""
    deaths = {DEATHS: grid([[1.0]] * 30)}
    cases = [[NAN]] * 2 + [[10.0]] * 21 + [[20.0]] * 5
    [other] = led(cases, "A", deaths).others
    np.testing.assert_array_equal(other.daily[:, 0], [NAN] * 4 + [10.0] * 21 + [20.0] * 5)


def test_another_measure_enters_as_last_known():
    """What one series lacks at the end stands as a week before."""
    deaths = {DEATHS: grid([[1.0, 1.0]] * 30, "AB")}
    cases = [[10.0, 10.0]] * 22 + [[20.0, 20.0]] * 6 + [[20.0, NAN]] * 2
    [other] = led(cases, "AB", deaths).others
    assert other.daily[28:].tolist() == [[20, 10], [20, 20]]


def test_a_series_without_a_covariate_takes_that_of_its_parent():
    """Cases are known for the country: its region sees them, a region elsewhere does not."""
    names = ("France", "France/North", "Spain/South")
    at = days("2021-01-01", 3)
    deaths = Grid(at, names, np.ones((3, 3)))
    cases = Grid(at, ("France",), np.array([[4.0], [5.0], [6.0]]))
    [other] = seen(dataset(**PLAIN), {DEATHS: deaths, CASES: cases}).others
    np.testing.assert_array_equal(other.daily, [[4, 4, NAN], [5, 5, NAN], [6, 6, NAN]])


def test_the_same_measure_of_another_source_leads_nothing():
    """Two lines of deaths are forecast apart."""
    both = {DEATHS: grid([[1.0]] * 9), Key("other", "deaths"): grid([[2.0]] * 9)}
    assert seen(dataset(), both).others == ()


@pytest.mark.parametrize("grain", ["week", "day"])
@pytest.mark.parametrize("row", [10, 57, 118])
def test_a_view_until_a_day_is_that_of_a_panel_cut_there(grain, row):
    """Every number of it, those of other measures included."""
    told, whole = dataset(grain=grain), panel(120)
    day = whole[DEATHS].dates[row]
    cut = seen(told, {key: one.until(day) for key, one in whole.items()})
    until = seen(told, whole).until(row)
    assert (until.last, until.series) == (cut.last, cut.series)
    for name in ("dates", "published", "tidied", "level", "truth"):
        np.testing.assert_array_equal(getattr(until, name), getattr(cut, name))
    assert [one.name for one in until.others] == [one.name for one in cut.others]
    np.testing.assert_array_equal(until.others[0].daily, cut.others[0].daily)
