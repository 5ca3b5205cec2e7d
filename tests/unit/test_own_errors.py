"""How uncertain a rule is: as wrong as it has been, either way, by hand."""

import numpy as np
import small_views

from vigil.models.own_errors import around, errors
from vigil.paths import LEVELS

UP = [0.5, 0.75, 0.95, 0.975, 0.99]


def zeros(days: int, series: int = 1) -> np.ndarray:
    """Nothing, every day: a week's sum is known from the seventh on."""
    return np.zeros((days, series))


def rule(numbers: np.ndarray):
    """These numbers of each day, whatever the horizon."""
    return lambda origins, _horizon: numbers[origins]


def at(levels: list[float], made: np.ndarray) -> np.ndarray:
    """The quantiles at some of the levels."""
    return made[[int(np.flatnonzero(np.isclose(LEVELS, level))[0]) for level in levels]]


def test_quantiles_are_past_errors_both_ways_and_none_once():
    """Errors 1 to 20 around 100: of 41 numbers the middle is 100, half of 20 is 10, and so on."""
    view = small_views.of(zeros(26))
    numbers = np.concatenate([[0.0] * 5, np.arange(1, 21), [100]])[:, None]
    made = around(view, 1, rule(numbers))[:, 0]
    np.testing.assert_allclose(at(UP, made), [100, 110, 118, 119, 119.6])
    np.testing.assert_allclose(made + made[::-1], 200)


def test_a_series_with_few_errors_borrows_from_all():
    """20 errors two days ahead weigh as much as those of all: (1 + 3) / 2 for A, 3 for B."""
    view = small_views.of(zeros(26, 2))
    made = around(view, 2, rule(np.tile([1.0, 3.0], (26, 1))))
    np.testing.assert_allclose(at([0.95], made), [[1 + 2, 3 + 3]])


def test_a_new_series_has_the_errors_of_the_others():
    """It has no past of its own: 4 either way, as its neighbour."""
    values = zeros(60, 2)
    values[:58, 1] = np.nan
    view = small_views.of(values)
    made = around(view, 7, rule(np.full((60, 2), 4.0)))
    assert at([0.025, 0.5, 0.975], made).tolist() == [[0, 0], [4, 4], [8, 8]]


def test_errors_count_in_units_of_the_level():
    """Off by 4 at a level of 3 is one unit; at a level of 7 that is 8."""
    values = np.concatenate([np.full(40, 3 / 7), np.full(7, 1.0)])[:, None]
    view = small_views.of(values, transform="none", non_negative=True, labels_after=7)
    made = around(view, 1, rule(np.full((47, 1), 7.0)))
    np.testing.assert_allclose(at([0.5, 0.95], made)[:, 0], [7, 7 + 8])


def test_only_settled_outcomes_count():
    """What the last week says changes nothing while it is not settled, and much once it is."""
    quiet, loud = zeros(60), zeros(60)
    loud[-7:] = 1000
    for settle_days, same in ((7, True), (0, False)):
        made = [
            around(small_views.of(values, labels_after=settle_days), 3, rule(np.ones((60, 1))))
            for values in (quiet, loud)
        ]
        assert np.array_equal(*made) == same


def test_half_a_year_of_origins_is_drawn_on():
    """182 and no more; the last is the one whose outcome is the newest that is settled."""
    view = small_views.of(zeros(400), labels_after=7)
    numbers = np.arange(400.0)[:, None]
    found = errors(view, 10, rule(numbers))
    assert found[:, 0].tolist() == list(range(399 - 7 - 10 - 181, 399 - 7 - 10 + 1))


def test_days_before_a_series_began_tell_nothing_of_it():
    """28 days without a number: the errors of B begin with its first week."""
    values = zeros(60, 2)
    values[:40, 1] = np.nan
    found = errors(small_views.of(values), 1, rule(np.ones((60, 2))))
    assert np.isfinite(found[:, 1]).sum() == 59 - 40
    assert np.isfinite(found[:, 0]).sum() == 59 - 5


def test_thirteen_past_days_are_too_few():
    """Fourteen are enough to tell how uncertain a rule is."""
    for days, known in ((19, False), (20, True)):
        made = around(small_views.of(zeros(days)), 1, rule(np.ones((days, 1))))
        assert np.isfinite(made).all() == known
