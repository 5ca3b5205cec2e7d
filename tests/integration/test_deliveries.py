"""Deliveries: what a function answers, and what it leaves in bucket and tables."""

import io
import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from tiny import write_dataset
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from vigil import lanes, log
from vigil.cloud import Cloud
from vigil.deliveries import answer
from vigil.errors import Misconfigured, Rejected, Transient
from vigil.messages import Tick

PUBLISHED = "2024-05-01T06:15:00Z"


@pytest.fixture
def name(tmp_path, monkeypatch) -> str:
    """A dataset that no other test has worked on in this process."""
    name = f"tiny_{uuid4().hex[:8]}"
    write_dataset(tmp_path / "datasets", name)
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    return name


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """What is logged."""
    stream = io.StringIO()
    log.to(stream)
    yield stream
    log.to(None)


def logged(stream: io.StringIO) -> list[dict[str, Any]]:
    """The events of a log, one a line."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def posted(body: bytes, method: str = "POST") -> Request:
    """A request to the function."""
    return Request(EnvironBuilder(method=method, data=body).get_environ())


def push(data: bytes, number: str = "1", published: str = PUBLISHED) -> Request:
    """A push of a message with these data."""
    message = {"data": b64encode(data).decode(), "messageId": number, "publishTime": published}
    return posted(json.dumps({"message": message, "subscription": "s"}).encode())


def tick(name: str) -> bytes:
    """The data of a Tick with a moment of its own."""
    return json.dumps({"v": 1, "dataset": name, "as_of": "2024-05-01"}).encode()


def never(_tick: Tick, _cloud: Cloud) -> None:
    """A step that must not be reached."""
    raise AssertionError("it was worked on")


def rows(cloud: Cloud, table: str) -> list[dict[str, Any]]:
    """All rows of the ledger, or of the findings."""
    order = "started_at" if table == "runs" else "run_id"
    return cloud.warehouse.rows(f"SELECT * FROM {table} ORDER BY {order}")


def kept(cloud: Cloud) -> list[dict[str, Any]]:
    """What lies in quarantine."""
    blobs = cloud.lake.store.client.list_blobs(cloud.lake.store.name, prefix="quarantine/messages/")
    return [json.loads(blob.download_as_bytes()) for blob in blobs]


GARBAGE = {
    "no JSON": (posted(b"{"), "message"),
    "an empty body": (posted(b""), "message"),
    "no base64": (posted(b'{"message": {"data": "***"}}'), "message"),
    "no Tick": (push(b"[1]"), "message"),
    "a path": (push(b'{"dataset": "../../etc/passwd"}'), "name"),
    "a path in disguise": (push(b'{"dataset": "%2e%2e"}'), "name"),
    "NUL": (push(b'{"dataset": "a\\u0000"}'), "name"),
    "half a character": (push(b'{"dataset": "\\ud800"}'), "name"),
    "no moment": (push(b'{"dataset": "jhu_global", "as_of": "soon"}'), "moment"),
    "no such dataset": (push(b'{"dataset": "jhu_globl"}'), "name"),
}


def test_garbage_is_let_go_kept_and_told_of(cloud: Cloud, logs):
    """2xx; one object in quarantine, one run, one finding, one line that leads there."""
    for request, _ in GARBAGE.values():
        assert answer(request, "ingest", never) == ("", 200)
    lines, runs = logged(logs), rows(cloud, "runs")
    found = {finding["run_id"]: finding for finding in rows(cloud, "findings")}
    assert len(lines) == len(runs) == len(found) == len(kept(cloud)) == len(GARBAGE)
    for (request, rule), line, run in zip(GARBAGE.values(), lines, runs, strict=True):
        finding = found[run["run_id"]]
        object_ = json.loads(cloud.lake.store.bucket.blob(line["quarantine"]).download_as_bytes())
        assert object_["body"] == request.get_data().decode()
        assert (object_["step"], object_["rule"]) == ("ingest", rule)
        assert (run["status"], run["reason"]) == ("refused", object_["reason"])
        assert (finding["rule"], finding["severity"]) == (rule, "error")
        assert (finding["scope"], finding["run_id"]) == ("message", line["run_id"])
        assert finding["expected"] in run["reason"]
        assert finding["found"] in run["reason"]


def test_the_dataset_of_a_refused_message_is_named_where_its_name_is_harmless(cloud: Cloud):
    """So that its readers find it."""
    for data in (b'{"dataset": "../a"}', b'{"dataset": "nobodys"}', b'{"dataset": 1}'):
        answer(push(data), "ingest", never)
    assert [run["dataset"] for run in rows(cloud, "runs")] == ["-", "nobodys", "-"]


def test_the_same_garbage_again_is_a_run_and_no_second_finding(cloud: Cloud):
    """Published anew or delivered anew, it is the same; for another step it is another."""
    for number in ("1", "1", "2"):
        answer(push(b"tick", number), "ingest", never)
    answer(push(b"tock"), "ingest", never)
    answer(push(b"tick"), "predict", never)
    assert len(rows(cloud, "runs")) == 5
    assert len(rows(cloud, "findings")) == 3
    first, _ = sorted(kept(cloud), key=lambda one: one["body"] < push(b"tick").get_data().decode())
    assert (first["messageId"], first["publishTime"]) == ("1", PUBLISHED)


def test_garbage_is_kept_whole_when_it_is_small_and_cut_when_it_is_large(cloud: Cloud):
    """Bytes that are no text are kept in base64; its size is told."""
    answer(posted(b"\xff\xfe{"), "ingest", never)
    answer(posted(b"x" * 10_000_000), "ingest", never)
    small, large = sorted(kept(cloud), key=lambda one: one["bytes"])
    assert b64decode(small["base64"]) == b"\xff\xfe{"
    assert (len(large["body"]), large["bytes"]) == (64 << 10, 10_000_000)


@pytest.mark.parametrize("down", ["VIGIL_WAREHOUSE", "VIGIL_RAW_BUCKET"])
def test_garbage_comes_again_when_it_cannot_be_recorded(down: str, cloud: Cloud, monkeypatch):
    """Nothing is let go of without a trace."""
    monkeypatch.setenv(down, "not-there")
    assert answer(push(b"tick"), "ingest", never)[1] == 500
    monkeypatch.undo()


def test_a_newer_version_comes_again_and_leaves_nothing_in_quarantine(cloud: Cloud, logs):
    """Newer code will read it."""
    assert answer(push(b'{"v": 2, "dataset": "tiny"}'), "ingest", never)[1] == 500
    assert kept(cloud) == rows(cloud, "runs") == []
    [line] = logged(logs)
    assert "version 2" in line["message"]


def test_what_is_no_post_is_no_delivery(cloud: Cloud):
    """A look from a browser or a probe leaves nothing behind."""
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert answer(posted(b"", method), "ingest", never)[1] == 405
    assert kept(cloud) == []


def test_a_step_that_ends_well_is_acknowledged(name: str, cloud: Cloud):
    """It gets the Tick."""
    worked: list[Tick] = []
    assert answer(push(tick(name)), "ingest", lambda one, _: worked.append(one)) == ("", 200)
    assert [one.dataset for one in worked] == [name]


def test_an_input_that_the_step_rejects_is_acknowledged_and_tried_again_when_sent_again(
    name: str, cloud: Cloud
):
    """The step has recorded it. Whoever mends the file and sends the Tick again is heard."""
    tried = []

    def refuse(one: Tick, _cloud: Cloud) -> None:
        tried.append(one)
        raise Rejected("x", rule="stale", expected="new data", found="old data")

    for _ in range(9):
        assert answer(push(tick(name)), "ingest", refuse) == ("", 200)
    assert len(tried) == 9
    assert kept(cloud) == []


def raising(error: Exception) -> Callable[[Tick, Cloud], None]:
    """A step that comes to grief."""

    def step(_tick: Tick, _cloud: Cloud) -> None:
        raise error

    return step


def test_unforeseen_trouble_is_one_line_with_the_way_that_led_there(name: str, cloud: Cloud, logs):
    """Dataset, step and run are fields; the message comes again."""
    assert answer(push(tick(name)), "ingest", raising(KeyError("x")))[1] == 500
    [line] = logged(logs)
    assert line["severity"] == "ERROR"
    assert (line["step"], line["dataset"]) == ("ingest", name)
    assert line["run_id"] == f"ingest/{name}/2024-05-01T23:59:59.999999Z"
    assert "in raising" not in line["message"]
    assert "raise error" in line["stack_trace"]


def test_unforeseen_trouble_with_personal_data_is_told_without_its_words(cloud: Cloud, logs):
    """They may quote a cell. Which error it was, and where, is said."""
    error = KeyError("MRS-SECRET")
    error.__cause__ = ValueError("MRS-SECRET, too")
    assert answer(push(tick("hospital_stay")), "ingest", raising(error))[1] == 500
    [line] = logged(logs)
    assert "KeyError, not shown" in line["message"]
    assert "raise error" in line["stack_trace"]
    assert "SECRET" not in logs.getvalue()


@pytest.mark.parametrize("error", [Transient("later"), Misconfigured("a setting is wrong")])
def test_foreseen_trouble_is_a_sentence(error: Exception, name: str, cloud: Cloud, logs):
    """No stack tells more than it; the message comes again."""
    assert answer(push(tick(name)), "ingest", raising(error))[1] == 500
    [line] = logged(logs)
    assert str(error) in line["message"]
    assert "stack_trace" not in line


def test_a_missing_setting_is_a_line_and_the_message_comes_again(monkeypatch, logs):
    """It names itself and its page."""
    monkeypatch.delenv("VIGIL_PROJECT", raising=False)
    assert answer(push(b"tick"), "ingest", never)[1] == 500
    [line] = logged(logs)
    assert "VIGIL_PROJECT" in line["message"]


def test_a_flood_of_duplicates_is_worked_on_a_few_times_and_leaves_two_rows(
    name: str, cloud: Cloud
):
    """All are acknowledged; one row says that there are duplicates, a later one how many."""
    worked: list[Tick] = []
    for _ in range(50):
        sent = push(tick(name))
        assert answer(sent, "ingest", lambda one, _: worked.append(one)) == ("", 200)
    assert len(worked) == lanes.FEW
    lanes.lane("ingest", name).next_row = 0.0
    answer(push(tick(name)), "ingest", never)
    found = [(run["status"], run["reason"].split()[0]) for run in rows(cloud, "runs")]
    assert found == [("unchanged", "1"), ("unchanged", str(50 - lanes.FEW))]


def test_one_delivery_of_a_dataset_is_worked_on_at_a_time(name: str, cloud: Cloud):
    """Sixteen threads do not compute the same thing side by side."""
    at_work, most = [0], [0]

    def step(_tick: Tick, _cloud: Cloud) -> None:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        threading.Event().wait(0.02)
        at_work[0] -= 1

    def deliver(number: int) -> None:
        data = json.dumps({"dataset": name, "as_of": f"2024-05-{number + 1:02d}"}).encode()
        answer(push(data), "predict", step)

    threads = [threading.Thread(target=deliver, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]
    assert len(lanes.lane("predict", name).done) == 16
