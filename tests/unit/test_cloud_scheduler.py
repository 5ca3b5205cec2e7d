"""Jobs in Google's cloud: Google's client over the wire to a stand-in of Cloud Scheduler's API."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from cloud_scheduler import StandIn, serving
from google.api_core.exceptions import NotFound
from google.cloud import scheduler_v1 as api
from google.rpc.status_pb2 import Status

from vigil.cloud_scheduler import CloudScheduler
from vigil.deadline import Deadline
from vigil.jobs import Job, Standing, chosen

PLACE = "projects/p/locations/europe-west1"
DUE = datetime(2026, 11, 22, 6, 15, tzinfo=UTC)
[JHU] = chosen("vigil-ingest-jhu-global", None, None)


@pytest.fixture
def stand_in() -> StandIn:
    """Six jobs of two datasets as Terraform makes them, and one that is none of ours."""
    made = {"name": f"{PLACE}/jobs/backup", "schedule": "0 0 * * *", "time_zone": "UTC"}
    found = StandIn({made["name"]: api.Job(made)})
    for job in [*chosen(None, "jhu_global", None), *chosen(None, "owid", None)]:
        name = f"{PLACE}/jobs/{job.name}"
        found.jobs[name] = api.Job(
            name=name,
            schedule=job.cron,
            time_zone=job.zone,
            state=api.Job.State.ENABLED,
            schedule_time=DUE,
            pubsub_target=api.PubsubTarget(topic_name=f"projects/p/topics/vigil-{job.step}"),
        )
    return found


@pytest.fixture
def scheduler(stand_in: StandIn) -> Iterator[CloudScheduler]:
    """Ours, with Google's client."""
    with serving(stand_in) as client:
        yield CloudScheduler(client, "p", "europe-west1", Deadline(20))


def how(scheduler: CloudScheduler, job: Job) -> Standing:
    """How one job stands."""
    [found] = [one for one in scheduler.look() if one.job.name == job.name]
    return found


def test_every_job_of_the_dataset_files_is_listed_and_no_other(scheduler: CloudScheduler) -> None:
    """From all pages; those that were never made are missing."""
    found = scheduler.look()
    assert "backup" not in {one.job.name for one in found}
    assert {one.job.dataset for one in found if one.state == "enabled"} == {"jhu_global", "owid"}
    assert {one.state for one in found if one.job.dataset == "hospital_stay"} == {"missing"}
    assert how(scheduler, JHU) == Standing(JHU, "enabled", DUE)


def test_what_cloud_scheduler_says_counts_and_not_the_file(
    scheduler: CloudScheduler, stand_in: StandIn
) -> None:
    """A schedule that somebody changed by hand is seen."""
    stand_in.jobs[f"{PLACE}/jobs/{JHU.name}"].schedule = "0 12 * * *"
    assert how(scheduler, JHU).job.cron == "0 12 * * *"


def test_a_job_is_paused_and_resumed(scheduler: CloudScheduler) -> None:
    """A paused one is not due, whatever its schedule says."""
    scheduler.pause(JHU)
    assert how(scheduler, JHU) == Standing(JHU, "paused")
    scheduler.resume(JHU)
    assert how(scheduler, JHU).state == "enabled"
    assert how(scheduler, JHU).next_run is not None


def test_a_job_is_run_now_and_its_attempt_is_told(
    scheduler: CloudScheduler, stand_in: StandIn
) -> None:
    """Once per command, by its full name; a status without an attempt would mean nothing."""
    assert how(scheduler, JHU).last_status is None
    before = datetime.now(UTC)
    scheduler.run(JHU)
    found = how(scheduler, JHU)
    assert found.last_status == "ok"
    assert found.last_attempt is not None
    assert found.last_attempt >= before
    assert stand_in.calls == [("run", f"{PLACE}/jobs/{JHU.name}")]


def test_a_failed_attempt_says_why(scheduler: CloudScheduler, stand_in: StandIn) -> None:
    """Code 5 of google.rpc is NOT_FOUND: the topic is gone."""
    stand_in.trouble[f"{PLACE}/jobs/{JHU.name}"] = Status(code=5, message="no such topic")
    scheduler.run(JHU)
    assert how(scheduler, JHU).last_status == "NOT_FOUND: no such topic"


def test_a_job_that_is_not_there_is_an_error(scheduler: CloudScheduler) -> None:
    """Google's own, which the command shows as a sentence."""
    with pytest.raises(NotFound, match="Job not found"):
        scheduler.pause(chosen("vigil-train-hospital-stay", None, None)[0])
