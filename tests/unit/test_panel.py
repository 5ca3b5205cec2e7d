"""Panels: grids laid out, joined, and turned from totals into numbers a day."""

import numpy as np
import pyarrow as pa
import pytest
from examples import days, grid, real
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from vigil import panel
from vigil.panel import EMPTY, Grid, Key

NAN = float("nan")
TOTALS = st_numpy.arrays(
    float,
    st.tuples(st.integers(1, 20), st.integers(1, 4)),
    elements=st.integers(0, 10**6).map(float) | st.just(NAN),
)


def same(one: Grid, other: Grid) -> bool:
    """Equal axes and equal values, NaN where the other has NaN."""
    return (
        one.series == other.series
        and np.array_equal(one.dates, other.dates)
        and np.array_equal(one.values, other.values, equal_nan=True)
    )


def test_a_grid_sorts_its_axes():
    """Values follow their day and their name."""
    made = panel.grid(days("2021-01-01", 2)[::-1], ["B", "A"], np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert same(made, grid([[4, 3], [2, 1]], "AB"))


def test_names_sort_as_text_and_not_by_length():
    """The order of a Python string: capitals, then small letters, then accents."""
    made = panel.grid(days("2021-01-01", 1), ["é", "a", "Z", "10", "2"], np.zeros((1, 5)))
    assert made.series == ("10", "2", "Z", "a", "é")


def test_known_counts_what_is_no_nan():
    """Zero is known."""
    assert grid([[0, NAN], [3, 4]], "AB").known == 3
    assert EMPTY.known == 0


def test_the_last_date_is_the_last_with_any_value():
    """One series of two is enough; without any there is none."""
    assert grid([[1, 1], [NAN, 2], [NAN, NAN]], "AB").last_date() == np.datetime64("2021-01-02")
    assert grid([[NAN]]).last_date() is None
    assert EMPTY.last_date() is None


@pytest.mark.parametrize(
    ("last", "rows"), [("2020-12-31", 0), ("2021-01-02", 2), ("2021-01-09", 3)]
)
def test_a_grid_until_a_day_ends_with_that_day(last, rows):
    """Before its first day nothing is left, after its last all of it."""
    whole = grid([[1], [2], [3]])
    assert same(whole.until(np.datetime64(last)), grid([[1], [2], [3]][:rows] or np.empty((0, 1))))


def test_a_grid_is_laid_out_on_other_axes():
    """What it has goes to its place; what it has not is NaN; what is not asked for is left."""
    one = grid([[1, 2], [3, 4]], "AC")
    laid = one.onto(days("2021-01-02", 2), ("C", "B", "A"))
    np.testing.assert_array_equal(laid, [[4, NAN, 3], [NAN, NAN, NAN]])
    assert one.onto(EMPTY.dates, ()).shape == (0, 0)
    assert np.isnan(EMPTY.onto(one.dates, one.series)).all()


def test_the_last_of_rows_with_the_same_place_wins():
    """Of two values for A on one day, the second."""
    names = pa.array(["A", "B", "A"]).dictionary_encode()
    at = np.array(["2021-01-02", "2021-01-01", "2021-01-02"], "datetime64[D]")
    made = panel.scatter(at, names, {Key("s", "t"): np.array([5.0, 6.0, 7.0])})[Key("s", "t")]
    assert same(made, grid([[NAN, 6], [7, NAN]], "AB"))


def rows(*found: tuple[str, str, str, str, float | None]) -> pa.Table:
    """Rows as the warehouse returns them."""
    names = ("source", "target", "series", "date", "value")
    columns = dict(zip(names, zip(*found, strict=True), strict=True))
    columns["date"] = np.array(columns["date"], "datetime64[D]")
    return pa.table(columns)


def test_rows_become_a_grid_for_each_measure_of_each_source():
    """A value that is gone (NULL) is NaN; two sources of one measure stay apart."""
    made = panel.from_rows(
        rows(
            ("b", "deaths", "A", "2021-01-02", 3.0),
            ("a", "deaths", "A", "2021-01-01", 1.0),
            ("b", "deaths", "B", "2021-01-01", None),
            ("a", "cases", "A", "2021-01-01", 9.0),
        )
    )
    assert list(made) == [Key("a", "cases"), Key("a", "deaths"), Key("b", "deaths")]
    assert same(made["a", "deaths"], grid([[1]]))
    assert same(made["b", "deaths"], grid([[NAN, NAN], [3, NAN]], "AB"))


def test_no_rows_are_an_empty_panel():
    """A dataset of which nothing is known."""
    assert panel.from_rows(rows(("a", "b", "c", "2021-01-01", 1.0)).slice(0, 0)) == {}


def test_totals_become_numbers_a_day():
    """5 8 8 12: the first is the past, then 3, 0 and 4."""
    np.testing.assert_array_equal(
        panel.increments(np.array([[5.0], [8.0], [8.0], [12.0]])), [[NAN], [3], [0], [4]]
    )


def test_a_rise_after_a_gap_stands_on_the_first_day_reported_again():
    """5, two days nothing, 11: six on the fourth day, and none on those between."""
    np.testing.assert_array_equal(
        panel.increments(np.array([[5.0], [NAN], [NAN], [11.0], [12.0]])),
        [[NAN], [NAN], [NAN], [6], [1]],
    )


def test_a_falling_total_is_a_negative_number():
    """10 7 9: less three, then two."""
    np.testing.assert_array_equal(
        panel.increments(np.array([[10.0], [7.0], [9.0]])), [[NAN], [-3], [2]]
    )


def test_a_series_that_begins_later_has_no_first_number():
    """Each series by itself: B is first known on the second day."""
    np.testing.assert_array_equal(
        panel.increments(np.array([[1.0, NAN], [2.0, 50.0], [4.0, 51.0]])),
        [[NAN, NAN], [1, NAN], [2, 1]],
    )


@settings(max_examples=100)
@given(TOTALS)
def test_numbers_a_day_sum_back_to_the_total(totals):
    """Whatever is missing and however often it falls: the last known less the first."""
    made = panel.increments(totals)
    for column in range(totals.shape[1]):
        known = totals[np.isfinite(totals[:, column]), column]
        rise = known[-1] - known[0] if len(known) else 0
        assert np.nansum(made[:, column]) == rise
        assert np.isfinite(made[:, column]).sum() == max(0, len(known) - 1)


@settings(max_examples=50)
@given(TOTALS)
def test_numbers_since_any_day_sum_to_the_published_difference(totals):
    """From every known day on, not only from the first."""
    made = panel.increments(totals)
    for column in range(totals.shape[1]):
        at = np.flatnonzero(np.isfinite(totals[:, column]))
        for day in at:
            rise = totals[at[-1], column] - totals[day, column]
            assert np.nansum(made[day + 1 :, column]) == rise


def test_a_daily_grid_has_every_day():
    """1, two days later 4: the day between is missing, and then comes a rise of 3."""
    at = np.array(["2021-01-01", "2021-01-03"], "datetime64[D]")
    one = Grid(at, ("A",), np.array([[1.0], [4.0]]))
    assert same(panel.daily(one, cumulative=True), grid([[NAN], [NAN], [3]]))
    assert same(panel.daily(one, cumulative=False), grid([[1], [NAN], [4]]))
    assert panel.daily(EMPTY, cumulative=True) is EMPTY


@pytest.mark.real
def test_the_real_deaths_sum_back_to_the_published_total():
    """289 series: every day's numbers together are the last total less the first."""
    [one] = real("jhu_global", "deaths").panel.values()
    daily = panel.daily(one, cumulative=True)
    rise = one.values[-1] - one.values[0]
    np.testing.assert_array_equal(np.nansum(daily.values, axis=0), rise)
    spain, day = one.series.index("Spain"), np.datetime64("2020-05-25")
    assert daily.values[np.searchsorted(daily.dates, day), spain] == -1918
