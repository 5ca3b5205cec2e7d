"""The scheduler loop: what Cloud Scheduler does, from the same dataset files."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from croniter import croniter

from vigil import datasets
from vigil.messages import Tick


@dataclass(frozen=True)
class Job:
    """One dataset's one step, and when it is due."""

    dataset: str
    step: str
    cron: str
    zone: str


def jobs(steps: tuple[str, ...]) -> Iterator[Job]:
    """Every dataset x step."""
    for name in datasets.names():
        schedules = datasets.load(name).schedules
        for step in steps:
            yield Job(name, step, getattr(schedules, step), schedules.timezone)


def next_time(job: Job, after: datetime) -> datetime:
    """When the job is due next, read in its own zone; an hour that comes twice counts once."""
    zone = datasets.load(job.dataset).schedules.zone
    times = croniter(job.cron, after.astimezone(zone))
    while True:
        due: datetime = times.get_next(datetime).astimezone(UTC)
        if not due.astimezone(zone).fold:
            return due


def run(
    steps: tuple[str, ...], publish: Callable[[str, Tick], object], stop: threading.Event
) -> None:
    """Publish every Tick when it is due, until told to stop."""
    due = {job: next_time(job, datetime.now(UTC)) for job in jobs(steps)}
    while due and not stop.is_set():
        job, moment = min(due.items(), key=lambda item: item[1])
        wait = (moment - datetime.now(UTC)).total_seconds()
        if stop.wait(min(max(wait, 0), 60)):
            return
        if datetime.now(UTC) >= moment:
            publish(job.step, Tick(job.dataset, moment, declared=False))
            due[job] = next_time(job, moment)
