"""The local Pub/Sub, asked by Google's own client, in a process of its own."""

import base64
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    DeadlineExceeded,
    FailedPrecondition,
    MethodNotImplemented,
    NotFound,
)
from google.cloud import pubsub_v1
from google.pubsub_v1 import PublisherClient as PlainPublisher
from servers import listening

SERVER = ("-m", "vigil.local.pubsub")
RETRY = {"minimum_backoff": timedelta(seconds=0.05), "maximum_backoff": timedelta(seconds=0.12)}


class Server(ThreadingHTTPServer):
    """Lets more connections wait than five: a sixth would be a second late."""

    request_queue_size = 64


class Endpoint:
    """A handler of pushes: keeps every body, and answers as it is told."""

    def __init__(self, reply: Callable[[dict[str, Any]], int]) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.busy, self.busiest = 0, 0
        self.arrival = threading.Condition()
        self.server = Server(("127.0.0.1", 0), self._handler(reply))
        self.url = f"http://127.0.0.1:{self.server.server_port}/projects/demo/topics/t"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def wait_for(self, number: int, seconds: float = 10) -> list[dict[str, Any]]:
        """The first *number* bodies; an AssertionError where they do not come in time."""
        with self.arrival:
            came = self.arrival.wait_for(lambda: len(self.bodies) >= number, seconds)
        assert came, f"expected {number} pushes within {seconds} s; found {len(self.bodies)}"
        return self.bodies[:number]

    def _handler(self, reply: Callable[[dict[str, Any]], int]) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with endpoint.arrival:
                    endpoint.bodies.append(body)
                    endpoint.times.append(time.monotonic())
                    endpoint.busy += 1
                    endpoint.busiest = max(endpoint.busy, endpoint.busiest)
                    endpoint.arrival.notify_all()
                status = reply(body)
                with endpoint.arrival:
                    endpoint.busy -= 1
                with suppress(ConnectionError):  # pushed again, it was not waited for
                    self.send_response(status)
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    self.wfile.write(b"OK")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


class Cloud:
    """A running server, and Google's clients of it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port
        options = pubsub_v1.types.PublisherOptions(enable_message_ordering=True)
        self.publisher = pubsub_v1.PublisherClient(publisher_options=options)
        self.subscriber = pubsub_v1.SubscriberClient()

    def topic(self, name: str) -> str:
        """A new topic."""
        path: str = self.publisher.topic_path("demo", name)
        self.publisher.create_topic(name=path)
        return path

    def subscribe(
        self, topic: str, name: str, endpoint: Endpoint | None = None, **more: Any
    ) -> str:
        """A new subscription, which pushes if there is an endpoint."""
        path: str = self.subscriber.subscription_path("demo", name)
        push = {"push_config": {"push_endpoint": endpoint.url}} if endpoint else {}
        self.subscriber.create_subscription(request={"name": path, "topic": topic, **push, **more})
        return path

    def publish(self, topic: str, data: bytes, **attributes: str) -> str:
        """Publish, and wait for the message's id."""
        ident: str = self.publisher.publish(topic, data, **attributes).result(timeout=10)
        return ident

    def extend(self, subscription: str, received: Any, seconds: int) -> None:
        """Set the ack deadline of a message, from now."""
        self.subscriber.modify_ack_deadline(
            subscription=subscription, ack_ids=[received.ack_id], ack_deadline_seconds=seconds
        )

    def pull(self, subscription: str, seconds: float = 5) -> list[Any]:
        """What is there within *seconds*."""
        try:
            answer = self.subscriber.pull(
                subscription=subscription, max_messages=100, timeout=seconds, retry=None
            )
        except DeadlineExceeded:
            return []
        return list(answer.received_messages)


@contextmanager
def running() -> Iterator[Cloud]:
    """A server on a free port, which does not outlive the block."""
    with listening(*SERVER) as (process, port), pytest.MonkeyPatch.context() as environment:
        environment.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
        yield Cloud(process, port)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with running() as server:
        yield server


@pytest.fixture
def topic(cloud: Cloud, request: pytest.FixtureRequest) -> str:
    return cloud.topic(re.sub(r"\W", "-", request.node.name))


@pytest.fixture
def endpoint() -> Iterator[Callable[[Callable[[dict[str, Any]], int]], Endpoint]]:
    opened = []

    def open_one(reply: Callable[[dict[str, Any]], int]) -> Endpoint:
        opened.append(Endpoint(reply))
        return opened[-1]

    yield open_one
    for one in opened:
        one.server.shutdown()
        one.server.server_close()


def test_a_push_has_the_body_that_google_sends(cloud, topic, endpoint):
    """Base64 data, both spellings of id and time, and no field that is empty."""
    function = endpoint(lambda _body: 204)
    path = cloud.subscribe(topic, "push-body", function)
    rich = cloud.publish(topic, b"\x00tick", ordering_key="france", origin="test")
    plain = cloud.publish(topic, b"plain")
    bodies = {body["message"]["messageId"]: body for body in function.wait_for(2)}
    message = bodies[rich]["message"]
    moment = message.pop("publishTime")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", moment)
    assert abs(datetime.fromisoformat(moment) - datetime.now(UTC)) < timedelta(seconds=10)
    assert message == {
        "data": base64.b64encode(b"\x00tick").decode(),
        "messageId": rich,
        "message_id": rich,
        "publish_time": moment,
        "attributes": {"origin": "test"},
        "orderingKey": "france",
    }
    assert bodies[rich] == {"message": message, "subscription": path}
    empty = {"attributes", "orderingKey"}
    assert bodies[plain]["message"].keys() == {"publishTime", *message} - empty


def test_a_failed_push_comes_again_after_ever_longer_pauses(cloud, topic, endpoint):
    """Pauses of 50, 100, 120, 120 ms: doubled from the minimum, and held at the maximum."""
    function = endpoint(lambda _body: 503 if len(function.bodies) < 5 else 200)
    cloud.subscribe(topic, "push-backoff", function, retry_policy=RETRY)
    ident = cloud.publish(topic, b"tick")
    assert {body["message"]["messageId"] for body in function.wait_for(5)} == {ident}
    pauses = [late - early for early, late in pairwise(function.times)]
    for pause, expected in zip(pauses, [0.05, 0.1, 0.12, 0.12], strict=True):
        assert expected * 0.95 < pause < expected + 0.2  # the next, unchecked, would be 0.4
    with pytest.raises(AssertionError, match="found 5"):  # the 200 was the end of it
        function.wait_for(6, seconds=0.3)


def test_a_failed_push_waits_ten_seconds_where_no_policy_says_otherwise(cloud, topic, endpoint):
    """Google's shortest pause: a second attempt within half a second does not keep it."""
    function = endpoint(lambda _body: 400)
    cloud.subscribe(topic, "push-default", function)
    cloud.publish(topic, b"tick")
    function.wait_for(1)
    with pytest.raises(AssertionError, match="found 1"):
        function.wait_for(2, seconds=0.5)


def test_a_push_comes_again_while_its_handler_still_runs(cloud, topic, endpoint):
    """A handler of 3 s under an ack deadline of 1 s gets a second call beside the first."""
    function = endpoint(lambda _body: time.sleep(3 if len(function.bodies) == 1 else 0) or 200)
    cloud.subscribe(topic, "push-slow", function, ack_deadline_seconds=1, retry_policy=RETRY)
    cloud.publish(topic, b"tick")
    function.wait_for(2, seconds=2.5)
    assert function.busiest == 2
    assert (
        function.times[1] - function.times[0] >= 1.0
    )  # the deadline, and a pause of 0.05 but for the first's way


def test_a_push_that_fails_too_often_becomes_a_dead_letter(cloud, topic, endpoint):
    """Five attempts, counted; then data and attributes arrive with where they came from."""
    function = endpoint(lambda _body: 500)
    graveyard = cloud.topic("graveyard")
    dead = cloud.subscribe(graveyard, "push-dead")
    policy = {"dead_letter_topic": graveyard, "max_delivery_attempts": 5}
    more = {"dead_letter_policy": policy, "retry_policy": RETRY}
    cloud.subscribe(topic, "push-poison", function, **more)
    cloud.publish(topic, b"poison", origin="test")
    (letter,) = cloud.pull(dead)
    published = function.bodies[0]["message"]["publishTime"]
    assert [body["deliveryAttempt"] for body in function.bodies] == [1, 2, 3, 4, 5]
    assert (letter.message.data, letter.delivery_attempt) == (b"poison", 0)
    attributes = dict(letter.message.attributes)
    moment = attributes.pop("CloudPubSubDeadLetterSourceTopicPublishTime")
    assert datetime.fromisoformat(moment) == datetime.fromisoformat(published)
    assert attributes == {
        "origin": "test",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": "push-poison",
        "CloudPubSubDeadLetterSourceSubscriptionProject": "demo",
    }


def test_a_dead_letter_that_has_no_topic_left_is_tried_again(cloud, topic, endpoint):
    """Nothing is lost because somebody deleted the dead letters' topic."""
    function = endpoint(lambda _body: 500 if len(function.bodies) < 7 else 200)
    graveyard = cloud.topic("graveyard-that-goes")
    policy = {"dead_letter_topic": graveyard, "max_delivery_attempts": 5}
    more = {"dead_letter_policy": policy, "retry_policy": RETRY}
    cloud.subscribe(topic, "push-no-graveyard", function, **more)
    cloud.publisher.delete_topic(topic=graveyard)
    cloud.publish(topic, b"poison")
    function.wait_for(7)


def test_sixteen_pushes_of_a_subscription_run_at_once(cloud, topic, endpoint):
    """No more, so that a function is not flooded, and no fewer."""
    function = endpoint(lambda _body: time.sleep(0.3) or 200)
    cloud.subscribe(topic, "push-many", function)
    for number in range(40):
        cloud.publisher.publish(topic, b"%d" % number)
    function.wait_for(40)
    assert function.busiest == 16


def test_a_deleted_subscription_pushes_no_more(cloud, topic, endpoint):
    """What it had still to deliver is dropped with it."""
    function = endpoint(lambda _body: 500)
    path = cloud.subscribe(topic, "push-deleted", function, retry_policy=RETRY)
    cloud.publish(topic, b"tick")
    function.wait_for(2)
    cloud.subscriber.delete_subscription(subscription=path)
    pushed = len(function.bodies)
    with pytest.raises(AssertionError):
        function.wait_for(pushed + 1, seconds=0.3)


def test_a_pulled_message_comes_back_after_its_ack_deadline(cloud, topic):
    """Of three under a deadline of 1 s, one is acknowledged, one gets 60 s more, one comes back."""
    path = cloud.subscribe(topic, "pull", ack_deadline_seconds=1)
    for data in (b"acknowledged", b"extended", b"forgotten"):
        cloud.publish(topic, data)
    start = time.monotonic()
    acknowledged, extended, forgotten = cloud.pull(path)
    cloud.subscriber.acknowledge(subscription=path, ack_ids=[acknowledged.ack_id])
    cloud.extend(path, extended, seconds=60)
    (again,) = cloud.pull(path)
    assert 1 <= time.monotonic() - start < 3
    assert again.message.data == b"forgotten"
    cloud.subscriber.acknowledge(subscription=path, ack_ids=[forgotten.ack_id])  # too late
    cloud.extend(path, again, seconds=0)
    assert [one.message.data for one in cloud.pull(path)] == [b"forgotten"]


def test_a_message_given_back_is_there_at_once(cloud, topic):
    """An ack deadline of 0 does not wait for the ten seconds of the subscription."""
    path = cloud.subscribe(topic, "pull-nack")
    cloud.publish(topic, b"tick")
    for _ in range(3):
        (received,) = cloud.pull(path, seconds=2)
        cloud.extend(path, received, seconds=0)


def test_a_pulled_message_given_back_too_often_becomes_a_dead_letter(cloud, topic):
    """Each attempt is told its number, and the fifth is the last."""
    graveyard = cloud.topic("graveyard-of-pulls")
    dead = cloud.subscribe(graveyard, "pull-dead")
    policy = {"dead_letter_topic": graveyard, "max_delivery_attempts": 5}
    path = cloud.subscribe(topic, "pull-poison", dead_letter_policy=policy)
    cloud.publish(topic, b"poison")
    for attempt in range(1, 6):
        (received,) = cloud.pull(path)
        assert received.delivery_attempt == attempt
        cloud.extend(path, received, seconds=0)
    (letter,) = cloud.pull(dead)
    assert letter.message.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"


def test_every_subscription_gets_what_is_published_after_it_was_created(cloud, topic):
    """Two subscriptions, a message before the second, another after it."""
    early = cloud.subscribe(topic, "early")
    cloud.publish(topic, b"1")
    late = cloud.subscribe(topic, "late")
    cloud.publish(topic, b"2")
    assert [received.message.data for received in cloud.pull(early)] == [b"1", b"2"]
    assert [received.message.data for received in cloud.pull(late)] == [b"2"]


def test_topics_and_subscriptions_exist_once_and_can_be_found(cloud, topic):
    """Each by its name, and in the list of its project only."""
    path = cloud.subscribe(topic, "listed")
    with pytest.raises(AlreadyExists):
        cloud.publisher.create_topic(name=topic)
    with pytest.raises(AlreadyExists):
        cloud.subscribe(topic, "listed")
    assert cloud.publisher.get_topic(topic=topic).name == topic
    found = cloud.subscriber.get_subscription(subscription=path)
    assert (found.topic, found.ack_deadline_seconds) == (topic, 10)
    assert topic in [one.name for one in cloud.publisher.list_topics(project="projects/demo")]
    assert list(cloud.publisher.list_topics(project="projects/other")) == []
    listed = cloud.subscriber.list_subscriptions(project="projects/demo")
    assert path in [one.name for one in listed]


def test_what_was_deleted_is_not_found(cloud, topic):
    """A subscription outlives its topic; then it goes, too."""
    path = cloud.subscribe(topic, "deleted")
    cloud.publisher.delete_topic(topic=topic)
    found = cloud.subscriber.get_subscription(subscription=path)
    assert found.topic == "_deleted-topic_"
    cloud.subscriber.delete_subscription(subscription=path)
    for gone in (
        lambda: cloud.publisher.get_topic(topic=topic),
        lambda: cloud.publish(topic, b"tick"),
        lambda: cloud.subscriber.get_subscription(subscription=path),
        lambda: cloud.subscribe(topic, "orphan"),
        lambda: cloud.pull(path),
    ):
        with pytest.raises(NotFound):
            gone()


def test_what_is_not_emulated_is_refused(cloud, topic, endpoint):
    """Better an error here than a filter that only works at Google."""
    with pytest.raises(MethodNotImplemented, match="filter"):
        cloud.subscribe(topic, "filtered", filter="attributes:origin")
    with pytest.raises(MethodNotImplemented, match="ordering"):
        cloud.subscribe(topic, "ordered", enable_message_ordering=True)
    with pytest.raises(MethodNotImplemented):
        cloud.subscriber.seek(request={"subscription": cloud.subscribe(topic, "sought")})
    pushed = cloud.subscribe(topic, "pushed", endpoint(lambda _body: 200))
    with pytest.raises(FailedPrecondition):
        cloud.pull(pushed)


def test_memory_does_not_grow_with_acknowledged_messages(cloud, topic):
    """75 MB come and go, each beside a small message that stays: only the small ones are kept."""
    path = cloud.subscribe(topic, "pull-big")
    status = Path(f"/proc/{cloud.process.pid}/status")
    sizes = []
    for _ in range(25):
        together = [{"data": b"small"}, *({"data": bytes(1_000_000)} for _ in range(3))]
        PlainPublisher.publish(cloud.publisher, topic=topic, messages=together)
        received = cloud.pull(path)
        assert len(received) == 4
        ids = [one.ack_id for one in received if one.message.data != b"small"]
        cloud.subscriber.acknowledge(subscription=path, ack_ids=ids)
        sizes.append(int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1]) // 1000)
    assert sizes[-1] - sizes[4] < 20, f"megabytes after each round: {sizes}"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_quick_and_clean(number, endpoint):
    """Exit code 0 within a second, with a push under way and a pull waiting."""
    function = endpoint(lambda _body: time.sleep(2) or 200)
    with running() as cloud, ThreadPoolExecutor(1) as pool:
        topic = cloud.topic("stopped")
        cloud.subscribe(topic, "stopped-push", function)
        path = cloud.subscribe(topic, "stopped-pull")
        cloud.publish(topic, b"tick")
        function.wait_for(1)
        (received,) = cloud.pull(path)
        waiting = pool.submit(cloud.pull, path)
        cloud.process.send_signal(number)
        assert cloud.process.wait(timeout=1) == 0
        assert waiting.exception(timeout=5)
    assert received.message.data == b"tick"


def test_a_port_belongs_to_one_server(cloud):
    """A second one would take half of the calls in silence; it ends instead."""
    arguments = [sys.executable, *SERVER, "--port", str(cloud.port)]
    second = subprocess.run(arguments, capture_output=True, text=True, timeout=20, check=False)
    assert second.returncode == 1
    assert f"Failed to bind to address 127.0.0.1:{cloud.port}" in second.stderr
