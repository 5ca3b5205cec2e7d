"""The line of growth: past growth carries on, as far as it did."""

import json

import numpy as np
import pytest
from epidemic import DEATHS, PLACES, dataset, panel, seen
from examples import days, grid

from vigil.features import features, grid_of
from vigil.models.line import BURN_IN, Line, scale
from vigil.panel import Floats, Grid
from vigil.view import View

AHEAD = 21
HORIZONS = np.array([7, 14, 21])


def learnt(view: View) -> tuple[Line, Floats]:
    """A line, and the change it expects from the last day: horizons x series."""
    made = features(view, AHEAD)
    line = Line.fit(view, made, AHEAD)
    cells = grid_of(np.array([view.last]), HORIZONS, len(view.series))
    return line, line.change(view, made, cells).reshape(len(HORIZONS), -1)


def rate(values: Floats) -> View:
    """A measure on its own scale: a change of one means the same everywhere."""
    told = dataset(transform="none", deaths={"adds_up": False, "non_negative": False})
    at = days("2021-01-04", len(values))
    return seen(told, {DEATHS: Grid(at, tuple("ABC"[: values.shape[1]]), values)})


def test_what_grows_by_the_same_every_week_is_expected_to_go_on():
    """By 4 a week, or down by 4, or not at all; less the little that the ridge keeps back."""
    per_week = np.array([4.0, -4, 0])
    _, changed = learnt(rate(np.arange(200)[:, None] / 7 * per_week))
    exact = np.array([1, 2, 3])[:, None] * per_week
    np.testing.assert_allclose(changed, exact, rtol=0.05, atol=1e-9)
    assert (np.abs(changed) <= np.abs(exact) + 1e-9).all()


def test_what_stands_still_is_expected_to_stand_still():
    """No growth, no change."""
    _, changed = learnt(rate(np.full((200, 2), 40.0)))
    np.testing.assert_array_equal(changed, 0)


def test_growth_that_never_lasted_is_not_expected_to():
    """Every rise of a week is gone a week later: two weeks on, nothing of it is left."""
    saw = np.abs((np.arange(280) % 14) - 7.0)[:, None] * np.array([1.0, 2, 3])
    view = rate(saw)
    _, changed = learnt(view)
    grown = view.level[-1] - view.level[-8]
    assert (np.abs(changed[1]) < 0.1 * np.abs(grown)).all()
    assert (np.sign(changed[0]) == -np.sign(grown)).all()


def test_small_series_and_large_share_a_line_where_numbers_are_counts():
    """A tenth more a week at any size, on the log scale: what a week adds, two weeks add twice."""
    sizes = np.array([1e3, 1e4, 1e5])
    values = sizes * 1.1 ** (np.arange(150)[:, None] / 7)
    view = seen(dataset(transform="log"), {DEATHS: grid(values.tolist(), "ABC")})
    _, changed = learnt(view)
    np.testing.assert_allclose(changed, np.outer([1, 2, 3], [np.log(1.1)] * 3), rtol=0.1)


def test_growth_beyond_what_was_seen_counts_as_the_most_that_was():
    """A last week thirty times as steep: no more is expected than of the edge."""
    draw = np.random.default_rng(0)
    values = np.cumsum(draw.normal(0, 1, (200, 3)), axis=0)
    calm = rate(values)
    line, _ = learnt(calm)
    wild = []
    for jump in (100.0, 10_000.0):
        steep = values.copy()
        steep[-7:] += jump
        view = rate(steep)
        cells = grid_of(np.array([view.last]), HORIZONS, 3)
        wild.append(line.change(view, features(view, AHEAD), cells))
    np.testing.assert_array_equal(wild[0], wild[1])
    assert np.isfinite(wild[0]).all()


def test_with_nothing_to_learn_from_nothing_is_expected_to_change():
    """A panel too young for a first origin."""
    line, changed = learnt(rate(np.arange(BURN_IN, dtype=float)[:, None]))
    assert not line.coefficients.any()
    assert not changed.any()


def test_a_change_of_one_means_more_at_a_low_level():
    """Counts go by level and one; what may fall below none, by itself."""
    level = np.array([0.0, 3.0])
    counts = seen(dataset(), panel(30))
    assert scale(counts, level).tolist() == [1, 4]
    assert scale(rate(np.zeros((9, 1))), level).tolist() == [1, 1]


def test_a_line_comes_back_from_its_text_to_the_last_bit():
    """Through JSON, as a bundle keeps it."""
    view = seen(dataset(), panel(150))
    line, changed = learnt(view)
    again = Line.from_json(json.loads(json.dumps(line.to_json())))
    cells = grid_of(np.array([view.last]), HORIZONS, len(PLACES))
    once_more = again.change(view, features(view, AHEAD), cells)
    np.testing.assert_array_equal(once_more.reshape(changed.shape), changed)
    assert again.names == line.names
    kinds = ("growth", "momentum", "pace")
    assert all(any(kind in name for kind in kinds) for name in line.names)


def test_a_line_sees_only_outcomes_that_are_settled():
    """Other numbers in the last week of labels: the same coefficients."""
    whole = panel(150)[DEATHS]
    later = whole.dates > whole.dates[-8]
    lines = []
    for factor in (1, 5):
        values = np.where(later[:, None], whole.values * factor, whole.values)
        view = seen(dataset(labels_after=7), {DEATHS: Grid(whole.dates, whole.series, values)})
        lines.append(learnt(view)[0])
    assert lines[0].to_json() == lines[1].to_json()
    assert np.any(lines[0].coefficients)


@pytest.mark.parametrize("horizon", [1, 8, 21])
def test_there_is_a_line_for_every_day_ahead(horizon):
    """As many as the furthest day asks for."""
    view = seen(dataset(), panel(150))
    line = Line.fit(view, features(view, horizon), horizon)
    assert len(line.coefficients) == horizon
