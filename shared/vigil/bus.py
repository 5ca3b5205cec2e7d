"""The bus: a Tick out, and the delivery of one in, strictly read."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from vigil.deadline import Deadline
from vigil.errors import Rejected
from vigil.log import log
from vigil.messages import Tick, parse_moment

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import PublisherClient

STRUCTURED = "application/cloudevents+json"  # a CloudEvent whose `data` is the push body


@dataclass(frozen=True)
class Bus:
    """Pub/Sub topics, one a step."""

    client: "PublisherClient"
    project: str
    deadline: Deadline

    def publish(self, step: str, tick: Tick) -> str:
        """Send a Tick to a step; the message's id is returned once Pub/Sub has it."""
        message = self.send(step, tick.to_json())
        log("published", step=step, dataset=tick.dataset, as_of=tick.as_of)
        return message

    def send(self, step: str, data: bytes, **attributes: str) -> str:
        """Send bytes to a step."""
        topic = self.client.topic_path(self.project, f"vigil-{step}")
        sent = self.client.publish(
            topic,
            data,
            retry=self.deadline.retry(),
            timeout=self.deadline.left(30),
            **attributes,
        )
        message: str = sent.result(timeout=self.deadline.left(30))
        return message


class Request(Protocol):
    """An HTTP request: Flask's, or another of its shape."""

    @property
    def method(self) -> str:
        """POST, for a delivery."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers, whatever their case."""

    def get_data(self) -> bytes:
        """Its body."""


@dataclass(frozen=True)
class Delivery:
    """What was posted to a function: a push body, or a CloudEvent that holds one."""

    body: bytes
    structured: bool = False

    @classmethod
    def of(cls, request: Request) -> "Delivery":
        """The delivery in a request. Its headers matter only where they say that `data` holds it.

        A binary CloudEvent has the push body for a body.
        """
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return cls(request.get_data(), kind == STRUCTURED)

    @cached_property
    def message(self) -> dict[str, Any] | None:
        """The Pub/Sub message in it, if there is one."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        for name in ("data", "message") if self.structured else ("message",):
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else None

    @property
    def data(self) -> bytes:
        """What was published."""
        if self.message is None:
            raise _malformed("a Pub/Sub delivery with a message", self.body[:80])
        try:
            return base64.b64decode(self.message.get("data") or "", validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise _malformed("message data in base64", self.message.get("data")) from None

    @property
    def said(self) -> tuple[object, object]:
        """Its message's id and time of publication, as they stand there."""
        message = self.message or {}
        return (
            message.get("messageId") or message.get("message_id"),
            message.get("publishTime") or message.get("publish_time"),
        )

    @cached_property
    def published(self) -> datetime:
        """When Pub/Sub took the message: the same for every delivery of it."""
        said = self.said[1]
        return parse_moment(said, "message: publishTime") if said else datetime.now(UTC)


def receive(delivery: Delivery) -> Tick:
    """The Tick in a delivery, whichever form it came in; garbage is rejected."""
    return Tick.parse(delivery.data, delivery.published)


def _malformed(expected: str, found: object) -> Rejected:
    return Rejected("delivery", rule="message", expected=expected, found=repr(found)[:120])
