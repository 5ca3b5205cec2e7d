"""Rolling origins: which days, by which fit, from what was known, and never twice."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from examples import days, long

from vigil import origins, outcomes
from vigil.backtest import Walk
from vigil.levels import SCORES
from vigil.origins import Origin, Publications, weekly
from vigil.panel import Floats, Grid, Index, Key, Panel
from vigil.shelf import Folder, Shelf, name_of
from vigil.view import View, as_known, view

FIRST = date(2024, 1, 1)  # a Monday
KEY = Key("hospital", "admitted")
DATASET = long(measure={"publication_lag": 1, "settle_days": 7}).model_copy(
    update={"labels_after": 7}
)
WEEK = timedelta(weeks=1)


def panel(count: int, *, last: float = 0.0) -> Panel:
    """Two series that grow by one a day, the last day's numbers higher."""
    numbers = np.arange(count, dtype=float)[:, None] + np.array([10.0, 20.0])
    numbers[-1] += last
    return {KEY: Grid(days("2024-01-01", count), ("A", "B"), numbers)}


def seen(known: Panel) -> View:
    """The measure, as a model sees it."""
    found = view(DATASET, known, KEY)
    assert found is not None
    return found


def end(day: date) -> datetime:
    """The last moment of that day."""
    return origins.end_of(day)


@dataclass
class Steady:
    """It stays as it is, by one percent: counts how often it is asked."""

    born: np.datetime64
    asked: list[tuple[np.datetime64, np.datetime64]]

    def quantiles(self, view: View, horizons: Index) -> Floats:
        """As it stands."""
        self.asked.append((self.born, view.dates[-1]))
        level = view.truth[-1][None, None] + 0.01 * SCORES[:, None, None]
        return np.repeat(level, len(horizons), axis=1)


class Maker:
    """Fits, and remembers from what."""

    def __init__(self) -> None:
        self.fits: list[np.datetime64] = []
        self.asked: list[tuple[np.datetime64, np.datetime64]] = []

    def fit(self, view: View, _ahead: int) -> Steady:
        """Learns nothing."""
        self.fits.append(view.dates[-1])
        return Steady(view.dates[-1], self.asked)


def history(*vintages: tuple[date, date], lag: int = 1) -> Publications:
    """When, and up to which date."""
    issued = [end(moment) for moment, _ in vintages]
    return Publications(issued, [last for _, last in vintages], timedelta(days=lag))


def test_origins_are_the_newest_sundays_whose_horizon_is_settled():
    """365 days to Monday 2024-12-30, a week ahead, settled to 12-23: the newest reference is 12-16.

    The Sunday by which 12-16 or less was known is 12-15, and showed the Saturday before it.
    """
    known = history((date(2025, 6, 1), date(2024, 12, 30)))
    found = weekly(known, FIRST, date(2024, 12, 23), timedelta(days=7), 3)
    assert [(o.day, o.kind, o.reference) for o in found] == [
        (date(2024, 12, 1), "pseudo", date(2024, 11, 30)),
        (date(2024, 12, 8), "pseudo", date(2024, 12, 7)),
        (date(2024, 12, 15), "pseudo", date(2024, 12, 14)),
    ]


def test_no_origin_has_less_than_the_history_that_models_need():
    """120 days from 2024-01-01 end on 04-30: the first Sunday is 05-05, which shows 05-04."""
    known = history((date(2025, 6, 1), date(2024, 12, 30)))
    found = weekly(known, FIRST, date(2024, 12, 23), timedelta(days=7), 999)
    assert found[0].day == date(2024, 5, 5)
    assert len(found) == 33
    assert weekly(known, FIRST, date(2024, 5, 10), timedelta(days=7), 5) == []


def test_from_the_first_vintage_on_origins_are_known_before_it_pseudo():
    """Vintages every Sunday from 2024-11-10 on; each says how it was known."""
    sundays = [date(2024, 11, 10) + n * WEEK for n in range(8)]
    known = history(*((day, day - timedelta(days=3)) for day in sundays))
    found = weekly(known, FIRST, date(2024, 12, 23), timedelta(days=7), 4)
    assert [(o.kind, o.reference) for o in found] == [
        ("known", date(2024, 11, 21)),
        ("known", date(2024, 11, 28)),
        ("known", date(2024, 12, 5)),
        ("known", date(2024, 12, 12)),
    ]
    older = weekly(known, FIRST, date(2024, 12, 23), timedelta(days=7), 8)
    assert [o.kind for o in older] == ["pseudo"] * 2 + ["known"] * 6
    # Had the first vintage come on the Sunday before, it could not have shown more than it did.
    assert older[1] == Origin(date(2024, 11, 3), "pseudo", date(2024, 11, 2))


def test_a_week_that_brought_nothing_new_is_no_origin():
    """Between two vintages a month apart there is one forecast, not five."""
    known = history(
        (date(2024, 9, 1), date(2024, 8, 30)), (date(2024, 10, 6), date(2024, 10, 4)),
        (date(2024, 12, 29), date(2024, 12, 28)),
    )  # fmt: skip
    found = weekly(known, FIRST, date(2024, 12, 20), timedelta(days=7), 3)
    assert [o.day for o in found] == [date(2024, 8, 25), date(2024, 9, 1), date(2024, 10, 6)]


def test_a_vintage_of_sunday_evening_is_known_by_sundays_end():
    """One of Monday is not."""
    for moment, kind in ((datetime(2024, 9, 1, 23, tzinfo=UTC), "known"),
                         (datetime(2024, 9, 2, 0, tzinfo=UTC), "pseudo")):  # fmt: skip
        known = Publications([moment], [date(2024, 8, 30)], timedelta(days=1))
        assert known.by(date(2024, 9, 1)).kind == kind


def walk(folder: Path, maker: Maker, *, count: int = 6, calibrated: bool = True) -> Walk:
    """Weekly origins on pseudo-vintages of 300 days; a new fit every three."""
    all_, first = panel(300), date(2024, 8, 4)
    chosen = [
        Origin(first + n * WEEK, "pseudo", first + n * WEEK - timedelta(days=1))
        for n in range(count)
    ]

    def sight(origin: Origin) -> View:
        return seen(as_known(all_, DATASET, np.datetime64(origin.day, "D")))

    return Walk(
        sight, chosen, 7, maker.fit, 3, Shelf(Folder(folder.parent), folder.name), calibrated
    )


def scored(done: Walk) -> object:
    """Its table."""
    return outcomes.table(KEY, "steady", done.origins, done.made, seen(panel(300)))


def test_each_origin_is_forecast_by_the_newest_fit_that_is_due(tmp_path):
    """Six origins, a fit every three: the first and the fourth, never from a later day."""
    maker = Maker()
    done = walk(tmp_path, maker)
    for _ in done.origins:
        done.step()
    references = [np.datetime64(origin.reference) for origin in done.origins]
    assert maker.fits == [references[0], references[3]]
    assert maker.asked == [(references[n // 3 * 3], day) for n, day in enumerate(references)]


@pytest.mark.parametrize(("stop", "fits"), [(2, 2), (3, 1), (5, 1), (6, 0)])
def test_a_run_that_was_killed_goes_on_where_it_stopped(tmp_path, stop, fits):
    """The same table; no finished origin is forecast again, and no fit that nobody waits for."""
    whole = walk(tmp_path / "whole", Maker())
    for _ in whole.origins:
        whole.step()
    killed = walk(tmp_path / "killed", Maker())
    for _ in range(stop):
        killed.step()
    maker = Maker()
    again = walk(tmp_path / "killed", maker)
    for _ in again.origins:
        again.step()
    assert scored(again).equals(scored(whole))
    assert [day for _, day in maker.asked] == [
        np.datetime64(origin.reference) for origin in again.origins[stop:]
    ]
    assert len(maker.fits) == fits


def test_a_file_that_cannot_be_read_is_made_again(tmp_path):
    """Cut off, empty, or something else: the forecast is the same as before."""
    whole = walk(tmp_path, Maker(), count=4)
    for _ in whole.origins:
        whole.step()
    first, second, third, _ = sorted(tmp_path.glob("*.npz"))
    first.write_bytes(first.read_bytes()[:200])
    second.write_bytes(b"")
    third.write_text("no numbers")
    maker = Maker()
    again = walk(tmp_path, maker, count=4)
    for _ in again.origins:
        again.step()
    assert len(maker.asked) == 3
    assert scored(again).equals(scored(whole))
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".npz"] * 4


def test_calibration_learns_from_earlier_origins_alone(tmp_path):
    """It grows by 7 a week, which the model never says: intervals get wider once that is known.

    Labels count seven days after their day, and the horizon is a week: the third origin is the
    first that knows what came of one.
    """
    done = walk(tmp_path, Maker())
    width = []
    for _ in done.origins:
        made = done.step()
        width.append(made.published[-1, -1, 0] - made.published[0, -1, 0])
    assert width[0] == pytest.approx(width[1])
    assert width[1] < width[2] < width[3] < width[4]
    plain = walk(tmp_path / "plain", Maker(), calibrated=False)
    raw = [plain.step() for _ in plain.origins]
    assert all(np.array_equal(one.published, one.past.quantiles) for one in raw)


def test_a_name_changes_with_every_setting():
    """Forecasts of another model, refit or vintage lie elsewhere; the same ones in one place."""
    one = {"model": "steady", "refit": 8}
    assert name_of(one) == name_of(dict(reversed(one.items())))
    assert len({name_of(one), name_of({**one, "refit": 4}), name_of({**one, "model": "b"})}) == 3
