"""The reporting rhythm: what a source's numbers a day say without it, each rule worked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from vigil import rhythm
from vigil.datasets import Rules
from vigil.rhythm import tidy

NAN = float("nan")
ALL = Rules()
THREE_WEEKS = [10.0] * 21  # Monday to Sunday, ten a day
COUNTS = st_numpy.arrays(
    float,
    st.tuples(st.integers(1, 60), st.integers(1, 3)),
    elements=st.sampled_from([NAN, -20.0, 0.0, 0.0, 3.0, 8.0, 20.0, 40.0, 500.0]),
)


def tidied(*then: float, rules: Rules = ALL, first: list[float] = THREE_WEEKS) -> list[float]:
    """The days after the first three weeks, tidied."""
    column = np.array([*first, *then])[:, None]
    return tidy(column, rules)[len(first) :, 0].tolist()


def test_numbers_that_come_every_day_stay_as_they_are():
    """Up and down within reason."""
    assert tidied(12, 8, 30, 5, 0.5) == [12, 8, 30, 5, 0.5]


@pytest.mark.parametrize("silence", [0.0, NAN])
def test_mondays_dump_after_a_silent_weekend_keeps_the_sum_of_seven_days(silence):
    """Saturday and Sunday owe ten each; Monday's 36 are theirs and 16 of its own: 40 + 36 = 76."""
    week = tidied(10, 10, 10, 10, 10, silence, silence, 36)
    assert week == [10, 10, 10, 10, 10, 10, 10, 16]
    assert sum(week[-7:]) == 40 + 36


def test_a_monday_that_holds_less_than_the_weekend_owes_counts_as_a_usual_day():
    """25 would leave 5; a Monday has ten, and the weekend may have had less."""
    assert tidied(10, 10, 10, 10, 10, 0, 0, 25)[-1] == 10


def test_a_monday_after_silence_is_never_more_than_what_was_published():
    """Four were published: four it is."""
    assert tidied(10, 10, 10, 10, 10, 0, 0, 4)[-1] == 4


def test_a_debt_is_paid_once():
    """Monday pays; Tuesday's 30 are Tuesday's own."""
    assert tidied(10, 10, 10, 10, 10, 0, 0, 30, 30)[-2:] == [10, 30]


def test_a_zero_stands_where_few_are_expected():
    """Of four a day none is nothing odd; of six it is."""
    assert tidied(0, first=[4.0] * 21) == [0]
    assert tidied(0, first=[6.0] * 21) == [6]


def test_steady_weekend_zeros_stand():
    """Two silent weekends stood as before; the third is believed, and Monday's dump with it."""
    week = [10.0, 10, 10, 10, 10, 0, 0]
    later = [30.0, *week[1:]]
    days = tidied(*week, *later, *later, *later)
    assert days[5:7] == [10, 10]
    assert days[12:14] == [10, 10]
    assert days[14:21] == [10, 10, 10, 10, 10, 0, 0]
    assert days[21:] == later
    assert sum(days[21:]) == 70


@pytest.mark.parametrize("silence", [0.0, NAN])
def test_a_weekly_reporter_keeps_its_sum_of_seven_days(silence):
    """Seventy every Monday: whatever seven days are added up, they are seventy."""
    weekly = ([70.0] + [silence] * 6) * 6
    days = tidy(np.array(weekly)[:, None], ALL)[:, 0]
    sums = np.convolve(days, np.ones(7), "valid")
    np.testing.assert_array_equal(sums, 70)


def test_a_weekly_reporter_may_rise():
    """To 140: seen on the day it is published."""
    first = ([70.0] + [0.0] * 6) * 3
    assert tidied(140, *[0] * 6, first=first) == [140, 0, 0, 0, 0, 0, 0]


def test_a_negative_number_is_no_number_of_its_day():
    """It stands as a week before, and nobody owes it: the next day's 12 are its own."""
    assert tidied(10, 11, -50, 12) == [10, 11, 10, 12]


def test_a_number_far_above_all_of_late_is_cut():
    """The highest is 10: up to 3 x 10 + 10 a number stands, above it counts 1.5 x 10 + 5."""
    assert tidied(40) == [40]
    assert tidied(41) == [20]


def test_a_true_rise_is_followed_in_three_days():
    """Hundred a day: 20, then 1.5 x 20 + 5 = 35 (above 70), then 100 (not above 115)."""
    assert tidied(100, 100, 100) == [20, 35, 100]


def test_each_rule_is_switched_by_itself():
    """Silence, a correction and an outlier: without its rule, each stands as published."""
    published = (0.0, 25.0, -5.0, 90.0)
    assert tidied(*published) == [10, 15, 10, 5 + 1.5 * 15]
    assert tidied(*published, rules=Rules(rhythm=False)) == [0, 25, 10, 5 + 1.5 * 25]
    assert tidied(*published, rules=Rules(falls=False)) == [10, 15, 0, 5 + 1.5 * 15]
    assert tidied(*published, rules=Rules(outliers=False)) == [10, 15, 10, 90]


def test_nothing_is_owed_where_the_rhythm_is_nobodys_business():
    """A missing day must stand as something; the next day's 25 are its own."""
    assert tidied(NAN, 25, rules=Rules(rhythm=False)) == [10, 25]


def test_the_first_three_weeks_are_taken_as_they_are():
    """Missing and negative numbers are none."""
    first = [NAN, -3.0, 500.0, *[10.0] * 18]
    assert tidy(np.array(first)[:, None], ALL)[:, 0].tolist() == [0, 0, 500, *[10.0] * 18]


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(0, 60), st.booleans(), st.booleans(), st.booleans())
def test_a_day_is_judged_by_the_days_before_it_alone(counts, day, rhythmic, falls, outliers):
    """Whatever comes later, a past day looks as it looked then."""
    rules = Rules(rhythm=rhythmic, falls=falls, outliers=outliers)
    np.testing.assert_array_equal(tidy(counts, rules)[:day], tidy(counts[:day], rules))


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_what_is_tidied_is_known_and_never_negative(counts):
    """And each series by itself: the others change nothing."""
    whole = tidy(counts, ALL)
    assert np.isfinite(whole).all()
    assert (whole >= 0).all()
    np.testing.assert_array_equal(whole[:, :1], tidy(counts[:, :1], ALL))


def test_a_missing_level_stands_as_a_week_before_and_else_as_the_day_before():
    """The third day has no week before; the ninth takes the second's; before the first: none."""
    numbers = np.array([NAN, 2, NAN, 4, 5, 6, 7, 8, NAN])[:, None]
    filled = rhythm.filled(numbers)[:, 0]
    np.testing.assert_array_equal(filled, [NAN, 2, 2, 4, 5, 6, 7, 8, 2])
