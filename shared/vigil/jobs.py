"""Jobs: one for each dataset and step; when it is due, its Tick is sent."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from croniter import croniter

from vigil import datasets
from vigil.errors import Rejected

STEPS = ("ingest", "train", "predict")


@dataclass(frozen=True)
class Job:
    """One dataset's one step, and when it is due."""

    dataset: str
    step: str
    cron: str
    zone: str

    @property
    def name(self) -> str:
        """What it is called wherever it runs."""
        return f"vigil-{self.step}-{self.dataset.replace('_', '-')}"


@dataclass(frozen=True)
class Standing:
    """How a job stands: *state* is enabled, paused, or what keeps it from being sent."""

    job: Job
    state: str
    next_run: datetime | None = None
    last_attempt: datetime | None = None
    last_status: str | None = None  # ok, or what went wrong

    def row(self) -> dict[str, Any]:
        """For people and machines."""
        said = {name: value for name, value in vars(self).items() if name != "job"}
        return {"name": self.job.name, **asdict(self.job), **said}


class Scheduler(Protocol):
    """Who sends the Ticks: Cloud Scheduler, or the loop on this machine."""

    def look(self) -> list[Standing]:
        """Every job that the dataset files name."""

    def run(self, job: Job) -> None:
        """Send its Tick now."""

    def pause(self, job: Job) -> None:
        """Send it no more, until it is resumed."""

    def resume(self, job: Job) -> None:
        """Send it when it is due next."""


def jobs(steps: Sequence[str] = STEPS) -> Iterator[Job]:
    """Every dataset x step."""
    for name in datasets.names():
        schedules = datasets.load(name).schedules
        for step in steps:
            yield Job(name, step, getattr(schedules, step), schedules.timezone)


def next_time(job: Job, after: datetime) -> datetime:
    """When the job is due next, read in its own zone; an hour that comes twice counts once."""
    zone = ZoneInfo(job.zone)
    times = croniter(job.cron, after.astimezone(zone))
    while True:
        due: datetime = times.get_next(datetime).astimezone(UTC)
        if not due.astimezone(zone).fold:
            return due


def chosen(name: str | None, dataset: str | None, step: str | None) -> list[Job]:
    """The job of that name, or all of a dataset, of a step, or of both."""
    if not (name or dataset or step):
        raise Rejected("job", rule="name", expected="a NAME, --dataset or --step", found="none")
    every = list(jobs())
    found = [
        job
        for job in every
        if name in (None, job.name) and dataset in (None, job.dataset) and step in (None, job.step)
    ]
    if not found:
        asked = ", ".join(repr(one) for one in (name, dataset, step) if one)
        names = ", ".join(job.name for job in every)
        raise Rejected("job", rule="name", expected=f"one of {names}", found=asked)
    return found
