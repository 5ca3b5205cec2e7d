"""Cloud Scheduler behind a small object: the jobs that Terraform made."""

from dataclasses import dataclass, replace

from google.cloud import scheduler_v1
from google.rpc.code_pb2 import Code

from vigil.deadline import Deadline
from vigil.jobs import Job, Standing, jobs
from vigil.settings import Settings


@dataclass(frozen=True)
class CloudScheduler:
    """The jobs of one project and region."""

    client: scheduler_v1.CloudSchedulerClient
    project: str
    region: str
    deadline: Deadline

    @classmethod
    def from_env(cls, deadline: Deadline) -> "CloudScheduler":
        """That of the project that the environment names."""
        settings, client = Settings.from_env(), scheduler_v1.CloudSchedulerClient()
        return cls(client, settings.project, settings.region, deadline)

    def look(self) -> list[Standing]:
        """Every job that the dataset files name; its times are those that Cloud Scheduler has."""
        parent = f"projects/{self.project}/locations/{self.region}"
        pages = self.client.list_jobs(parent=parent, **self._one_try())
        found = {one.name.rpartition("/")[2]: one for one in pages}
        return [
            _standing(job, found[job.name]) if job.name in found else Standing(job, "missing")
            for job in jobs()
        ]

    def run(self, job: Job) -> None:
        """Send its Tick now."""
        self.client.run_job(name=self._path(job), **self._one_try())

    def pause(self, job: Job) -> None:
        """Send it no more, until it is resumed."""
        self.client.pause_job(name=self._path(job), **self._one_try())

    def resume(self, job: Job) -> None:
        """Send it when it is due next."""
        self.client.resume_job(name=self._path(job), **self._one_try())

    def _path(self, job: Job) -> str:
        path: str = self.client.job_path(self.project, self.region, job.name)
        return path

    def _one_try(self) -> dict[str, object]:
        """How long a call may be tried, and how long it may take."""
        return {"retry": self.deadline.retry(), "timeout": self.deadline.left(30)}


def _standing(job: Job, said: scheduler_v1.Job) -> Standing:
    """What Cloud Scheduler says of a job; without an attempt its status means nothing."""
    own = replace(job, cron=said.schedule, zone=said.time_zone)
    state = scheduler_v1.Job.State(said.state).name.lower()
    due = None if state == "paused" else said.schedule_time
    if not said.last_attempt_time:
        return Standing(own, state, due)
    code, text = said.status.code, said.status.message
    status = f"{Code.Name(code)}: {text}".removesuffix(": ") if code else "ok"
    return Standing(own, state, due, said.last_attempt_time, status)
