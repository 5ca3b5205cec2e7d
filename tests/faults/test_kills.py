"""Processes that die, in every place: the same message, delivered again, completes the work."""

import json
import resource
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from subjects import Subject
from tiny import visits

from faults.delivery import Function, tick
from faults.harness import MOMENT, Tables, World, until
from faults.proxy import Act, Forward, delayed
from faults.school import BOTH, EACH

COMMIT = "UPDATE heads"  # the body of a commit's request
ROWS = {
    "ingest": {
        "ingest:1": "6, before the raw file is written",
        "ingest:2": "7, after the raw file",
        "ingest:3": "7, after the arrival",
        "commit:1": "8, before the load",
        "commit:2": "8, after the load",
        "commit:3": "9, before the next message",
        "answer:1": "10, before the acknowledgement",
    },
    "predict": {
        "predict:1": "6, before anything is computed",
        "commit:1": "8, before the load",
        "commit:2": "8, after the load",
        "commit:3": "9, after the commit",
        "predict:2": "9, before it is shown",
        "answer:1": "10, before the acknowledgement",
    },
}
POINTS = [(step, point) for step, rows in ROWS.items() for point in rows]


def _attempts(world: World, dataset: str) -> list[str]:
    """What became of each attempt at ingest."""
    return sorted(run["status"] for run in world.runs(dataset) if run["step"] == "ingest")


@contextmanager
def _delivering(function: Function, data: bytes) -> Iterator[Future[int | None]]:
    """A delivery under way; it has ended when the block has."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(function.push, data)


@BOTH
@pytest.mark.parametrize(("step", "point"), POINTS, ids=["-".join(one) for one in POINTS])
def test_rows_6_7_8_9_10_killed_at_a_point(
    step: str, point: str, world: World, subject: Subject, clean: Tables
) -> None:
    """SIGKILL at the point, once; Pub/Sub delivers again: the tables of a clean run."""
    name = world.dataset(subject.few, subject.plain)
    fuse = world.functions[step].crash
    fuse.write_text(point)
    world.publish("ingest", tick(name, MOMENT))
    until(lambda: not fuse.exists())
    assert world.forecast(name) == clean


@BOTH
def test_row_8_killed_during_a_load(world: World, subject: Subject, clean: Tables) -> None:
    """The job runs on in BigQuery after its owner died; nothing of it is visible."""
    name = world.dataset(subject.few, subject.plain)
    loading = world.bigquery.rule("POST", "/upload/.*/jobs", delayed(1.0))
    with _delivering(world.functions["ingest"], tick(name, MOMENT)) as first:
        assert loading.hit.wait(20)
        world.functions["ingest"].kill()
    assert first.result() is None
    assert world.tables(name)[subject.kept] == []
    assert world.push("ingest", tick(name, MOMENT)) == 200
    assert world.forecast(name) == clean


def test_row_9_the_next_tick_finishes_what_was_not_sent(world: World, clean: Tables) -> None:
    """Killed after the commit, and that message never comes again: a later Tick asks predict."""
    name = world.dataset(visits())
    assert world.push("ingest", tick(name, MOMENT), crash="commit:3") is None
    assert world.push("ingest", tick(name, "2024-04-09")) == 200
    found = world.forecast(name)
    assert found["observations"] == clean["observations"]
    assert [row["q500"] for row in found["forecasts"]] == [
        row["q500"] for row in clean["forecasts"]
    ]


@BOTH
def test_row_13_two_instances_at_once(world: World, subject: Subject, clean: Tables) -> None:
    """Both have read the same head; one commits, the other starts again and finds nothing."""
    name = world.dataset(subject.few, subject.plain)
    slow = world.bigquery.rule("POST", "/queries", delayed(1.0), COMMIT, name, times=2)
    with world.process("ingest") as other:
        both = (world.functions["ingest"], other)
        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(lambda one: one.push(tick(name, MOMENT)), both))
        assert (said, slow.hits) == ([200, 200], 2)
    assert world.forecast(name) == clean
    assert _attempts(world, name) == ["done", "unchanged"]


@BOTH
def test_row_14_a_zombie_past_its_ack_deadline(
    world: World, subject: Subject, clean: Tables
) -> None:
    """Its message was delivered again and committed: its own late commit changes nothing."""
    name = world.dataset(subject.few, subject.plain)
    world.bigquery.rule("POST", "/queries", delayed(7.0), COMMIT, name)
    publish = world.subscribed(world.functions["ingest"], ack_seconds=3)
    publish(tick(name, MOMENT))
    until(lambda: _attempts(world, name) == ["done", "unchanged"], 40)
    assert world.forecast(name) == clean
    assert world.cloud.warehouse.head(name).revision == 2  # ingest, predict


def _held(reached: threading.Event, release: threading.Event, *, done: bool) -> Act:
    """The request is held, before the service heard of it or when it is done; then hung up."""

    def act(forward: Forward) -> None:
        if done:
            forward()
        reached.set()
        release.wait(30)

    return act


@EACH
@pytest.mark.parametrize("done", [False, True], ids=["before BigQuery hears of it", "after"])
def test_row_15_killed_inside_the_transaction(
    done: bool, world: World, subject: Subject, clean: Tables
) -> None:
    """All or nothing; the next delivery finds it done, or commits."""
    name = world.dataset(subject.few, subject.plain)
    reached, release = threading.Event(), threading.Event()
    held = _held(reached, release, done=done)
    world.bigquery.rule("POST", "/queries", held, COMMIT, name)
    with _delivering(world.functions["ingest"], tick(name, MOMENT)) as first:
        assert reached.wait(20)
        world.functions["ingest"].kill()
        release.set()
    assert first.result() is None
    assert bool(world.tables(name)[subject.kept]) is done
    assert world.push("ingest", tick(name, MOMENT)) == 200
    assert world.forecast(name) == clean


@pytest.mark.parametrize("patience", [0.0, 20.0], ids=["killed at once", "given ten seconds"])
def test_row_48_sigterm_in_the_middle_of_a_run(
    patience: float, world: World, clean: Tables
) -> None:
    """A deploy: what is under way is finished in time, or killed and delivered elsewhere."""
    name = world.dataset(visits())
    slow = world.bigquery.rule("POST", "/queries", delayed(2.0), COMMIT, name)
    with world.process("ingest") as old:
        with _delivering(old, tick(name, MOMENT)) as first:
            assert slow.hit.wait(20)
            old.end(patience)
        assert first.result() == (200 if patience else None)
    assert world.push("ingest", tick(name, MOMENT)) == 200
    assert world.forecast(name) == clean


def _limit_memory(function: Function, room: int) -> None:
    """So many bytes more than it has now, for its worker and those that are born after it."""
    [worker] = function.workers
    status = Path(f"/proc/{worker}/status").read_text()
    size = int(status.partition("VmSize:")[2].split()[0]) << 10
    for pid in (worker, function.pid):
        resource.prlimit(pid, resource.RLIMIT_AS, (size + room, size + room))


@pytest.mark.skipif(sys.platform != "linux", reason="a process is limited from outside")
def test_row_46_out_of_memory(world: World) -> None:
    """A file too large for the function's memory fails, five times, and then is a dead letter."""
    name = world.dataset(visits())
    with world.process("ingest", MALLOC_ARENA_MAX="1") as small:
        assert small.push(tick(name, MOMENT)) == 200
        before = world.forecast(name)
        _limit_memory(small, 48 << 20)
        assert small.push(tick(name, "2024-04-09")) == 200  # there is room for what is known
        world.serve(name, visits(towns=8_000))
        world.subscribed(small)(message := tick(name, "2024-04-10"))
        [letter] = until(lambda: world.dead_letters("ingest"), 60)
    assert letter == json.loads(message)
    found = world.tables(name)
    assert {table: found[table] for table in before if table != "heads"} == {
        table: before[table] for table in before if table != "heads"
    }
    assert {run["status"] for run in world.runs(name) if run["as_of"].day == 10} <= {"failed"}
