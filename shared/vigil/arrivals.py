"""Arrivals: at one moment some sources held certain contents. Kept for ever, beside the bytes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from vigil.messages import moment_text, parse_moment
from vigil.sources import Validators

Contents = dict[str, str]  # source -> SHA-256 of its bytes


@dataclass(frozen=True)
class Content:
    """The bytes of one source, by hash, and what upstream said of them."""

    sha256: str
    size: int
    validators: Validators
    last_date: date | None = None  # the newest date with a value; not known of older records


@dataclass(frozen=True)
class Arrival:
    """What some sources held at one moment; immutable, kept beside the raw bytes."""

    dataset: str
    issued_at: datetime
    kind: str  # fetched: the clock said so; declared: a person did
    contents: dict[str, Content]
    checked_at: datetime | None = None  # by the clock, when nobody declared the moment

    @property
    def name(self) -> str:
        """A name that sorts by time."""
        return f"{moment_name(self.issued_at)}-{'+'.join(sorted(self.contents))}"

    @property
    def hashes(self) -> Contents:
        """Source -> hash."""
        return {source: content.sha256 for source, content in self.contents.items()}

    def to_json(self) -> str:
        """The record as it is kept."""
        fields = {**asdict(self), "issued_at": moment_text(self.issued_at)}
        fields["checked_at"] = moment_text(self.checked_at) if self.checked_at else None
        return json.dumps(fields, sort_keys=True, indent=1, default=str)

    @classmethod
    def from_json(cls, text: str) -> "Arrival":
        """Read a record back."""
        fields = json.loads(text)
        contents = {
            source: Content(one["sha256"], one["size"], Validators(**one["validators"]), _day(one))
            for source, one in fields["contents"].items()
        }
        issued = parse_moment(fields["issued_at"], "arrival")
        checked = fields.get("checked_at")  # older records have none
        checked = parse_moment(checked, "arrival") if checked else None
        return cls(fields["dataset"], issued, fields["kind"], contents, checked)


def _day(content: Mapping[str, Any]) -> date | None:
    said = content.get("last_date")
    return date.fromisoformat(said) if said else None


def moment_name(moment: datetime) -> str:
    """A moment as the first part of an arrival's name, which sorts by time."""
    return moment_text(moment).replace("-", "").replace(":", "")


def sources_of(name: str) -> set[str]:
    """The sources that an arrival's name says it holds."""
    return set(name.partition("-")[2].split("+"))
