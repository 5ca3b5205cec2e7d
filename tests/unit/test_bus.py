"""The bus: what is read from a delivery, and what is answered to it."""

import base64
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace

import pytest
from cloudevents.http import CloudEvent
from google.api_core.exceptions import ServiceUnavailable
from google.cloud import pubsub_v1
from hypothesis import given
from hypothesis import strategies as st

from vigil import log
from vigil.bus import Bus, answer, receive
from vigil.deadline import Deadline
from vigil.errors import Misconfigured, Rejected, Transient
from vigil.local.services import free_ports
from vigil.messages import Tick
from vigil.steps.ingest import ingest

PUBLISHED = datetime(2021, 1, 31, 6, 15, tzinfo=UTC)
TICK = Tick("jhu_global", datetime(2021, 1, 30, 12, tzinfo=UTC))


def event(data: object) -> CloudEvent:
    """A delivery as the functions framework hands it over."""
    return CloudEvent(
        {"type": "google.cloud.pubsub.topic.v1.messagePublished", "source": "x"}, data
    )


def delivery(body: bytes, **fields: object) -> CloudEvent:
    """A delivery of a message with that body."""
    message = {"data": base64.b64encode(body).decode(), "publishTime": "2021-01-31T06:15:00Z"}
    return event({"message": {**message, **fields}, "subscription": "s"})


def refuse(_: Tick) -> None:
    """A step that cannot use its input."""
    raise Rejected("x", rule="stale", expected="new data", found="old data")


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """What is logged."""
    stream = io.StringIO()
    log.to(stream)
    yield stream
    log.to(None)


def logged(stream: io.StringIO) -> list[dict]:
    """The events of a log, one a line."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_tick_is_read_from_a_delivery():
    """As it was sent."""
    assert receive(delivery(TICK.to_json())) == TICK


@pytest.mark.parametrize("field", ["publishTime", "publish_time"])
def test_without_as_of_the_publish_time_counts(field):
    """Under both names that deliveries use for it, nanoseconds and all."""
    fields = {"publishTime": None, field: "2021-01-31T06:15:00.000000123Z"}
    assert receive(delivery(b'{"dataset": "a"}', **fields)) == Tick("a", PUBLISHED)


def test_a_message_without_any_time_counts_from_now():
    """Somebody posted it by hand."""
    before = datetime.now(UTC)
    tick = receive(delivery(b'{"dataset": "a"}', publishTime=None))
    assert before <= tick.as_of <= datetime.now(UTC)


MALFORMED = {
    "nothing": None,
    "text": "message",
    "bytes": b"{}",
    "a list": [],
    "no message": {"subscription": "s"},
    "a message of nothing": {"message": None},
    "a message of text": {"message": "e30="},
    "no data": {"message": {"messageId": "1"}},
    "data that is no base64": {"message": {"data": "***"}},
    "data with junk in its base64": {
        "message": {"data": "*" + base64.b64encode(b'{"dataset": "a"}').decode()}
    },
    "data beyond ASCII": {"message": {"data": "é"}},
    "data that is a number": {"message": {"data": 5}},
    "data that is an object": {"message": {"data": {"dataset": "a"}}},
    "data that is no JSON": {"message": {"data": base64.b64encode(b"tick").decode()}},
    "a time that is none": {"message": {"data": "e30=", "publishTime": "now"}},
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_delivery_is_acknowledged_logged_and_not_worked_on(data, logs):
    """It would be as malformed the next time."""
    worked = []
    assert answer(event(data), worked.append) is None
    assert worked == []
    [said] = logged(logs)
    assert said["severity"] == "ERROR"
    assert said["rule"] in {"message", "moment"}
    assert "expected" in said["message"]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["message", "data", "publishTime"]), inner, max_size=3
            )
        ),
    )
)
def test_no_delivery_breaks_the_reader(data):
    """Whatever JSON is posted to the function."""
    try:
        receive(event(data))
    except (Rejected, Transient):
        return


def test_a_step_that_ends_well_is_acknowledged_and_the_next_message_sent():
    """The step's answer is what is sent."""
    following = Tick("jhu_global", PUBLISHED)
    worked, sent = [], []
    answer(delivery(TICK.to_json()), lambda tick: worked.append(tick) or following, sent.append)
    assert (worked, sent) == ([TICK], [following])


@pytest.mark.parametrize("then", [None, pytest.fail])
def test_a_step_with_nothing_to_send_sends_nothing(then):
    """No news, no message."""
    answer(delivery(TICK.to_json()), lambda _: None, then)


def test_a_step_whose_next_message_nobody_wants_ends_well():
    """Predict has no successor."""
    answer(delivery(TICK.to_json()), lambda tick: tick)


def test_an_input_that_was_rejected_is_acknowledged_and_ends_there():
    """The step has recorded it; no next message follows."""
    answer(delivery(TICK.to_json()), refuse, pytest.fail)


@pytest.mark.parametrize(
    "error", [Transient("later"), Misconfigured("VIGIL_PROJECT"), OSError(), KeyError("x")]
)
def test_any_other_trouble_lets_the_message_come_again(error):
    """Raising is no acknowledgement."""

    def stumble(_: Tick) -> None:
        raise error

    with pytest.raises(type(error)):
        answer(delivery(TICK.to_json()), stumble, pytest.fail)


def test_a_newer_version_comes_again():
    """To newer code, once that is there."""
    with pytest.raises(Transient, match="version 2"):
        answer(delivery(b'{"v": 2, "dataset": "a"}'), pytest.fail)


def test_a_next_message_that_cannot_be_sent_lets_this_one_come_again():
    """The step finds its work done then, and only sends."""

    def unavailable(_: Tick) -> None:
        raise ServiceUnavailable("no Pub/Sub")

    with pytest.raises(ServiceUnavailable):
        answer(delivery(TICK.to_json()), lambda tick: tick, unavailable)


def test_a_tick_for_an_unknown_dataset_leaves_a_trace(logs):
    """It is acknowledged; without a word in the log or the ledger nobody would ever know."""
    ledger = SimpleNamespace(append=lambda *_: None)
    cloud = SimpleNamespace(warehouse=ledger)
    answer(delivery(b'{"dataset": "jhu_globl"}'), partial(ingest, cloud=cloud))
    assert "jhu_globl" in logs.getvalue()


@pytest.fixture(scope="module")
def pubsub() -> Iterator[None]:
    """The local Pub/Sub, in a process of its own."""
    [port] = free_ports(1)
    command = [sys.executable, "-m", "vigil.local.pubsub", "--port", str(port)]
    before = os.environ.get("PUBSUB_EMULATOR_HOST")
    os.environ["PUBSUB_EMULATOR_HOST"] = f"127.0.0.1:{port}"
    with subprocess.Popen(command) as process:
        yield
        process.terminate()
    if before is None:
        del os.environ["PUBSUB_EMULATOR_HOST"]
    else:
        os.environ["PUBSUB_EMULATOR_HOST"] = before


def test_a_tick_published_is_the_tick_received(pubsub, logs):
    """On the topic that names the step, through Google's own client."""
    publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    topic = publisher.topic_path("demo", "vigil-predict")
    queue = subscriber.subscription_path("demo", "queue")
    until = time.monotonic() + 20
    while True:
        try:
            publisher.create_topic(name=topic, timeout=1)
            break
        except ServiceUnavailable:  # not up yet
            assert time.monotonic() < until
    subscriber.create_subscription(name=queue, topic=topic)
    sent = Bus(publisher, "demo", Deadline(20)).publish("predict", TICK)
    [received] = subscriber.pull(subscription=queue, max_messages=1, timeout=10).received_messages
    message = received.message
    assert message.message_id == sent
    assert receive(delivery(message.data)) == TICK
    [said] = logged(logs)
    assert (said["message"], said["step"], said["dataset"]) == (
        "published",
        "predict",
        "jhu_global",
    )
