"""Google's services at their worst: what was done is found, what was not is done again."""

from typing import Any

import pytest
from tiny import visits

from faults.delivery import tick
from faults.harness import MOMENT, Tables, World
from faults.proxy import answer, lost, passed, rewritten, said, stalled

COMMIT = "UPDATE heads"


@pytest.mark.parametrize("part", ["raw/", "arrivals/"])
def test_row_16_storage_wrote_and_the_response_was_lost(
    part: str, world: World, clean: Tables
) -> None:
    """The client asks again and hears 412: the bytes that are there are ours, and it goes on."""
    name = world.dataset(visits())
    upload = world.storage.rule("POST", "/upload/", lost, f"{part}{name}/")
    assert world.push("ingest", tick(name, MOMENT)) == 200
    assert upload.hits == 1
    assert world.forecast(name) == clean
    assert [run["status"] for run in world.runs(name)] == ["done", "done"]


def test_row_16_other_bytes_under_an_arrivals_name_are_no_success(
    world: World, clean: Tables
) -> None:
    """A twin recorded another look in between: this attempt fails, the next uses the twin's."""
    name = world.dataset(visits())

    with world.process("ingest") as other:  # one process works on one delivery at a time

        def twin(_: object) -> None:
            world.serve(name, visits(first=6.0))
            assert other.push(tick(name, MOMENT)) == 200

        world.storage.rule("POST", "/upload/", twin, f"arrivals/{name}/")
        assert world.push("ingest", tick(name, MOMENT)) == 500
    assert world.push("ingest", tick(name, MOMENT)) == 200
    assert len(world.tables(name)["vintages"]) == 1
    found = world.forecast(name)["observations"]
    assert [row["value"] for row in found] == [
        6.0,
        *(one["value"] for one in clean["observations"][1:]),
    ]


TROUBLE = {
    "a rate limit": (403, "rateLimitExceeded"),
    "too many requests": (429, "rateLimitExceeded"),
    "a server error": (500, "internalError"),
    "a gateway's": (502, "badGateway"),
    "unavailable": (503, "backendError"),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_row_27_bigquery_is_busy(trouble: str, world: World, clean: Tables) -> None:
    """Asked again a little later, inside the deadline."""
    name = world.dataset(visits())
    busy = world.bigquery.rule("POST", "/queries", answer(*TROUBLE[trouble]), COMMIT, name, times=2)
    assert world.push("ingest", tick(name, MOMENT)) == 200
    assert busy.hits == 2
    assert world.forecast(name) == clean


def test_row_27_a_quota_is_used_up(world: World, clean: Tables) -> None:
    """That lasts: the delivery fails at once, and a later one completes the work."""
    name = world.dataset(visits())
    used = world.bigquery.rule("POST", "/queries", answer(403, "quotaExceeded"), COMMIT, name)
    assert world.push("ingest", tick(name, MOMENT)) == 500
    assert used.hits == 1
    assert world.push("ingest", tick(name, MOMENT)) == 200
    assert world.forecast(name) == clean
    assert [run["status"] for run in world.runs(name)] == ["failed", "done", "done"]


def failed(job: dict[str, Any]) -> dict[str, Any]:
    """The same job, as if it had ended in an error."""
    error = {"reason": "backendError", "message": "as the test wants it"}
    return {**job, "status": {"state": "DONE", "errorResult": error, "errors": [error]}}


def test_row_28_a_load_that_is_done_and_failed(world: World, clean: Tables) -> None:
    """DONE is not success: the delivery fails; the next one loads under another name."""
    name = world.dataset(visits())
    load = world.bigquery.rule("PUT", "/upload/.*/jobs", rewritten(failed))
    assert world.push("ingest", tick(name, MOMENT)) == 500
    assert load.hits == 1
    assert world.tables(name)["observations"] == []
    assert world.push("ingest", tick(name, MOMENT)) == 200
    assert world.forecast(name) == clean


def test_row_28_a_query_that_is_done_and_failed(world: World, clean: Tables) -> None:
    """The commit's job ends in an error, though it was not cancelled: the next delivery commits."""
    name = world.dataset(visits())
    query = world.bigquery.rule("POST", "/queries", answer(400, "resourcesExceeded"), COMMIT, name)
    assert world.push("ingest", tick(name, MOMENT)) == 500
    assert query.hits == 1
    assert world.push("ingest", tick(name, MOMENT)) == 200
    assert world.forecast(name) == clean


def test_row_28_the_first_heads_job_failed(world: World, clean: Tables) -> None:
    """Its name is used up: the next attempt has another suffix, and there is one row."""
    name = world.dataset(visits())
    born = world.cloud.warehouse.client.get_table("faults.heads").created.timestamp()
    job = f"vigil-faults-head-{name}-{born:.0f}"
    made = {
        "jobReference": {"projectId": "vigil-local", "jobId": f"{job}-0", "location": "US"},
        "configuration": {"query": {"query": "INSERT"}, "jobType": "QUERY"},
    }
    first = world.bigquery.rule("POST", "/jobs", said(failed(made)), f"{job}-0")
    second = world.bigquery.rule("POST", "/jobs", passed, f"{job}-1")
    assert world.push("ingest", tick(name, MOMENT)) == 200
    assert (first.hits, second.hits) == (1, 1)
    assert world.forecast(name) == clean


@pytest.mark.parametrize("code", [429, 503])
def test_row_29_storage_is_busy(code: int, world: World, clean: Tables) -> None:
    """Reads and writes are asked again; the write's precondition goes with it."""
    name = world.dataset(visits())
    upload = world.storage.rule("POST", "ifGenerationMatch=0", answer(code), name, times=2)
    listing = world.storage.rule("GET", f"prefix=arrivals.*{name}", answer(code))
    assert world.push("ingest", tick(name, MOMENT)) == 200
    assert (upload.hits, listing.hits) == (2, 1)
    assert world.forecast(name) == clean


def test_row_29_the_deadline_holds_while_storage_stalls(world: World, clean: Tables) -> None:
    """The step ends with its deadline, says so, and a later delivery completes the work."""
    name = world.dataset(visits())
    with world.process("ingest", VIGIL_STEP_SECONDS="3") as hasty:
        world.storage.rule("POST", "/upload/", stalled(8.0), name, times=9)
        assert hasty.push(tick(name, MOMENT), seconds=7) == 500
    [run] = world.runs(name)
    assert run["status"] == "failed"
    assert 2.5 < run["seconds"] < 6
    world.storage.rules.clear()
    assert world.push("ingest", tick(name, MOMENT)) == 200
    assert world.forecast(name) == clean
