"""The lake: raw bytes under their own hash, and the arrival records that give them a time."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from vigil.arrivals import Arrival, moment_name
from vigil.clients import storage
from vigil.errors import Rejected, Transient, VigilError
from vigil.store import Store


def sha256(body: bytes) -> str:
    """The name of a content."""
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True)
class Lake:
    """The raw bucket. Nothing in it is ever changed, unless a person is to be forgotten."""

    store: Store

    def keep(self, dataset: str, body: bytes) -> str:
        """Store *body* under its own hash, so that keeping it twice changes nothing."""
        digest = sha256(body)
        self.store.write(raw_name(dataset, digest), gzip.compress(body, 6, mtime=0))
        return digest

    def read(self, dataset: str, digest: str) -> bytes:
        """The bytes of that hash, checked against it."""
        body = gzip.decompress(self.store.read(raw_name(dataset, digest)))
        if sha256(body) != digest:
            raise VigilError(f"gs://{self.store.name}/{raw_name(dataset, digest)}: bytes changed")
        return body

    def record(self, arrival: Arrival) -> None:
        """Write an arrival; at one moment a source holds one content."""
        moment = moment_name(arrival.issued_at)
        for name in self.arrivals(arrival.dataset, moment):
            hashes = self.arrival(arrival.dataset, name).hashes
            for source in hashes.keys() & arrival.hashes.keys():
                if hashes[source] != arrival.hashes[source]:
                    raise Rejected(
                        f"{arrival.dataset}.{source}",
                        rule="moment_taken",
                        expected=f"one content at {arrival.issued_at}",
                        found="another content than the one already kept for that moment",
                        remedy="Give the newer file a later moment with --as-of.",
                    )
        if not self.store.write(
            _arrival(arrival.dataset, arrival.name), arrival.to_json().encode()
        ):
            raise Transient(f"{arrival.name}: another attempt has recorded another look just now")

    def arrivals(self, dataset: str, at: str = "") -> list[str]:
        """The names of all arrival records, sorted, or of those that start with *at*."""
        return self._names(f"arrivals/{dataset}/{at}")

    def arrival(self, dataset: str, name: str) -> Arrival:
        """The arrival record of that name."""
        return Arrival.from_json(self.store.read(_arrival(dataset, name)).decode())

    def quarantine(self, arrival: str, dataset: str, raw: str, reason: Rejected) -> None:
        """Note why an object was refused."""
        said = {"raw": raw, "rule": reason.rule, "reason": str(reason)}
        self.store.write(
            f"quarantine/{dataset}/{arrival}.json", json.dumps(said, indent=1).encode()
        )

    def quarantine_message(self, digest: str, said: Mapping[str, object]) -> None:
        """Keep a message that nobody can read, under the hash of what was sent."""
        self.store.write(f"quarantine/messages/{digest}.json", json.dumps(said, indent=1).encode())

    def quarantined(self, dataset: str) -> set[str]:
        """The names of all notes of refusal."""
        return set(self._names(f"quarantine/{dataset}/"))

    def inbox(self, dataset: str) -> list[tuple[str, datetime]]:
        """The objects that were put into a dataset's inbox, and when, oldest first."""
        blobs = self.store.list(f"inbox/{dataset}/")
        found = [(blob.name, blob.time_created) for blob in blobs if not blob.name.endswith("/")]
        return sorted(found, key=lambda one: (one[1], one[0]))

    def raw(self, dataset: str) -> list[tuple[str, storage.Blob]]:
        """All contents that are kept, by hash."""
        found = self.store.list(f"raw/{dataset}/")
        return [(blob.name.rpartition("/")[2].removesuffix(".gz"), blob) for blob in found]

    def delivered(self, name: str) -> bytes:
        """The bytes of an object in an inbox."""
        return self.store.read(name)

    def _names(self, prefix: str) -> list[str]:
        names = (name.rpartition("/")[2] for name in self.store.names(prefix))
        return sorted(name.removesuffix(".json") for name in names)


def raw_name(dataset: str, digest: str) -> str:
    """The name of the object that holds a content."""
    return f"raw/{dataset}/{digest}.gz"


def _arrival(dataset: str, name: str) -> str:
    return f"arrivals/{dataset}/{name}.json"
