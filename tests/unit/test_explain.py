"""Drivers: what adds up to a median forecast, by name."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from epidemic import DEATHS, PLACES, dataset, panel, seen

from vigil import explain
from vigil.bundle import Bundle
from vigil.features import CALENDAR, anchor, features, grid_of, rows
from vigil.horizons import ahead, steps
from vigil.models import boosted, boosting
from vigil.models.boosted import Boosted
from vigil.panel import Floats, Grid, Index
from vigil.paths import LEVELS
from vigil.view import View

GRAINS = ("week", "day")
MEDIAN = len(LEVELS) // 2


@cache
def trained(grain: str) -> tuple[Boosted, View, Index]:
    """A model of deaths that cases lead, its view, and how far ahead it is asked."""
    told = dataset(grain=grain, horizon=10)
    view = seen(told, panel(200))
    return boosting.fit(view, ahead(told.horizon, grain)), view, steps(view, told.horizon)


def margin(fitted: Boosted, view: View, horizons: Index) -> Floats:
    """What trees and line say, by themselves, of the change from the anchor."""
    made = features(view, fitted.ahead)
    cells = grid_of(np.array([view.last]), horizons, len(view.series))
    table = rows(view, made, cells)
    free, held = (boosters[2].predict(table) for boosters in fitted.members.values())
    part = np.minimum(cells.horizon, 7) / 7 if view.grain == "week" else 1
    return ((free + held) * part + fitted.line.change(view, made, cells)) / 2


@pytest.mark.parametrize("grain", GRAINS)
def test_contributions_add_up_to_the_margin(grain):
    """Of every series and horizon, to a millionth: trees of both members, and the line."""
    names, parts = explain.contributions(*trained(grain))
    assert names[-1] == "base"
    assert parts.shape[1] == len(names)
    np.testing.assert_allclose(parts.sum(axis=1), margin(*trained(grain)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("grain", GRAINS)
def test_the_anchor_and_the_contributions_are_the_median(grain):
    """The one that is forecast before calibration, where quantiles were in order at once."""
    fitted, view, horizons = trained(grain)
    cells = grid_of(np.array([view.last]), horizons, len(view.series))
    base = anchor(view, features(view, fitted.ahead), cells)
    median = fitted.quantiles(view, horizons)[MEDIAN].ravel()
    told = base + explain.contributions(fitted, view, horizons)[1].sum(axis=1)
    near = np.isclose(told, median, rtol=0, atol=1e-6)
    assert near.mean() > 0.9


def test_the_line_is_in_it():
    """Twice the coefficients: growth of the series and of cases tells more, the rest the same."""
    fitted, view, horizons = trained("week")
    steeper = replace(fitted, line=replace(fitted.line, coefficients=fitted.line.coefficients * 2))
    names, before = explain.contributions(fitted, view, horizons)
    _, after = explain.contributions(steeper, view, horizons)
    moved = {name for name, one in zip(names, np.any(before != after, axis=0), strict=True) if one}
    assert moved <= {*fitted.line.names, "base"}
    assert {"growth 0", "confirmed.cases growth 0", "base"} <= moved
    np.testing.assert_allclose(after.sum(axis=1), margin(steeper, view, horizons), atol=1e-6)


@pytest.mark.parametrize(
    ("feature", "driver"),
    [
        ("level", "own level"),
        ("growth 3", "own growth"),
        ("momentum", "own growth"),
        ("pace", "own growth"),
        ("last day", "own growth"),
        ("common growth", "common growth"),
        ("total growth", "common growth"),
        ("published less tidied", "reporting"),
        ("confirmed.cases growth 0", "cases"),
        ("confirmed.cases momentum", "cases"),
        ("confirmed.cases pace", "cases"),
        ("to confirmed.cases", "cases"),
        ("owid.positive_rate", "positive_rate"),
        *((name, "calendar") for name in CALENDAR),
        ("base", "base"),
    ],
)
def test_every_feature_has_a_readable_name(feature, driver):
    """What it tells of."""
    assert explain.group(feature) == driver


@pytest.mark.parametrize("grain", GRAINS)
def test_every_feature_there_is_belongs_to_a_group(grain):
    """A feature that is new needs one, too."""
    names, parts = explain.contributions(*trained(grain))
    kinds, sums = explain.grouped(names, parts)
    said = {"own level", "own growth", "common growth", "reporting", "calendar", "cases", "base"}
    assert set(kinds) == said
    np.testing.assert_allclose(sums.sum(axis=1), parts.sum(axis=1), atol=1e-12)
    at = [names.index(name) for name in CALENDAR]
    np.testing.assert_allclose(sums[:, kinds.index("calendar")], parts[:, at].sum(axis=1))


@pytest.mark.parametrize("top", [2, 5, 20])
def test_the_first_drivers_and_all_else_still_add_up(top):
    """Seven groups: the largest first, then the rest in one; where all are named there is none."""
    fitted, view, horizons = trained("week")
    told = explain.drivers(fitted, view, horizons, top)
    count = min(top + 1, 7)
    assert told.num_rows == len(PLACES) * len(horizons) * count
    laid = told["contribution"].to_numpy().reshape(len(PLACES), len(horizons), count)
    exact = margin(fitted, view, horizons).reshape(len(horizons), len(PLACES)).T
    np.testing.assert_allclose(laid.sum(axis=2), exact, rtol=0, atol=1e-6)
    named = np.abs(laid[:, :, :top])
    assert (np.diff(named, axis=2) <= 0).all()
    share = told["share"].to_numpy().reshape(laid.shape)
    np.testing.assert_allclose(share.sum(axis=2), 1)
    assert told["rank"].to_pylist()[:count] == list(range(1, count + 1))
    last = told["driver"].to_pylist()[count - 1 :: count]
    assert (set(last) == {"all else"}) == (top < 7)


def test_drivers_come_by_series_horizon_and_rank():
    """A row each, of the series and the days ahead that were asked for."""
    fitted, view, horizons = trained("day")
    told = explain.drivers(fitted, view, horizons[[0, 4]]).to_pydict()
    assert list(told) == ["series", "horizon", "rank", "driver", "contribution", "share"]
    rows_ = list(zip(told["series"], told["horizon"], told["rank"], strict=True))
    assert rows_ == [(name, day, rank) for name in view.series for day in (1, 5)
                     for rank in range(1, 7)]  # fmt: skip


def test_cases_drive_deaths_that_follow_them():
    """Deaths come two weeks after cases: at the end of two weeks cases tell most of the change."""
    fitted, view, horizons = trained("week")
    names, parts = explain.grouped(*explain.contributions(fitted, view, horizons[-1:]))
    size = dict(zip(names, np.abs(parts).mean(axis=0), strict=True))
    assert max(size, key=lambda name: size[name]) == "cases"


def test_a_series_without_a_forecast_has_no_drivers():
    """Its level is not known: nothing is said of it, and the others stay as they are."""
    told = dataset(deaths={"adds_up": False}, horizon=10)
    known = panel(200)
    whole = seen(told, known)
    fitted = boosting.fit(whole, ahead(told.horizon, "week"))
    numbers = known[DEATHS].values.copy()
    numbers[:, 1] = np.nan
    silent = Grid(known[DEATHS].dates, PLACES, numbers)
    said = explain.drivers(fitted, seen(told, {**known, DEATHS: silent}), np.array([7]))
    assert set(said["series"].to_pylist()) == {*PLACES} - {PLACES[1]}


def test_a_model_that_was_written_and_read_explains_itself_the_same(tmp_path):
    """To the last bit."""
    fitted, view, horizons = trained("week")
    Bundle(fitted.files()).write(tmp_path / "model")
    again = boosted.load(Bundle.read(tmp_path / "model"))
    assert explain.drivers(again, view, horizons).equals(explain.drivers(fitted, view, horizons))
