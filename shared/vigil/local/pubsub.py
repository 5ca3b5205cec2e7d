"""Pub/Sub on one machine, where Google's emulator is not installed: a small gRPC server.

    python -m vigil.local.pubsub --port 8085        # then PUBSUB_EMULATOR_HOST=127.0.0.1:8085

Topics, subscriptions and messages are kept in memory only: when the process ends, they are gone.
A push carries no OIDC token. Streaming pull, filters, ordering, exactly-once delivery and all else
that is missing here is refused with UNIMPLEMENTED.
"""

import argparse
import asyncio
import itertools
import json
import re
import signal
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from urllib.parse import urlsplit

import grpc
import grpc.aio
from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types

PUSHES_AT_ONCE = 16  # for each subscription
PUSH_ACCEPTED = {102, 200, 201, 202, 204}
PULL_PATIENCE = 10.0  # seconds a pull waits for its first message
ACK_DEADLINE = 10  # seconds; this and the next two are Google's defaults
SHORTEST_BACKOFF, LONGEST_BACKOFF = 10.0, 600.0
DELIVERY_ATTEMPTS = 5
LONGEST_ACK_DEADLINE = 600  # Google's shortest is 10: less is allowed here, for the tests' sake
DELETED_TOPIC = "_deleted-topic_"
NAME = re.compile(r"projects/[^/]+/(topics|subscriptions)/[A-Za-z][\w.~+%-]{2,254}")

# What a subscription may ask for: the rest Google would heed, and this server would not.
EMULATED = {
    *("name", "topic", "labels", "push_config", "ack_deadline_seconds", "retry_policy"),
    *("dead_letter_policy", "expiration_policy", "message_retention_duration"),
}

PubsubMessage = types.PubsubMessage.pb()  # the plain class: proto-plus wraps every access
type Publish = Callable[[str, Sequence[Any]], list[str] | None]
type Method = Callable[[Any], Awaitable[Any]]


class Refusal(Exception):
    """An answer that is a gRPC status and a sentence."""

    def __init__(self, status: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = grpc.StatusCode[status]


@dataclass
class Delivery:
    """One message on its way to one subscription."""

    message: Any
    attempt: int = 0


async def post(url: str, body: bytes, seconds: float) -> int | None:
    """The status *url* answers with, None where it has none within *seconds*."""
    parts = urlsplit(url)
    target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    head = (
        f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        "User-Agent: CloudPubSub-Google\r\n\r\n"
    )
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
            try:
                writer.write(head.encode() + body)
                answer = await reader.readuntil(b"\r\n\r\n")
                # Hanging up on a server that is still writing would fill its log with errors.
                length = re.search(rb"(?i)\ncontent-length: *(\d+)", answer)
                await reader.readexactly(int(length[1]) if length else 0)
                return int(answer.split()[1])
            finally:
                writer.close()
    except (OSError, EOFError, ValueError, LookupError, asyncio.LimitOverrunError):
        return None  # unreachable, too slow, or not HTTP


class Subscriber:
    """One subscription, and the messages it has yet to acknowledge."""

    def __init__(self, config: Any, publish: Publish) -> None:
        self.config = config
        self.publish = publish
        self.ready: asyncio.Queue[Delivery] = asyncio.Queue()  # for the next pull
        self.leased: dict[str, tuple[Delivery, asyncio.TimerHandle]] = {}  # by ack id
        self.pushes: set[asyncio.Task[None]] = set()
        self.slots = asyncio.Semaphore(PUSHES_AT_ONCE)

    def accept(self, message: Any) -> None:
        """Take on a message that was published."""
        delivery = Delivery(message)
        if not self.config.push_config.push_endpoint:
            self.ready.put_nowait(delivery)
            return
        task = asyncio.create_task(self._push(delivery))
        self.pushes.add(task)  # the event loop alone would not keep it alive
        task.add_done_callback(self.pushes.discard)

    async def pull(self, most: int, patience: float) -> list[Any]:
        """Hand out up to *most* messages, each until its ack deadline."""
        try:
            async with asyncio.timeout(patience):
                deliveries = [await self.ready.get()]
        except TimeoutError:
            return []
        while len(deliveries) < most and not self.ready.empty():
            deliveries.append(self.ready.get_nowait())
        return [self._lease(delivery) for delivery in deliveries]

    def acknowledge(self, ack_id: str) -> Delivery | None:
        """Forget a message that was handed out, unless it is overdue and no longer ours."""
        if ack_id not in self.leased:
            return None
        delivery, overdue = self.leased.pop(ack_id)
        overdue.cancel()
        return delivery

    def extend(self, ack_id: str, seconds: int) -> None:
        """Count the ack deadline anew; none at all gives the message back."""
        if delivery := self.acknowledge(ack_id):
            self._hold(ack_id, delivery, seconds)

    def close(self) -> None:
        """Drop every message."""
        for task in self.pushes:
            task.cancel()
        for ack_id in list(self.leased):
            self.acknowledge(ack_id)

    def _lease(self, delivery: Delivery) -> Any:
        delivery.attempt += 1
        ack_id = f"{delivery.message.message_id}-{delivery.attempt}"
        self._hold(ack_id, delivery, self.config.ack_deadline_seconds)
        attempt = self._reported(delivery)
        return types.ReceivedMessage.pb()(
            ack_id=ack_id, message=delivery.message, delivery_attempt=attempt
        )

    def _hold(self, ack_id: str, delivery: Delivery, seconds: float) -> None:
        overdue = asyncio.get_running_loop().call_later(seconds, self._release, ack_id)
        self.leased[ack_id] = delivery, overdue

    def _release(self, ack_id: str) -> None:
        delivery = self.acknowledge(ack_id)
        if delivery and not self._gave_up(delivery):
            # Without a policy of its own a pulled message is there again at once.
            pause = self._backoff(delivery) if self.config.HasField("retry_policy") else 0
            asyncio.get_running_loop().call_later(pause, self.ready.put_nowait, delivery)

    async def _push(self, delivery: Delivery) -> None:
        endpoint, seconds = self.config.push_config.push_endpoint, self.config.ack_deadline_seconds
        while True:
            async with self.slots:
                delivery.attempt += 1
                status = await post(endpoint, self._envelope(delivery), seconds)
            if status in PUSH_ACCEPTED or self._gave_up(delivery):
                return
            await asyncio.sleep(self._backoff(delivery))

    def _envelope(self, delivery: Delivery) -> bytes:
        sent = delivery.message
        moment = sent.publish_time.ToJsonString()
        message = {"data": b64encode(sent.data).decode()}
        message |= dict.fromkeys(("messageId", "message_id"), sent.message_id)
        message |= dict.fromkeys(("publishTime", "publish_time"), moment)
        optional = {"attributes": dict(sent.attributes), "orderingKey": sent.ordering_key}
        present = {name: value for name, value in optional.items() if value}
        body = {"message": message | present, "subscription": self.config.name}
        if attempt := self._reported(delivery):
            body["deliveryAttempt"] = attempt
        return json.dumps(body).encode()

    def _reported(self, delivery: Delivery) -> int:
        # Only a subscription with a dead letter policy tells its receivers the attempt.
        return delivery.attempt if self.config.HasField("dead_letter_policy") else 0

    def _backoff(self, delivery: Delivery) -> float:
        policy = self.config.retry_policy
        shortest, longest = SHORTEST_BACKOFF, LONGEST_BACKOFF
        if policy.HasField("minimum_backoff"):
            shortest = policy.minimum_backoff.ToTimedelta().total_seconds()
        if policy.HasField("maximum_backoff"):
            longest = policy.maximum_backoff.ToTimedelta().total_seconds()
        doublings = min(delivery.attempt - 1, 60)  # a thousand would overflow the float
        return min(longest, shortest * 2.0**doublings)

    def _gave_up(self, delivery: Delivery) -> bool:
        policy, sent = self.config.dead_letter_policy, delivery.message
        most = policy.max_delivery_attempts or DELIVERY_ATTEMPTS
        if not policy.dead_letter_topic or delivery.attempt < most:
            return False
        _, project, _, name = self.config.name.split("/")
        moment = sent.publish_time.ToDatetime(tzinfo=UTC).isoformat(timespec="milliseconds")
        source = {
            "DeliveryCount": str(delivery.attempt),
            "Subscription": name,
            "SubscriptionProject": project,
            "TopicPublishTime": moment,
        }
        letter = PubsubMessage(data=sent.data, ordering_key=sent.ordering_key)
        letter.attributes.update(sent.attributes)
        letter.attributes.update({f"CloudPubSubDeadLetterSource{k}": v for k, v in source.items()})
        return self.publish(policy.dead_letter_topic, [letter]) is not None


class Broker:
    """The topics and subscriptions, and Google's methods on them."""

    def __init__(self) -> None:
        self.topics: dict[str, Any] = {}
        self.subscribers: dict[str, Subscriber] = {}
        self.ids = itertools.count(time.time_ns() // 1000)  # so that a restart repeats none

    async def create_topic(self, request: Any) -> Any:
        """Open a topic."""
        _check_new(request.name, self.topics)
        self.topics[request.name] = request
        return request

    async def get_topic(self, request: Any) -> Any:
        """A topic as it was created."""
        return self._topic(request.topic)

    async def list_topics(self, request: Any) -> Any:
        """All topics of a project, on one page."""
        found = [t for t in self.topics.values() if t.name.startswith(f"{request.project}/")]
        return types.ListTopicsResponse.pb()(topics=found)

    async def delete_topic(self, request: Any) -> Any:
        """Close a topic; its subscriptions keep what they have."""
        self._topic(request.topic)
        del self.topics[request.topic]
        for subscriber in self.subscribers.values():
            if subscriber.config.topic == request.topic:
                subscriber.config.topic = DELETED_TOPIC
        return Empty()

    async def publish(self, request: Any) -> Any:
        """Accept messages."""
        self._topic(request.topic)
        if not all(message.data or message.attributes for message in request.messages):
            raise Refusal("INVALID_ARGUMENT", "expected data or attributes; found neither")
        ids = self.deliver(request.topic, request.messages)
        return types.PublishResponse.pb()(message_ids=ids)

    async def create_subscription(self, request: Any) -> Any:
        """Open a subscription to all that is published from now on."""
        _check_new(request.name, self.subscribers)
        _check_emulated(request)
        self._topic(request.topic)
        if request.HasField("dead_letter_policy"):
            self._topic(request.dead_letter_policy.dead_letter_topic)
        request.ack_deadline_seconds = request.ack_deadline_seconds or ACK_DEADLINE
        self.subscribers[request.name] = Subscriber(request, self.deliver)
        return request

    async def get_subscription(self, request: Any) -> Any:
        """A subscription as it was created."""
        return self._subscriber(request.subscription).config

    async def list_subscriptions(self, request: Any) -> Any:
        """All subscriptions of a project, on one page."""
        every = [subscriber.config for subscriber in self.subscribers.values()]
        found = [config for config in every if config.name.startswith(f"{request.project}/")]
        return types.ListSubscriptionsResponse.pb()(subscriptions=found)

    async def delete_subscription(self, request: Any) -> Any:
        """Close a subscription and drop its messages."""
        self._subscriber(request.subscription).close()
        del self.subscribers[request.subscription]
        return Empty()

    async def pull(self, request: Any) -> Any:
        """Hand out messages, or none after some patience."""
        subscriber = self._subscriber(request.subscription)
        if subscriber.config.push_config.push_endpoint:
            raise Refusal("FAILED_PRECONDITION", "expected a pull subscription; this one pushes")
        if request.max_messages < 1:
            raise Refusal("INVALID_ARGUMENT", f"max_messages is {request.max_messages}, not > 0")
        patience = 0 if request.return_immediately else PULL_PATIENCE
        received = await subscriber.pull(request.max_messages, patience)
        return types.PullResponse.pb()(received_messages=received)

    async def acknowledge(self, request: Any) -> Any:
        """Forget messages that were handled."""
        subscriber = self._subscriber(request.subscription)
        for ack_id in request.ack_ids:
            subscriber.acknowledge(ack_id)
        return Empty()

    async def modify_ack_deadline(self, request: Any) -> Any:
        """Grant more time, or none."""
        subscriber = self._subscriber(request.subscription)
        _check_deadline(request.ack_deadline_seconds)
        for ack_id in request.ack_ids:
            subscriber.extend(ack_id, request.ack_deadline_seconds)
        return Empty()

    def deliver(self, topic: str, messages: Sequence[Any]) -> list[str] | None:
        """Give *messages* to each subscription of *topic*; None where there is no such topic."""
        if topic not in self.topics:
            return None
        return [self._deliver(topic, message) for message in messages]

    def _deliver(self, topic: str, message: Any) -> str:
        # A copy: a message that is part of a request keeps the whole request in memory.
        kept = PubsubMessage()
        kept.CopyFrom(message)
        kept.message_id = str(next(self.ids))
        kept.publish_time.FromMilliseconds(time.time_ns() // 1_000_000)
        for subscriber in self.subscribers.values():
            if subscriber.config.topic == topic:
                subscriber.accept(kept)
        return str(kept.message_id)

    def _topic(self, name: str) -> Any:
        if name not in self.topics:
            raise Refusal("NOT_FOUND", f"Topic not found (resource={name}).")
        return self.topics[name]

    def _subscriber(self, name: str) -> Subscriber:
        if name not in self.subscribers:
            raise Refusal("NOT_FOUND", f"Subscription does not exist (resource={name}).")
        return self.subscribers[name]


def _check_new(name: str, existing: Container[str]) -> None:
    if not NAME.fullmatch(name):
        raise Refusal("INVALID_ARGUMENT", f"expected a name like {NAME.pattern}; found {name!r}")
    if name in existing:
        raise Refusal("ALREADY_EXISTS", f"Resource already exists (resource={name}).")


def _check_emulated(config: Any) -> None:
    _check_deadline(config.ack_deadline_seconds)
    foreign = [field.name for field, _ in config.ListFields() if field.name not in EMULATED]
    if urlsplit(config.push_config.push_endpoint).scheme not in {"", "http"}:
        foreign.append("a push endpoint other than http")
    if foreign:
        raise Refusal("UNIMPLEMENTED", f"{config.name}: not emulated here: {', '.join(foreign)}")


def _check_deadline(seconds: int) -> None:
    if not 0 <= seconds <= LONGEST_ACK_DEADLINE:
        expected = f"expected 0 to {LONGEST_ACK_DEADLINE} seconds"
        raise Refusal("INVALID_ARGUMENT", f"ack deadline: {expected}; found {seconds}")


def handlers(broker: Broker) -> list[Any]:
    """Google's methods: what each is called, what it takes, and who answers it."""
    publisher: dict[str, tuple[Any, Method]] = {
        "CreateTopic": (types.Topic, broker.create_topic),
        "GetTopic": (types.GetTopicRequest, broker.get_topic),
        "ListTopics": (types.ListTopicsRequest, broker.list_topics),
        "DeleteTopic": (types.DeleteTopicRequest, broker.delete_topic),
        "Publish": (types.PublishRequest, broker.publish),
    }
    subscriber: dict[str, tuple[Any, Method]] = {
        "CreateSubscription": (types.Subscription, broker.create_subscription),
        "GetSubscription": (types.GetSubscriptionRequest, broker.get_subscription),
        "ListSubscriptions": (types.ListSubscriptionsRequest, broker.list_subscriptions),
        "DeleteSubscription": (types.DeleteSubscriptionRequest, broker.delete_subscription),
        "Pull": (types.PullRequest, broker.pull),
        "Acknowledge": (types.AcknowledgeRequest, broker.acknowledge),
        "ModifyAckDeadline": (types.ModifyAckDeadlineRequest, broker.modify_ack_deadline),
    }
    return [_service("Publisher", publisher), _service("Subscriber", subscriber)]


def _service(name: str, methods: Mapping[str, tuple[Any, Method]]) -> Any:
    answers = {
        method: grpc.unary_unary_rpc_method_handler(
            _refusing(act),
            request_deserializer=kind.pb().FromString,
            response_serializer=lambda response: response.SerializeToString(),
        )
        for method, (kind, act) in methods.items()
    }
    return grpc.method_handlers_generic_handler(f"google.pubsub.v1.{name}", answers)


def _refusing(act: Method) -> Callable[[Any, Any], Awaitable[Any]]:
    async def answer(request: Any, context: Any) -> Any:
        try:
            return await act(request)
        except Refusal as refusal:
            await context.abort(refusal.status, str(refusal))

    return answer


async def serve(port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # Otherwise a second server would share the port in silence, and half of the requests.
    options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1)]
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers(handlers(Broker()))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await stop.wait()
    await server.stop(grace=None)


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="vigil.local.pubsub", description="A local Pub/Sub.")
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
