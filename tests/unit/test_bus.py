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

import pytest
from google.api_core.exceptions import ServiceUnavailable
from google.cloud import pubsub_v1
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from vigil import log
from vigil.bus import Bus, Delivery, receive
from vigil.deadline import Deadline
from vigil.errors import Rejected, Transient
from vigil.local.services import free_ports
from vigil.messages import Tick

PUBLISHED = datetime(2021, 1, 31, 6, 15, tzinfo=UTC)
TICK = Tick("jhu_global", datetime(2021, 1, 30, 12, tzinfo=UTC))


def posted(body: bytes, headers: dict[str, str] | None = None) -> Delivery:
    """A delivery as the function gets it."""
    builder = EnvironBuilder(method="POST", data=body, headers=headers)
    return Delivery.of(Request(builder.get_environ()))


def push(data: bytes, **fields: object) -> bytes:
    """The body of a push of a message with these data."""
    message = {"data": base64.b64encode(data).decode(), "publishTime": "2021-01-31T06:15:00Z"}
    return json.dumps({"message": {**message, **fields}, "subscription": "s"}).encode()


def delivery(data: bytes, **fields: object) -> Delivery:
    """A delivery of a message with these data."""
    return posted(push(data, **fields))


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


BINARY = {
    "Content-Type": "application/json",
    "ce-id": "1",
    "ce-source": "//pubsub.googleapis.com/projects/p/topics/vigil-ingest",
    "ce-specversion": "1.0",
    "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
}
STRUCTURED = "application/cloudevents+json; charset=utf-8"
FORMS = {
    "push": (push, {"Content-Type": "application/json"}),
    "push that says nothing of itself": (push, {}),
    "push as a form": (push, {"Content-Type": "application/x-www-form-urlencoded"}),
    "binary CloudEvent": (push, BINARY),
    "structured CloudEvent": (
        lambda data: b'{"specversion": "1.0", "data": ' + push(data) + b"}",
        {"Content-Type": STRUCTURED},
    ),
}


@pytest.mark.parametrize(("form", "headers"), FORMS.values(), ids=FORMS)
def test_a_tick_is_read_from_every_form_of_delivery(form, headers):
    """As it was sent."""
    assert receive(posted(form(TICK.to_json()), headers)) == TICK


@pytest.mark.parametrize(
    "headers", [{}, {"Content-Type": STRUCTURED}], ids=["as a push", "as a structured CloudEvent"]
)
def test_one_form_is_not_taken_for_the_other(headers):
    """A structured body needs its content type, and the content type its body."""
    inner = push(TICK.to_json())
    body = inner if headers else b'{"data": ' + inner + b"}"
    with pytest.raises(Rejected, match="a Pub/Sub delivery with a message"):
        receive(posted(body, headers))


def test_a_moment_is_declared_or_the_time_of_publication():
    """The step may have to know."""
    assert receive(delivery(TICK.to_json())).declared
    assert not receive(delivery(b'{"dataset": "a"}')).declared


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
    "nothing": b"",
    "no JSON": b"{",
    "no text": b"\xff\xfe{",
    "NUL": b"\0",
    "null": b"null",
    "text": b'"message"',
    "a list": b"[1]",
    "too deep": b"[" * 100_000,
    "a number too long": b"1" * 10_000,
    "ten megabytes": b"x" * 10_000_000,
    "no message": b'{"subscription": "s"}',
    "a message of nothing": b'{"message": null}',
    "a message of text": b'{"message": "e30="}',
    "no data": b'{"message": {"messageId": "1"}}',
    "data that is no base64": b'{"message": {"data": "***"}}',
    "data with junk in its base64": push(b'{"dataset": "a"}').replace(b'"ey', b'"*ey'),
    "data beyond ASCII": '{"message": {"data": "é"}}'.encode(),
    "data that is a number": b'{"message": {"data": 5}}',
    "data that is an object": b'{"message": {"data": {"dataset": "a"}}}',
    "data that is no JSON": push(b"tick"),
    "a Tick without its envelope": b'{"v": 1, "dataset": "jhu_global"}',
    "a time that is none": push(b"{}", publishTime="now"),
    "a time that is an object": push(b"{}", publishTime={"seconds": 1}),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_delivery_is_rejected(body):
    """In a sentence of bounded length, whatever was sent."""
    with pytest.raises(Rejected) as refused:
        receive(posted(body))
    assert refused.value.rule in {"message", "moment"}
    assert len(str(refused.value)) < 400


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
        receive(posted(json.dumps(data).encode()))
    except (Rejected, Transient):
        return


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
