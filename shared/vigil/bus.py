"""The bus: a Tick out, and the delivery of one in, strictly read and always answered."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cloudevents.http import CloudEvent
from google.cloud import pubsub_v1

from vigil import crash
from vigil.deadline import Deadline
from vigil.errors import Rejected
from vigil.log import log
from vigil.messages import Tick, parse_moment


@dataclass(frozen=True)
class Bus:
    """Pub/Sub topics, one a step."""

    client: pubsub_v1.PublisherClient
    project: str
    deadline: Deadline

    def publish(self, step: str, tick: Tick) -> str:
        """Send a Tick to a step; the message's id is returned once Pub/Sub has it."""
        topic = self.client.topic_path(self.project, f"vigil-{step}")
        sent = self.client.publish(topic, tick.to_json(), retry=self.deadline.retry())
        log("published", step=step, dataset=tick.dataset, as_of=tick.as_of)
        message: str = sent.result(timeout=self.deadline.left(30))
        return message


def receive(event: CloudEvent) -> Tick:
    """The Tick in a delivery, whichever form it came in; garbage is rejected."""
    body: Any = event.data
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, dict):
        raise _malformed("a Pub/Sub delivery with a message", body)
    try:
        data = base64.b64decode(message.get("data") or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise _malformed("message data in base64", message.get("data")) from None
    return Tick.parse(data, _published(message))


def _published(message: dict[str, Any]) -> datetime:
    """When Pub/Sub took the message: the same for every delivery of it."""
    said = message.get("publishTime") or message.get("publish_time")
    return parse_moment(said, "message: publishTime") if said else datetime.now(UTC)


def _malformed(expected: str, found: object) -> Rejected:
    return Rejected("delivery", rule="message", expected=expected, found=repr(found)[:120])


def answer(
    event: CloudEvent,
    step: Callable[[Tick], Tick | None],
    then: Callable[[Tick], Any] | None = None,
) -> None:
    """Run a step for a delivery. Returning acknowledges; raising lets the message come again."""
    try:
        tick = receive(event)
    except Rejected as reason:
        log(str(reason), severity="ERROR", rule=reason.rule)
        return
    try:
        following = step(tick)
    except Rejected:  # the step has recorded and quarantined it: the same input would fail again
        return
    if following and then:
        then(following)
    crash.point("answer:1")  # done and published, not acknowledged
