"""Sample paths: quantiles of days and of weeks, from sums of paths and never of quantiles."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from vigil.paths import LEVELS, Paths, days, saturdays, together, totals, weeks

WEDNESDAY = np.datetime64("2021-01-06")
HUB = [0.01, 0.025, *(n / 100 for n in range(5, 100, 5)), 0.975, 0.99]
SIX = 6
COUNTS = st.integers(0, 10_000).map(float)


def paths(values: list[list[float]], before: list[float], reference=WEDNESDAY) -> Paths:
    """Paths of one series: a row a path, a column a day."""
    made, known = np.array(values, float), np.array(before, float)
    return Paths(reference, ("A",), made[:, :, None], known[:, None])


def at(quantiles, level: float) -> list[float]:
    """What a distribution says at a level, step by step, of its first series."""
    return quantiles.values[np.flatnonzero(level == LEVELS)[0], :, 0].tolist()


def test_the_levels_are_the_23_of_the_hubs():
    """1 and 2.5 per cent, every 5 per cent, 97.5 and 99 per cent."""
    assert LEVELS.tolist() == pytest.approx(HUB, abs=1e-15)
    assert len(LEVELS) == 23


def test_every_day_has_its_quantiles():
    """Of 0 1 2 3 4 the median is 2, the quarter 1, and a hundredth lies 0.04 above the least."""
    made = days(paths([[4, 10], [0, 10], [3, 10], [1, 10], [2, 10]], [0] * SIX))
    assert made.period == "day"
    assert made.target_dates.astype(str).tolist() == ["2021-01-07", "2021-01-08"]
    assert made.values.shape == (23, 2, 1)
    assert at(made, 0.5) == [2, 10]
    assert at(made, 0.25) == [1, 10]
    assert at(made, 0.01) == pytest.approx([0.04, 10])
    assert at(made, 0.99) == pytest.approx([3.96, 10])
    assert made.mean[:, 0].tolist() == [2, 10]


@settings(max_examples=60)
@given(
    st_numpy.arrays(
        float,
        st.tuples(st.integers(1, 40), st.integers(1, 9), st.integers(1, 3)),
        elements=st.floats(-1e6, 1e6),
    )
)
def test_quantiles_agree_with_numpy_and_rise_with_the_level(values):
    """Linear between the ordered paths; nothing crosses but for the last bit."""
    before = np.zeros((SIX, values.shape[2]))
    made = days(Paths(WEDNESDAY, tuple("ABC"[: values.shape[2]]), values, before))
    expected = np.quantile(values, LEVELS, axis=0)
    np.testing.assert_allclose(made.values, expected, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(made.mean, values.mean(axis=0))
    assert (np.diff(made.values, axis=0) >= -1e-9).all()


def test_quantiles_of_paths_that_agree_never_cross():
    """Not even in the last bit: 364 paths of a third have 23 quantiles of a third."""
    made = days(paths([[1 / 3]] * 364, [0] * SIX))
    assert (np.diff(made.values, axis=0) >= 0).all()


@pytest.mark.parametrize(
    ("reference", "first"),
    [
        ("2021-01-03", 6),
        ("2021-01-04", 5),
        ("2021-01-05", 4),
        ("2021-01-06", 3),
        ("2021-01-07", 2),
        ("2021-01-08", 1),
        ("2021-01-09", 7),
        ("1969-12-27", 7),
    ],
)
def test_a_week_ends_on_the_next_saturday(reference, first):
    """From Sunday the 3rd it is six days; from Saturday the 9th a whole week, before 1970, too."""
    ends = saturdays(np.datetime64(reference), 28)
    assert ends.tolist() == [first, first + 7, first + 14, first + 21]


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.integers(1, 120))
def test_all_saturdays_within_the_horizon_end_a_week(reference, horizon):
    """Those that the calendar knows, and no others."""
    ends = saturdays(np.datetime64(reference), horizon)
    expected = [n for n in range(1, horizon + 1) if (reference.toordinal() + n) % 7 == 6]
    assert ends.tolist() == expected
    assert date(2021, 1, 9).toordinal() % 7 == 6  # a Saturday


def test_the_first_week_counts_the_days_that_are_known():
    """Of Sunday 3rd to Saturday 9th four are known, 1 + 2 + 3 + 4, and 60 or 66 come."""
    known = [100, 100, 1, 2, 3, 4]
    ahead = [10, 20, 30, 1, 1, 1, 1, 1, 1, 1], [11, 22, 33, 2, 2, 2, 2, 2, 2, 2]
    made = weeks(paths([*ahead], known))
    assert made.period == "week"
    assert made.target_dates.astype(str).tolist() == ["2021-01-09", "2021-01-16"]
    assert at(made, 0.5) == [73, 10.5]
    assert at(made, 0.25) == [71.5, 8.75]
    assert made.mean[:, 0].tolist() == [73, 10.5]


def test_the_day_after_a_saturday_begins_a_new_week():
    """With Saturday 9th as the last known day nothing known counts."""
    made = weeks(paths([[1, 2, 3, 4, 5, 6, 7]], [1000] * SIX, np.datetime64("2021-01-09")))
    assert made.target_dates.astype(str).tolist() == ["2021-01-16"]
    assert at(made, 0.5) == [28]


def test_six_known_days_and_one_to_come_are_a_week():
    """With Friday 8th as the last known day only Saturday is open."""
    made = weeks(paths([[7], [9]], [1, 2, 3, 4, 5, 6], np.datetime64("2021-01-08")))
    assert at(made, 0.5) == [21 + 8]


def test_a_horizon_that_reaches_no_saturday_has_no_week():
    """Thursday and Friday."""
    made = weeks(paths([[1, 2]], [0] * SIX))
    assert made.target_dates.tolist() == []
    assert made.values.shape == (23, 0, 1)


def test_a_week_is_the_quantile_of_sums_and_not_the_sum_of_quantiles():
    """When one day is up and the next is down, the week is certain and the days are not."""
    made = paths([[0, 10, 0], [10, 0, 0]], [0] * SIX)
    assert at(days(made), 0.99) == pytest.approx([9.9, 9.9, 0])
    assert at(weeks(made), 0.01) == at(weeks(made), 0.99) == [10]


@settings(max_examples=40)
@given(st.data(), st.dates(date(2020, 1, 1), date(2022, 1, 1)), st.integers(1, 25))
def test_weeks_are_the_sums_of_their_days(data, reference, horizon):
    """One path of whole numbers, added up by hand from Sunday to Saturday."""
    known = data.draw(st.lists(COUNTS, min_size=SIX, max_size=SIX))
    ahead = data.draw(st.lists(COUNTS, min_size=horizon, max_size=horizon))
    made = weeks(paths([ahead], known, np.datetime64(reference)))
    first = reference.toordinal() - SIX + 1
    number = {first + n: value for n, value in enumerate([*known, *ahead])}
    ends = [reference.toordinal() + n for n in range(1, horizon + 1)]
    ends = [end for end in ends if end % 7 == 6]
    expected = [sum(number[end - n] for n in range(7)) for end in ends]
    assert at(made, 0.5) == expected
    assert [day.toordinal() for day in made.target_dates.tolist()] == ends


def test_a_series_that_is_unknown_leaves_the_others_alone():
    """NaN stays in its column."""
    values = np.array([[[1, np.nan]] * 3, [[3, np.nan]] * 3])
    made = weeks(Paths(WEDNESDAY, ("A", "B"), values, np.zeros((SIX, 2))))
    assert at(made, 0.5) == [6]
    assert np.isnan(made.values[:, :, 1]).all()


def test_totals_go_on_from_what_was_counted_and_never_fall():
    """100 so far, then 1 and 2, or 3 and 0: totals of 101 to 103, then 103 either way."""
    made = totals(paths([[1, 2], [3, 0]], [0] * SIX), np.array([100.0]))
    assert made.period == "total"
    assert at(made, 0.5) == [102, 103]
    assert (np.diff(made.values[:, :, 0], axis=1) >= 0).all()


def test_places_together_are_sums_of_paths_not_of_quantiles():
    """One place is high where the other is low: together they are always ten."""
    values = np.array([[[1.0, 9.0]], [[9.0, 1.0]]])  # paths x days x series
    two = Paths(WEDNESDAY, ("A", "B"), values, np.zeros((SIX, 2)))
    both = days(together(two, {"both": ["A", "B"]}))
    assert set(both.values[:, 0, 0].tolist()) == {10}
    assert days(two).values[0, 0].sum() < 10 < days(two).values[-1, 0].sum()


def test_places_together_of_what_does_not_add_up_are_means():
    """Rates of 2 and 4 are 3 together; a place that could not be forecast is passed over."""
    two = Paths(WEDNESDAY, ("A", "B"), np.array([[[2.0, 4.0]]]), np.ones((SIX, 2)))
    mean = together(two, {"both": ["A", "B", "gone"]}, adds_up=False)
    assert (mean.values.tolist(), mean.before[0].tolist()) == ([[[3]]], [1])
