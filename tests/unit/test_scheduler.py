"""The scheduler: every dataset's every step, once a day in its own zone, whatever the clocks do."""

import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from vigil import datasets
from vigil.errors import Rejected, VigilError
from vigil.jobs import Job, Standing, chosen, jobs, next_time
from vigil.local.scheduler import LocalScheduler, run
from vigil.messages import Tick

PARIS = datasets.load("france_deaths").schedules.zone


def at(cron: str) -> Job:
    """A job of the French dataset, whose zone is Paris."""
    return Job("france_deaths", "ingest", cron, "Europe/Paris")


def slots(job: Job, year: int) -> list[datetime]:
    """All moments of a year in Paris at which the job is due, in Paris time."""
    found = []
    moment = datetime(year, 1, 1, tzinfo=PARIS).astimezone(UTC) - timedelta(seconds=1)
    while (moment := next_time(job, moment)) < datetime(year + 1, 1, 1, tzinfo=PARIS):
        found.append(moment.astimezone(PARIS))
    return found


def each_day_once(found: list[datetime], year: int) -> bool:
    """Whether every day of the year has exactly one slot."""
    days = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    expected = {date(year, 1, 1) + timedelta(days=n): 1 for n in range(days)}
    return Counter(slot.date() for slot in found) == expected


@pytest.mark.parametrize("year", [2023, 2024])
@pytest.mark.parametrize(("hour", "minute"), [(19, 30), (19, 50), (0, 0), (3, 0), (23, 59)])
def test_paris_has_one_slot_a_day_at_the_same_time_on_its_clocks(year, hour, minute):
    """Through both changes of the clock, and the leap day of 2024."""
    found = slots(at(f"{minute} {hour} * * *"), year)
    assert each_day_once(found, year)
    assert {(slot.hour, slot.minute) for slot in found} == {(hour, minute)}


def test_an_hour_that_comes_twice_has_one_slot():
    """On 2023-10-29 the clocks of Paris show 2:30 in summer time, and an hour later again."""
    assert each_day_once(slots(at("30 2 * * *"), 2023), 2023)


def test_an_hour_that_does_not_come_still_has_a_slot():
    """On 2023-03-26 the clocks of Paris go from 2:00 to 3:00: the day is not left out."""
    days = Counter(slot.date() for slot in slots(at("30 2 * * *"), 2023))
    assert days[date(2023, 3, 26)] == 1


def test_paris_in_utc_moves_by_an_hour_with_the_season():
    """19:30 is 18:30 UTC in winter and 17:30 in summer."""
    job = at("30 19 * * *")
    winter = next_time(job, datetime(2023, 3, 25, 12, tzinfo=UTC))
    summer = next_time(job, datetime(2023, 3, 26, 12, tzinfo=UTC))
    assert winter == datetime(2023, 3, 25, 18, 30, tzinfo=UTC)
    assert summer == datetime(2023, 3, 26, 17, 30, tzinfo=UTC)


def test_the_next_time_is_after_the_last_and_never_the_same():
    """Otherwise one slot would be sent for ever."""
    due = datetime(2023, 1, 9, 18, 30, tzinfo=UTC)
    assert next_time(at("30 19 * * *"), due) == due + timedelta(days=1)
    assert next_time(at("30 19 * * *"), due - timedelta(microseconds=1)) == due


def test_a_weekly_schedule_is_kept():
    """Training is on Mondays at 20:00 in Paris."""
    found = slots(at("0 20 * * 1"), 2023)
    assert len(found) == 52
    assert {slot.isoweekday() for slot in found} == {1}


def test_every_dataset_has_a_job_for_every_step():
    """From the same files that Terraform reads."""
    found = list(jobs(("ingest", "predict")))
    assert {(job.dataset, job.step) for job in found} == {
        (name, step) for name in datasets.names() for step in ("ingest", "predict")
    }
    assert Job("jhu_global", "ingest", "15 6 * * *", "UTC") in found
    assert Job("france_deaths", "predict", "50 19 * * *", "Europe/Paris") in found


def test_a_job_that_is_due_is_published_with_its_own_moment(tmp_path, monkeypatch):
    """A schedule of every second slot of the clock is not needed: six fields mean seconds."""
    sent, stop = [], threading.Event()
    monkeypatch.setattr("vigil.local.scheduler.jobs", lambda: [at("* * * * * *")])

    def publish(step: str, tick: Tick) -> None:
        sent.append((step, tick))
        if len(sent) == 2:
            stop.set()

    started = datetime.now(UTC)
    run(LocalScheduler(tmp_path), publish, stop)
    assert [step for step, _ in sent] == ["ingest", "ingest"]
    first, second = (tick.as_of for _, tick in sent)
    assert first.microsecond == 0
    assert started < first <= started + timedelta(seconds=1)
    assert second == first + timedelta(seconds=1)


def test_the_loop_ends_when_it_is_told_to(tmp_path):
    """Though nothing is due for hours."""
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(LocalScheduler(tmp_path), print, stop))
    thread.start()
    stop.set()
    thread.join(timeout=5)
    assert not thread.is_alive()


def test_a_paused_job_is_not_published_and_a_resumed_one_is_from_its_next_slot_on(
    tmp_path, monkeypatch
):
    """Slots that passed meanwhile are not made up for; the loop looks at the file each time."""
    job, sent, stop = at("* * * * * *"), [], threading.Event()
    monkeypatch.setattr("vigil.local.scheduler.jobs", lambda: [job])
    LocalScheduler(tmp_path).pause(job)

    def publish(_step: str, tick: Tick) -> None:
        sent.append(tick.as_of)
        stop.set()

    arguments = (LocalScheduler(tmp_path), publish, stop)
    thread = threading.Thread(target=run, args=arguments)
    thread.start()
    assert not stop.wait(2.1)
    resumed = datetime.now(UTC)
    LocalScheduler(tmp_path).resume(job)
    thread.join(timeout=5)
    assert len(sent) == 1
    assert sent[0] > resumed - timedelta(seconds=1)


def test_a_tick_that_cannot_be_sent_is_noted_and_the_loop_goes_on(tmp_path, monkeypatch):
    """As with Cloud Scheduler the next slot is another chance."""
    job, tried, stop = at("* * * * * *"), [], threading.Event()
    monkeypatch.setattr("vigil.local.scheduler.jobs", lambda: [job])

    def publish(_step: str, _tick: Tick) -> None:
        tried.append(1)
        if len(tried) == 2:
            stop.set()
        raise ConnectionError("nobody there")

    run(LocalScheduler(tmp_path), publish, stop)
    [found] = LocalScheduler(tmp_path).look()
    assert len(tried) == 2
    assert found.last_status == "ConnectionError: nobody there"


def test_what_is_paused_and_what_was_sent_outlives_the_process(tmp_path):
    """Both stand in one file, whoever wrote last; without `vigil up` nothing is due."""
    here, job = LocalScheduler(tmp_path), next(jobs())
    moment = datetime(2026, 11, 21, 6, 15, tzinfo=UTC)
    here.send(job, moment, lambda *_: None)
    here.pause(job)
    again = {one.job: one for one in LocalScheduler(tmp_path).look()}
    assert again[job] == Standing(job, "paused", None, moment, "ok")
    assert {one.state for one in again.values()} == {"paused", "stopped"}
    here.resume(job)
    assert not LocalScheduler(tmp_path).paused(job)


def test_a_job_is_not_run_where_nobody_listens(tmp_path):
    """It says what to start, and starts nothing."""
    with pytest.raises(VigilError, match="start `vigil up`"):
        LocalScheduler(tmp_path).run(next(jobs()))


def test_jobs_are_chosen_by_name_or_by_dataset_and_step():
    """A name is one job; a dataset has three, a step one of every dataset."""
    [job] = chosen("vigil-ingest-jhu-global", None, None)
    assert (job.dataset, job.step) == ("jhu_global", "ingest")
    assert [one.step for one in chosen(None, "owid", None)] == ["ingest", "train", "predict"]
    assert [one.dataset for one in chosen(None, None, "train")] == datasets.names()
    assert [one.name for one in chosen(None, "owid", "train")] == ["vigil-train-owid"]


@pytest.mark.parametrize("asked", [(None, None, None), ("vigil", None, None), (None, "x", "train")])
def test_no_job_is_refused_with_the_names_there_are(asked):
    """Nothing is sent to all jobs by an oversight."""
    with pytest.raises(Rejected, match="expected"):
        chosen(*asked)
