"""Replays: what upstream published on each day of a year, for the demo."""

from datetime import date, timedelta

import pytest

from conftest import REAL
from vigil import datasets, layouts
from vigil.errors import Rejected
from vigil.local.replays import FORTNIGHT, Replay, europe_2021, simulated_fever, sundays


def numbers(replay: Replay, day: date) -> dict[tuple[str, date], float]:
    """What its files say on a day, read as ingest reads them."""
    [(source, text)] = replay.files(day).items()
    [grid] = layouts.parse(datasets.load(replay.dataset), source, text.encode()).panel.values()
    days = [one.astype(date) for one in grid.dates]
    return {
        (series, when): grid.values[row, column]
        for row, when in enumerate(days)
        for column, series in enumerate(grid.series)
    }


@pytest.fixture(autouse=True)
def _its_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIL_DATASETS", str(simulated_fever.replay().file.parent))


def test_a_file_knows_the_days_before_it_and_later_files_more_of_them() -> None:
    """Of a day 72% are reported the day after, the rest within nine days: then it stands."""
    replay = simulated_fever.replay()
    first, second = (numbers(replay, day) for day in replay.days[:2])
    assert max(day for _, day in first) == replay.days[0] - timedelta(1)
    assert max(day for _, day in second) == replay.days[1] - timedelta(1)
    late = {day for (place, day), count in first.items() if second[place, day] != count}
    assert late
    assert min(late) >= replay.days[0] - timedelta(9)
    newest = {key: count for key, count in first.items() if key[1] == max(late)}
    assert 0.5 < sum(newest.values()) / sum(second[key] for key in newest) < 0.9


def test_a_replay_is_the_same_every_time() -> None:
    """What the docs say of it holds."""
    replay = simulated_fever.replay()
    assert replay.files(replay.days[0]) == simulated_fever.replay().files(replay.days[0])


def test_the_simulated_year_says_that_it_is_simulated() -> None:
    """In its name, its producer and its citation, so that every report says it."""
    replay = simulated_fever.replay()
    told = datasets.load(replay.dataset)
    assert "SIMULATED" in told.producer
    assert "simulated" in told.title
    assert "Simulated" in told.citation
    assert replay.series in {place for place, _ in numbers(replay, replay.days[0])}


def test_files_are_put_where_a_mirror_has_them(tmp_path) -> None:
    """Each day's in the place of the day's before."""
    replay = simulated_fever.replay()
    for day in replay.days[:2]:
        replay.publish(day, tmp_path)
        [file] = (tmp_path / replay.dataset).iterdir()
        assert file.name == "admissions.csv"
        assert file.read_text() == replay.files(day)["admissions"]


def test_days_are_sundays_up_to_the_last_one() -> None:
    """2021-12-31 is a Friday, 2021-12-26 the Sunday before."""
    found = sundays(date(2021, 11, 20), date(2021, 12, 31), FORTNIGHT)
    assert found == [date(2021, 11, 28), date(2021, 12, 12), date(2021, 12, 26)]
    assert sundays(date(2021, 12, 26), date(2021, 12, 26)) == [date(2021, 12, 26)]


def test_a_folder_without_the_real_files_is_refused(tmp_path) -> None:
    """With the file that is missing."""
    with pytest.raises(Rejected, match=r"deaths_as_known\.parquet"):
        europe_2021.replay(tmp_path)


@pytest.mark.real
def test_the_real_year_is_what_was_known() -> None:
    """France's 2021-03-06 was 162 on the day after; the newest day is always the day before."""
    replay = europe_2021.replay(REAL)
    assert replay.days[-1] == date(2021, 12, 26)
    known = numbers(replay, date(2021, 3, 7))
    assert known["France", date(2021, 3, 6)] == 162
    assert max(day for _, day in known) == date(2021, 3, 6)
    assert len({place for place, _ in known}) == 32
