"""Messages that come twice, late, broken or in vain: what the functions make of them."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import wards
from subjects import Subject
from tiny import visits

from faults.delivery import envelope, tick
from faults.harness import World, until
from faults.proxy import answer
from faults.school import BOTH
from vigil.letters import Letter
from vigil.messages import moment_text

MOMENTS = ("2024-04-08", "2024-04-09", "2024-04-10")
NO_TICK = {"message": "a Pub/Sub delivery", "name": "a letter", "moment": "a date or time"}


def statuses(world: World, dataset: str, step: str = "ingest") -> list[str]:
    """What became of each attempt."""
    return [run["status"] for run in world.runs(dataset) if run["step"] == step]


def settled(world: World, dataset: str, attempts: int, step: str = "predict") -> None:
    """Wait until the step has made so many attempts."""
    until(lambda: len(statuses(world, dataset, step)) >= attempts)


def bare(dataset: str) -> bytes:
    """A message as Cloud Scheduler sends it."""
    return json.dumps({"dataset": dataset}).encode()


@BOTH
def test_row_1_a_duplicate_message_has_no_second_effect(world: World, subject: Subject) -> None:
    """Published twice, through the bus: one commit, one vintage, one answer."""
    name = world.dataset(subject.few, subject.plain)
    for _ in range(2):
        world.publish("ingest", tick(name, MOMENTS[0]))
    until(lambda: len(statuses(world, name)) == 2)
    settled(world, name, 1)
    tables = world.tables(name)
    for step in ("ingest", "predict"):
        assert statuses(world, name, step).count("done") == 1
    assert world.cloud.warehouse.head(name).revision == 2
    assert len(tables["vintages"]) == 1
    world.push("ingest", tick(name, MOMENTS[0]))
    assert world.tables(name) == tables


@BOTH
def test_row_2_the_same_event_under_a_new_message_id_commits_nothing(
    world: World, subject: Subject
) -> None:
    """The key is in heads: neither id nor time of publication makes it another event."""
    name = world.dataset(subject.few, subject.plain)
    world.push("ingest", tick(name, MOMENTS[0]))
    settled(world, name, 1)
    tables, revision = world.tables(name), world.cloud.warehouse.head(name).revision
    for number in range(8):
        body = envelope(tick(name, MOMENTS[0]), "ingest")
        body["message"]["messageId"] = f"another-{number}"
        assert world.push("ingest", body) == 200
    assert world.tables(name) == tables
    assert world.cloud.warehouse.head(name).revision == revision


@pytest.mark.parametrize("declared", [True, False], ids=["one moment", "no moment"])
def test_row_3_the_scheduler_fires_twice_at_once(declared: bool, world: World) -> None:
    """One commit of data; the other says that nothing has changed."""
    name = world.dataset(visits(days=91))
    now = datetime.now(UTC)
    world.serve(name, recent(now))
    data = tick(name, moment_text(now)) if declared else bare(name)
    body = envelope(data, "ingest")
    body["message"]["publishTime"] = moment_text(now)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: world.push("ingest", body), range(2))) == [200, 200]
    settled(world, name, 1)
    assert sorted(statuses(world, name)) == ["done", "unchanged"]
    assert len(world.tables(name)["vintages"]) == 1
    assert world.cloud.warehouse.head(name).revision == 2


def recent(now: datetime) -> bytes:
    """Visits up to yesterday: what a Tick without a moment may find."""
    days = [now.date() - timedelta(days=n) for n in range(90, 0, -1)]
    rows = [f"North;Town 1;{day};{10 + day.day},0" for day in days]
    return "\n".join(["region;town;day;count", *rows, ""]).encode()


def test_row_3_what_was_published_before_the_last_look_is_no_reason_to_look_again(
    world: World,
) -> None:
    """Today's content must not be kept under an earlier moment; a later message looks again."""
    now = datetime.now(UTC)
    name = world.dataset(recent(now))
    early, late = (envelope(bare(name), "ingest") for _ in range(2))
    early["message"]["publishTime"] = moment_text(now - timedelta(seconds=30))
    assert world.push("ingest", bare(name)) == 200
    settled(world, name, 1)
    world.serve(name, recent(now).replace(b";11,0", b";99,0"))
    arrivals = world.raw(name)
    assert world.push("ingest", early) == 200
    assert statuses(world, name) == ["done", "unchanged"]
    assert world.raw(name) == arrivals
    late["message"]["publishTime"] = moment_text(datetime.now(UTC))
    assert world.push("ingest", late) == 200
    assert statuses(world, name) == ["done", "unchanged", "done"]


@BOTH
def test_row_4_an_older_vintage_that_arrives_late_lands_in_its_place(
    world: World, subject: Subject
) -> None:
    """Whatever the order of delivery, what is kept is as it would be in the right order."""
    grown = {
        "forecast": lambda n: visits(first=5.0 + n),
        "classify": lambda n: wards.stays(120 + n),
    }
    contents = {moment: grown[subject.task](n) for n, moment in enumerate(MOMENTS)}

    def taken_in(order: tuple[str, ...]) -> dict[str, Any]:
        name = world.dataset(subject.few, subject.plain)
        for moment in order:
            world.serve(name, contents[moment])
            assert world.push("ingest", tick(name, moment)) == 200
        tables = world.tables(name)
        return {table: tables[table] for table in (subject.kept, "vintages", "series")}

    right = taken_in(MOMENTS)
    assert len(right["vintages"]) == 3
    assert taken_in((MOMENTS[1], MOMENTS[2], MOMENTS[0])) == right
    assert taken_in(MOMENTS[::-1]) == right


@BOTH
@pytest.mark.parametrize("step", ["ingest", "predict"])
def test_row_5_redelivered_after_success(step: str, world: World, subject: Subject) -> None:
    """The answer was lost, the work was done: nothing is done again, whatever dies after it."""
    name = world.dataset(subject.few, subject.plain)
    if step == "predict":
        world.push("ingest", tick(name, MOMENTS[0]))
        settled(world, name, 1)
    else:
        assert world.push("ingest", tick(name, MOMENTS[0]), crash="answer:1") is None
        settled(world, name, 1)
    tables = world.tables(name)
    assert world.push(step, tick(name, MOMENTS[0])) == 200
    assert statuses(world, name, step) == ["done", "unchanged"]
    assert world.tables(name) == tables


def letters(world: World, step: str = "ingest") -> list[Letter]:
    """The dead letters that lie there; they stay."""
    return world.cloud.dead_letters(step).look()


def test_row_40_a_poison_message_dies_after_five_attempts_and_others_flow(world: World) -> None:
    """It is set aside; what came behind it is worked on meanwhile."""
    world.dead_letters("ingest")
    name = world.dataset(visits())
    poison = tick(name, MOMENTS[0], v=2)
    world.publish("ingest", poison)
    world.publish("ingest", tick(name, MOMENTS[0]))
    until(lambda: statuses(world, name) == ["done"])
    [dead] = until(lambda: letters(world))
    assert dead.data == poison
    assert dead.described()["attempts"] == 5
    assert "version 2" in dead.described()["unreadable"]
    assert statuses(world, name) == ["done"]
    world.dead_letters("ingest")


GARBAGE = {
    "an empty body": b"",
    "no JSON": b"{",
    "no text": b"\xff\xfe",
    "a list": b"[1]",
    "no message": b"{}",
    "no data": b'{"message": {"messageId": "1"}, "subscription": "s"}',
    "no base64": b'{"message": {"data": "***"}, "subscription": "s"}',
    "too deep": b"[" * 100_000,
    "ten megabytes": b"x" * 10_000_000,
}
FORMS = {
    "push": {},
    "binary CloudEvent": {
        "ce-id": "1",
        "ce-source": "//x",
        "ce-specversion": "1.0",
        "ce-type": "t",
    },
    "structured CloudEvent": {"Content-Type": "application/cloudevents+json"},
    "text": {"Content-Type": "text/plain"},
}


@pytest.mark.parametrize("headers", FORMS.values(), ids=FORMS)
def test_row_41_garbage_is_quarantined_and_acknowledged(
    headers: dict[str, str], world: World
) -> None:
    """In whatever form it comes: 2xx, a refused run, one finding; the function lives."""
    before = refused(world)
    for body in GARBAGE.values():
        assert world.functions["ingest"].post(body, headers) == 200
    assert len(refused(world)) == len(before) + len(GARBAGE)
    assert {run["status"] for run in refused(world)} == {"refused"}
    sql = "SELECT run_id, COUNT(*) AS n FROM findings WHERE scope = 'message' GROUP BY run_id"
    found = {row["run_id"]: row["n"] for row in world.cloud.warehouse.rows(sql)}
    assert found == dict.fromkeys({run["run_id"] for run in refused(world)}, 1)
    for run in refused(world):
        digest = run["run_id"].rpartition("/")[2]
        assert any(f"quarantine/messages/{digest}" in blob for blob in quarantined(world))


def refused(world: World) -> list[dict[str, Any]]:
    """The runs of messages that could not be read."""
    sql = "SELECT * FROM runs WHERE STARTS_WITH(run_id, 'ingest/-/') ORDER BY started_at"
    return world.cloud.warehouse.rows(sql)


def quarantined(world: World) -> list[str]:
    """The names of what lies in quarantine."""
    bucket, prefix = world.env["VIGIL_RAW_BUCKET"], "quarantine/messages/"
    return [blob.name for blob in world.cloud.lake.store.client.list_blobs(bucket, prefix=prefix)]


@pytest.mark.parametrize("name", ["../../etc/passwd", "%2e%2e%2f", "a\0b", "..", "/", "no_such"])
def test_row_44_a_dataset_that_is_no_name_is_rejected_when_it_is_parsed(
    name: str, world: World
) -> None:
    """Acknowledged, refused, quarantined; nothing lies where its name would lead."""
    before = len(refused(world))
    assert world.push("ingest", json.dumps({"dataset": name}).encode()) == 200
    run = refused(world)[-1]
    assert len(refused(world)) == before + 1
    assert repr(name) in run["reason"]
    assert run["dataset"] == (name if name == "no_such" else "-")
    blobs = world.cloud.lake.store.client.list_blobs(world.env["VIGIL_RAW_BUCKET"])
    odd = ("..", "%", "\0", "passwd", "//")
    assert not [blob.name for blob in blobs if any(part in blob.name for part in odd)]


def test_row_49_a_newer_message_comes_again(world: World) -> None:
    """An envelope of a later version is for later code: 5xx, and no trace in the tables."""
    name = world.dataset(visits())
    before = len(refused(world))
    assert world.push("ingest", tick(name, MOMENTS[0], v=2)) == 500
    assert world.push("ingest", tick(name, MOMENTS[0], more="fields")) == 200
    assert statuses(world, name) == ["done"]
    assert len(refused(world)) == before


def test_row_54_dead_letters_redriven_twice_change_nothing_the_second_time(world: World) -> None:
    """A letter died of BigQuery; sent again it is worked on; sent once more it does nothing."""
    world.dead_letters("ingest")
    name = world.dataset(visits())
    sent = tick(name, MOMENTS[0])
    world.bigquery.rule("POST", "/queries", answer(403, "accessDenied"), times=1000)
    world.publish("ingest", sent)
    [dead] = until(lambda: letters(world))
    world.bigquery.rules.clear()
    assert dead.described()["dataset"] == name
    assert [one.data for one in world.cloud.dead_letters("ingest").redrive()] == [sent]
    until(lambda: statuses(world, name) == ["done"])
    settled(world, name, 1)
    assert letters(world) == []
    tables = world.tables(name)
    world.bigquery.rule("POST", "/queries", answer(403, "accessDenied"), times=1000)
    world.publish("ingest", sent)
    until(lambda: letters(world))
    world.bigquery.rules.clear()
    assert [one.data for one in world.cloud.dead_letters("ingest").redrive()] == [sent]
    until(lambda: statuses(world, name) == ["done", "unchanged"])
    assert world.tables(name) == tables
    assert list(world.cloud.dead_letters("ingest").redrive()) == []
