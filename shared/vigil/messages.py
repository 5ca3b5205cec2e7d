"""The one message of the system. Its topic names the step; it carries references, never data."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from vigil.datasets.names import check_name
from vigil.errors import Rejected, Transient

VERSION = 1


@dataclass(frozen=True)
class Tick:
    """Time to work on one dataset, with what was known at *as_of*.

    A moment that nobody declared is when the message was published, or the command given.
    """

    dataset: str
    as_of: datetime
    v: int = VERSION
    declared: bool = field(default=True, compare=False)

    def to_json(self) -> bytes:
        """The message as it travels: without a moment that nobody declared."""
        body = {"v": self.v, "dataset": self.dataset}
        as_of = {"as_of": moment_text(self.as_of)} if self.declared else {}
        return json.dumps(body | as_of).encode()

    @classmethod
    def parse(cls, data: bytes, published: datetime) -> "Tick":
        """Read a message strictly; without as_of, knowledge counts up to its publish time."""
        body = _object(data)
        version = body.get("v", VERSION)
        if version != VERSION:  # a newer publisher: let it come again, to newer code
            found = repr(version)[:40]
            raise Transient(f"message: version {found}; this code reads version {VERSION}")
        name = check_name(body.get("dataset"), "message: dataset")
        if (as_of := body.get("as_of")) is None:
            return cls(name, published, declared=False)
        return cls(name, parse_moment(as_of, "message: as_of"))


def _object(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Rejected(
            "message",
            rule="message",
            expected='a JSON object such as {"v": 1, "dataset": "jhu_global"}',
            found=repr(data[:80]),
        )
    return body


def parse_moment(text: object, where: str) -> datetime:
    """A moment in UTC; a bare date means the end of that day."""
    try:
        return _moment(str(text))
    except (ValueError, OverflowError):
        raise Rejected(
            where,
            rule="moment",
            expected="a date or time such as 2021-01-30",
            found=repr(text)[:80],
        ) from None


def _moment(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time.max, UTC)
    except ValueError:
        moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def moment_text(moment: datetime) -> str:
    """A moment as text that sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
