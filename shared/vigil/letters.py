"""Dead letters: messages that failed five times lie beside their topic until someone moves them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from google.api_core.exceptions import DeadlineExceeded

from vigil.bus import Bus
from vigil.errors import Rejected, Transient
from vigil.messages import Tick, moment_text

if TYPE_CHECKING:
    from google.cloud.pubsub_v1 import SubscriberClient

AT_ONCE = 100  # letters a pull
PATIENCE = 3.0  # seconds for a pull that finds nothing
MARK = "vigil_redriven"  # the run that moved it: a letter that dies again meanwhile waits
ATTEMPTS = "CloudPubSubDeadLetterSourceDeliveryCount"  # Pub/Sub's note on a letter


@dataclass(frozen=True)
class Letter:
    """One dead letter."""

    ack_id: str
    message_id: str
    data: bytes
    published: datetime
    attributes: Mapping[str, str]

    def described(self) -> dict[str, Any]:
        """What it is about, or why it cannot be read."""
        attempts = self.attributes.get(ATTEMPTS, "")
        said = {
            "message": self.message_id,
            "died_at": moment_text(self.published),
            "attempts": int(attempts) if attempts.isdecimal() else None,
        }
        try:
            tick = Tick.parse(self.data, self.published)
        except (Rejected, Transient) as reason:
            return {**said, "dataset": None, "as_of": None, "unreadable": str(reason)}
        as_of = moment_text(tick.as_of) if tick.declared else None
        return {**said, "dataset": tick.dataset, "as_of": as_of, "unreadable": None}


@dataclass(frozen=True)
class DeadLetters:
    """The dead letters of one step."""

    client: "SubscriberClient"
    bus: Bus
    step: str

    @property
    def subscription(self) -> str:
        """Where they lie."""
        return str(self.client.subscription_path(self.bus.project, f"vigil-{self.step}-dead"))

    def look(self) -> list[Letter]:
        """Those that are there; they are given back."""
        found: dict[str, Letter] = {}
        try:
            for letter in self._waiting(found):
                found[letter.message_id] = letter
        finally:
            self._give_back(found.values())
        return list(found.values())

    def redrive(self) -> Iterator[Letter]:
        """Send those that are there now to their step again; one that dies again stays."""
        run, again = uuid4().hex, dict[str, Letter]()
        try:
            for letter in self._waiting(again):
                if letter.attributes.get(MARK) == run:
                    again[letter.message_id] = letter
                    continue
                self.bus.send(self.step, letter.data, **{MARK: run})
                self._acknowledge(letter)  # once it is sent: two are harmless, none is a loss
                yield letter
        finally:
            self._give_back(again.values())

    def _waiting(self, held: Mapping[str, Letter]) -> Iterator[Letter]:
        """Letters, pull by pull, until one finds none but those that are held already."""
        while fresh := [one for one in self._pull() if one.message_id not in held]:
            yield from fresh

    def _acknowledge(self, letter: Letter) -> None:
        self.client.acknowledge(
            subscription=self.subscription,
            ack_ids=[letter.ack_id],
            retry=self.bus.deadline.retry(),
            timeout=self.bus.deadline.left(30),
        )

    def _give_back(self, letters: Collection[Letter]) -> None:
        if letters:
            self.client.modify_ack_deadline(
                subscription=self.subscription,
                ack_ids=[letter.ack_id for letter in letters],
                ack_deadline_seconds=0,
                retry=self.bus.deadline.retry(),
                timeout=self.bus.deadline.left(30),
            )

    def _pull(self) -> list[Letter]:
        try:
            answer = self.client.pull(
                subscription=self.subscription,
                max_messages=AT_ONCE,
                retry=None,
                timeout=self.bus.deadline.left(PATIENCE),
            )
        except DeadlineExceeded:  # nothing came
            return []
        return [
            Letter(
                one.ack_id,
                one.message.message_id,
                one.message.data,
                one.message.publish_time,
                dict(one.message.attributes),
            )
            for one in answer.received_messages
        ]
