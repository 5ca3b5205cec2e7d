"""Features: nothing that came later moves one, and each is what its name says."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from epidemic import CASES, DEATHS, PLACES, dataset, panel, seen
from examples import grid

from vigil.datasets import Dataset
from vigil.features import CALENDAR, Cells, anchor, features, grid_of, pace, rows
from vigil.horizons import ahead, steps
from vigil.models import boosting
from vigil.panel import DAY, Floats, Grid, Panel, from_rows
from vigil.view import View, as_known

COUNT, AHEAD = 120, 20
TOLD = dataset()
NAMES = pa.array(PLACES, pa.string())
Numbers = dict[str, Floats]


def numbers(told: Dataset, known: Panel) -> Numbers:
    """All that a forecast of deaths looks at, and what comes of it."""
    view = seen(told, known)
    horizons = steps(view, told.horizon)
    made = features(view, ahead(told.horizon, told.grain))
    cells = grid_of(np.array([view.last]), horizons, len(view.series))
    fitted = boosting.fit(view, ahead(told.horizon, told.grain))
    return {
        "features": made.table,
        "season": made.season,
        "rows": rows(view, made, cells),
        "anchor": anchor(view, made, cells),
        "forecast": fitted.quantiles(view, horizons),
    }


def same(one: Numbers, other: Numbers) -> bool:
    """To the last bit."""
    return all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)


def vintages(whole: Panel, latest: int = 7) -> pa.Table:
    """A row a value and issue, as the warehouse keeps them: each day is revised two days later."""
    issues = []
    for key, one in whole.items():
        for share, lag in ((0.8, 1), (1.0, 1 + latest)):
            count = len(one.series)
            dates = np.repeat(one.dates, count)
            issued = dates.astype("datetime64[s]") + np.timedelta64(24 * lag + 6, "h")
            values = np.floor(one.values * share).ravel()
            issues.append(issue(key, NAMES.take(np.tile(np.arange(count), len(one.dates))), dates,
                                values, issued))  # fmt: skip
    return pa.concat_tables(issues)


def issue(
    key: tuple[str, str], series: pa.Array, dates: np.ndarray, values: Floats, issued: np.ndarray
) -> pa.Table:
    """Rows of one measure."""
    told = {"source": [key[0]] * len(dates), "target": [key[1]] * len(dates)}
    return pa.table({**told, "series": series, "date": dates, "value": values, "issued_at": issued})


def known_at(log: pa.Table, moment: datetime) -> Panel:
    """The panel of what was issued by then: the last issue of a value counts."""
    issued = log["issued_at"].to_numpy() <= np.datetime64(moment.replace(tzinfo=None), "s")
    return from_rows(log.filter(pa.array(issued)).sort_by("issued_at"))


def changed(log: pa.Table, which: np.ndarray, seed: int = 5) -> pa.Table:
    """The log with other values in those rows, ten times too high among them."""
    values = log["value"].to_numpy().copy()
    draw = np.random.default_rng(seed)
    values[which] = np.floor(values[which] * draw.uniform(0, 10, which.sum()))
    return log.set_column(log.column_names.index("value"), "value", pa.array(values))


LOG = vintages(panel(COUNT))
MOMENT = datetime(2021, 4, 12, 23, 59, 59, tzinfo=UTC)  # day 98
ISSUED = LOG["issued_at"].to_numpy()
LATER = np.datetime64(MOMENT.replace(tzinfo=None), "s") < ISSUED


@pytest.mark.parametrize("grain", ["week", "day"])
def test_no_row_issued_after_the_moment_moves_a_feature_or_a_forecast(grain):
    """Whatever its date: revisions of days long past among them."""
    told = dataset(grain=grain)
    dates = LOG["date"].to_numpy()
    revisions = LATER & (dates <= np.datetime64("2021-04-11"))
    assert revisions.sum() > 50
    before = numbers(told, known_at(LOG, MOMENT))
    assert same(before, numbers(told, known_at(changed(LOG, LATER), MOMENT)))


def test_a_row_issued_by_the_moment_does_move_features_and_forecasts():
    """So that the test above could fail: the last issue that counts, and one of the covariate."""
    before = numbers(TOLD, known_at(LOG, MOMENT))
    lately = ~LATER & (np.datetime64("2021-04-11T12:00") < ISSUED)
    for target in ("deaths", "cases"):
        moved = lately & (LOG["target"].to_numpy(zero_copy_only=False) == target)
        after = numbers(TOLD, known_at(changed(LOG, moved), MOMENT))
        assert not np.array_equal(before["rows"], after["rows"], equal_nan=True)
        assert not np.array_equal(before["forecast"], after["forecast"])


@pytest.mark.parametrize("lags", [(1, 1), (0, 4), (4, 1)])
def test_on_a_pseudo_vintage_nothing_inside_the_publication_lag_moves_anything(lags):
    """Of each measure by its own lag: what stands on the days not yet published, and later."""
    told = dataset(deaths={"publication_lag": lags[0]}, cases={"publication_lag": lags[1]})
    whole, day = panel(COUNT), np.datetime64("2021-04-12")
    other = {
        key: Grid(one.dates, one.series, np.where(
            (one.dates > day - DAY * lag)[:, None], one.values * 3 + 1, one.values))
        for (key, one), lag in zip(whole.items(), (lags[1], lags[0]), strict=True)
    }  # fmt: skip
    before = numbers(told, as_known(whole, told, day))
    assert same(before, numbers(told, as_known(other, told, day)))
    inside = as_known(other, told, day + DAY)
    assert not same(before, numbers(told, inside))


def mixed(grain: str) -> tuple[Dataset, Panel]:
    """Gaps, corrections and a covariate that is a rate, too."""
    told = dataset(grain=grain, covariates={
        "rate": {"sources": {"confirmed": "rate"}, "unit": "share", "adds_up": False}
    })  # fmt: skip
    whole, draw = panel(COUNT), np.random.default_rng(2)
    for one in whole.values():
        one.values[draw.random(one.values.shape) < 0.05] = np.nan
        one.values[draw.random(one.values.shape) < 0.02] = -20
        one.values[0] = 5  # each measure begins on the first day
    dates, series = whole[DEATHS].dates, whole[DEATHS].series
    rate = Grid(dates, series, draw.random((len(dates), len(series))))
    return told, {**whole, type(DEATHS)("confirmed", "rate"): rate}


@pytest.mark.parametrize("grain", ["week", "day"])
def test_a_feature_of_a_day_in_the_middle_is_what_it_was_on_that_day(grain):
    """Every day of training looks as the last day of a view that ends there."""
    told, whole = mixed(grain)
    made = features(seen(told, whole), AHEAD)
    for row in (2, 8, 30, 61, 100, 119):
        day = whole[DEATHS].dates[row]
        cut = features(seen(told, {key: one.until(day) for key, one in whole.items()}), AHEAD)
        assert cut.names == made.names
        np.testing.assert_array_equal(made.table[: row + 1], cut.table)
        np.testing.assert_array_equal(made.season[: row + 1], cut.season)


@pytest.mark.parametrize("lag", [0, 3, 10])
def test_training_sees_a_late_measure_as_late_as_a_forecast_does(lag):
    """Cases come days after deaths: an origin in the middle knew no later ones, either."""
    told = dataset(deaths={"publication_lag": 0}, cases={"publication_lag": lag})
    whole = panel(COUNT)
    trained, *served = (
        features(seen(told, as_known(whole, told, whole[DEATHS].dates[row])), AHEAD).table
        for row in (119, 40, 77, 110)
    )
    for table in served:
        np.testing.assert_array_equal(trained[: len(table)], table)


@pytest.mark.parametrize("labels_after", [0, 7, 30])
def test_no_training_row_reaches_beyond_what_is_settled(labels_after):
    """The furthest outcome that teaches is the last settled day, and each is after its origin."""
    view = seen(dataset(labels_after=labels_after), panel(COUNT))
    cells = boosting._cells(view, AHEAD)
    outcome = cells.origin + cells.horizon
    assert outcome.max() == view.settled == 119 - labels_after
    assert cells.horizon.min() == 1
    assert cells.horizon.max() <= AHEAD
    assert set(cells.series) == set(range(len(PLACES)))


def test_what_is_not_settled_teaches_nothing():
    """Other numbers on the last seven days: the same trees and the same line, byte for byte."""
    told, whole = dataset(labels_after=7), panel(COUNT)
    late = whole[DEATHS].dates > whole[DEATHS].dates[-8]
    other = {
        key: Grid(one.dates, one.series, np.where(late[:, None], one.values * 4 + 9, one.values))
        for key, one in whole.items()
    }
    fitted = [boosting.fit(seen(told, each), AHEAD).files() for each in (whole, other)]
    assert fitted[0] == fitted[1]
    assert fitted[0] != boosting.fit(seen(dataset(labels_after=0), other), AHEAD).files()


def calendar(view: View, origin: int, horizon: int) -> dict[str, float]:
    """What a row says of its target day, in the first series."""
    made = features(view, AHEAD)
    cells = Cells(*(np.array([one]) for one in (origin, horizon, PLACES.index("France"))))
    table = rows(view, made, cells)[0, len(made.names) :]
    return dict(zip(CALENDAR, table.tolist(), strict=True))


def test_the_calendar_is_that_of_the_target_day():
    """Ascension of 2021 in France: 13 May, a Thursday, on day 129; 8 May lies in its week."""
    view = seen(TOLD, panel(COUNT))
    day = calendar(view, 119, 10)
    assert day == {
        "horizon": 10, "weekday": 3, "holiday": 1, "holidays in the week": 2, "season": 0
    }  # fmt: skip
    assert calendar(view, 112, 17) == {**day, "horizon": 17}
    assert calendar(view, 119, 11) == {**day, "horizon": 11, "weekday": 4, "holiday": 0}


def named(view: View, name: str) -> float:
    """A feature of the first series on the last day."""
    made = features(view, AHEAD)
    return float(made.table[view.last, 0, made.names.index(name)])


def test_growth_is_the_change_of_the_level_over_a_week():
    """Ten a day, then twenty, then thirty: 140 to 210 in the last week, 70 before."""
    week = [[10.0]] * 21 + [[20.0]] * 7 + [[30.0]] * 7
    view = seen(dataset(transform="none"), {DEATHS: grid(week)})
    assert [named(view, f"growth {at}") for at in range(4)] == [70, 70, 0, 0]
    assert named(view, "level") == 210
    assert named(view, "momentum") == 70  # three days of 30 against three of 20, as weeks
    assert named(view, "published less tidied") == 0


WEEKEND = np.tile([7.0, 8, 7, 8, 7, 5, 0], 12)[:, None]  # 42 a week, none on Sundays


@pytest.mark.parametrize("today", range(70, 77))
def test_the_pace_is_free_of_its_weekday(today):
    """The same week again and again: six a day, whichever weekday is the last known."""
    known = WEEKEND[:today]
    assert pace(known)[-1] == pytest.approx(6)


def test_the_pace_follows_the_last_days():
    """Twice as many on the last three: 1 + 0.7 + 0.49 of 3.0588 weights count double."""
    risen = WEEKEND[:74].copy()
    risen[-3:] *= 2
    last_days = sum(0.7**ago * risen[-1 - ago, 0] for ago in range(7))
    usual = sum(0.7**ago * WEEKEND[73 - ago, 0] for ago in range(7))
    assert pace(risen)[-1, 0] == pytest.approx(6 * last_days / usual)
    assert pace(risen)[-1, 0] > 1.5 * 6


def test_the_pace_of_a_series_of_none_is_none():
    """No weekday stands to anything: none expected, none seen."""
    assert pace(np.zeros((60, 1)))[-1] == 0


def test_common_growth_is_the_median_of_all_series_and_total_growth_that_of_their_sum():
    """A grows by 70 a week, B and C by 7: the median is 7, together they grow by 84."""
    week = [[10.0, 10, 10]] * 21 + [[20.0, 11, 11]] * 7
    view = seen(dataset(transform="none"), {DEATHS: grid(week, "ABC")})
    assert named(view, "common growth") == 7
    assert named(view, "total growth") == 84


def test_another_measure_enters_with_its_growth_and_its_proportion_two_weeks_ago():
    """Cases 100 a day, then 200 for a week; deaths 10 a day against cases of two weeks ago."""
    cases = grid([[100.0]] * 28 + [[200.0]] * 7)
    view = seen(dataset(transform="none"), {DEATHS: grid([[10.0]] * 35), CASES: cases})
    assert named(view, "confirmed.cases growth 0") == 700
    assert named(view, "confirmed.cases growth 1") == 0
    assert named(view, "to confirmed.cases") == pytest.approx(np.log1p(70) - np.log1p(700))


def test_a_weekday_stands_to_the_level_as_in_the_last_four_weeks():
    """Mondays 22, other days 8: the mean is 10, so Monday stands 12 above and others 2 below."""
    week = [[22.0], *[[8.0]] * 6] * 8
    view = seen(dataset(transform="none", grain="day"), {DEATHS: grid(week, first="2021-01-04")})
    made = features(view, AHEAD)
    np.testing.assert_allclose(made.season[view.last, :, 0], [12, *[-2] * 6])
    cells = grid_of(np.array([view.last]), np.arange(1, 8), 1)  # the last day is a Sunday
    np.testing.assert_allclose(anchor(view, made, cells), [22, *[8] * 6])


def test_cells_come_by_origin_then_horizon_then_series():
    """Two of each: eight, and the series change fastest."""
    cells = grid_of(np.array([5, 9]), np.array([1, 7]), 2)
    assert cells.origin.tolist() == [5] * 4 + [9] * 4
    assert cells.horizon.tolist() == [1, 1, 7, 7] * 2
    assert cells.series.tolist() == [0, 1] * 4
