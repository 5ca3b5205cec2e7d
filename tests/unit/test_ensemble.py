"""Several models as one, with weights worked out by hand."""

from dataclasses import dataclass

import numpy as np
import pytest
import small_views

from vigil.calibration import Past
from vigil.models import ensemble
from vigil.models.ensemble import learnt
from vigil.panel import DAY

NAN = float("nan")
H = np.array([7, 14])


@dataclass(frozen=True)
class Says:
    """A model that says the same number, whatever comes: one a series."""

    numbers: tuple[float, ...]

    def quantiles(self, _view, horizons):
        """Levels x horizons x series."""
        return np.broadcast_to(self.numbers, (23, len(horizons), len(self.numbers)))


def together(*members: tuple[float, ...], weights=None) -> list[float]:
    """What an ensemble of such models says, a series each."""
    view = small_views.of(np.zeros((60, len(members[0]))))
    fits = [lambda _view, _ahead, one=one: Says(one) for one in members]
    fitted = ensemble.of(fits, weights)(view, 14)
    return fitted.quantiles(view, H)[0, 0].tolist()


def past(view, ago: int, *off: float) -> Past:
    """A forecast that many days ago, without a doubt and off by so much: one a series."""
    quantiles = np.broadcast_to(off, (23, len(H), len(off)))
    return Past(view.dates[-1] - ago * DAY, H, view.series, quantiles)


def test_the_median_of_three_is_the_middle_one():
    """1, 2, 9; where one says nothing, halfway between the two; where none does, nothing."""
    said = together((1, 1, NAN), (2, NAN, NAN), (9, 9, NAN))
    assert said[:2] == [2, 5]
    assert np.isnan(said[2])


def test_the_mean_goes_by_weights_and_over_who_says_something():
    """A quarter of 8 and three quarters of 4; 8 alone; nothing."""
    weights = np.array([[0.25], [0.75]])
    said = together((8, 8, NAN), (4, NAN, NAN), weights=weights)
    assert said[:2] == [5, 8]
    assert np.isnan(said[2])
    assert together((8,), (4,), weights=ensemble.equal(2)) == [6]


def test_each_week_ahead_has_weights_of_its_own():
    """The first week goes with A, the second and all beyond with B."""
    view = small_views.of(np.zeros((60, 1)))
    fits = [lambda _view, _ahead, one=one: Says((one,)) for one in (1.0, 2.0)]
    fitted = ensemble.of(fits, np.array([[1.0, 0.0], [0.0, 1.0]]))(view, 28)
    made = fitted.quantiles(view, np.array([1, 7, 8, 14, 28]))
    assert made[0, :, 0].tolist() == [1, 1, 2, 2, 2]


def test_who_was_better_weighs_more():
    """Off by 1 and by 2 a half-life ago: scores 1 and 2, so 0.8 to 0.2, for half an origin of 8.5.

    1/17 of 0.8 and 16/17 of 0.5.
    """
    view = small_views.of(np.zeros((120, 1)))
    weights = learnt([[past(view, 84, 1.0)], [past(view, 84, -2.0)]], view, 14)
    one = 0.8 / 17 + 0.5 * 16 / 17
    np.testing.assert_allclose(weights, [[one, one], [1 - one, 1 - one]])


def test_what_is_not_settled_teaches_nothing():
    """Ten days ago: the first week has come, the second has not."""
    view = small_views.of(np.zeros((120, 1)))
    weights = learnt([[past(view, 10, 1.0)], [past(view, 10, 2.0)]], view, 14)
    assert weights[0, 0] > 0.5
    assert weights[:, 1].tolist() == [0.5, 0.5]


def test_members_are_compared_where_both_spoke():
    """B was far off where A said nothing: that does not count against B."""
    view = small_views.of(np.zeros((120, 2)))
    weights = learnt([[past(view, 84, 2.0, NAN)], [past(view, 84, 1.0, 99.0)]], view, 14)
    assert (weights[1] > weights[0]).all()


def test_many_origins_leave_little_doubt():
    """Forty weeks of half the score: most of the way from 0.5 to 0.8."""
    view = small_views.of(np.zeros((400, 1)))
    pasts = [[past(view, 7 * n, off) for n in range(2, 42)] for off in (1.0, 2.0)]
    assert 0.65 < learnt(pasts, view, 14)[0, 0] < 0.8


def test_other_origins_are_no_comparison():
    """Members have to have spoken on the same days."""
    view = small_views.of(np.zeros((120, 1)))
    with pytest.raises(ValueError, match="same origins"):
        learnt([[past(view, 84, 1.0)], [past(view, 77, 1.0)]], view, 14)
