"""The lake: raw bytes under their own hash, and the arrival records that give them a time."""

import gzip
import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.api_core.retry import Retry
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from vigil.arrivals import Arrival, moment_name
from vigil.deadline import Deadline
from vigil.errors import Rejected, Transient, VigilError


class Gone(VigilError):
    """An object that should be there is not."""


def sha256(body: bytes) -> str:
    """The name of a content."""
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True)
class Lake:
    """The raw bucket. Nothing in it is ever changed."""

    client: storage.Client
    bucket_name: str
    deadline: Deadline

    @property
    def bucket(self) -> storage.Bucket:
        """The bucket, without asking whether it is there."""
        return self.client.bucket(self.bucket_name)

    def keep(self, dataset: str, body: bytes) -> str:
        """Store *body* under its own hash, so that keeping it twice changes nothing."""
        digest = sha256(body)
        self._write(raw_name(dataset, digest), gzip.compress(body, 6, mtime=0))
        return digest

    def read(self, dataset: str, digest: str) -> bytes:
        """The bytes of that hash, checked against it."""
        body = gzip.decompress(self._read(raw_name(dataset, digest)))
        if sha256(body) != digest:
            raise VigilError(f"gs://{self.bucket_name}/{raw_name(dataset, digest)}: bytes changed")
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
        if not self._write(_arrival(arrival.dataset, arrival.name), arrival.to_json().encode()):
            raise Transient(f"{arrival.name}: another attempt has recorded another look just now")

    def arrivals(self, dataset: str, at: str = "") -> list[str]:
        """The names of all arrival records, sorted, or of those that start with *at*."""
        return self._names(f"arrivals/{dataset}/{at}")

    def arrival(self, dataset: str, name: str) -> Arrival:
        """The arrival record of that name."""
        return Arrival.from_json(self._read(_arrival(dataset, name)).decode())

    def quarantine(self, arrival: str, dataset: str, raw: str, reason: Rejected) -> None:
        """Note why an object was refused."""
        said = {"raw": raw, "rule": reason.rule, "reason": str(reason)}
        self._write(f"quarantine/{dataset}/{arrival}.json", json.dumps(said, indent=1).encode())

    def quarantine_message(self, digest: str, said: Mapping[str, object]) -> None:
        """Keep a message that nobody can read, under the hash of what was sent."""
        self._write(f"quarantine/messages/{digest}.json", json.dumps(said, indent=1).encode())

    def quarantined(self, dataset: str) -> set[str]:
        """The names of all notes of refusal."""
        return set(self._names(f"quarantine/{dataset}/"))

    def inbox(self, dataset: str) -> list[tuple[str, datetime]]:
        """The objects that were put into a dataset's inbox, and when, oldest first."""
        blobs = self._list(f"inbox/{dataset}/")
        found = [(blob.name, blob.time_created) for blob in blobs if not blob.name.endswith("/")]
        return sorted(found, key=lambda one: (one[1], one[0]))

    def delivered(self, name: str) -> bytes:
        """The bytes of an object in an inbox."""
        return self._read(name)

    def _names(self, prefix: str) -> list[str]:
        names = (blob.name.rpartition("/")[2] for blob in self._list(prefix))
        return sorted(name.removesuffix(".json") for name in names)

    def _list(self, prefix: str) -> Iterator[storage.Blob]:
        """The objects whose names start so, page by page: each page has its own time."""
        token, first = None, True
        while token or first:
            blobs = self.client.list_blobs(
                self.bucket_name,
                prefix=prefix,
                page_token=token,
                timeout=self.deadline.left(60),
                retry=self._retry(),
            )
            yield from next(blobs.pages)
            token, first = blobs.next_page_token, False

    def _retry(self) -> Retry:
        """Storage's own retry, which knows the errors of an upload, inside the deadline."""
        retry: Retry = DEFAULT_RETRY.with_delay(initial=0.5, maximum=20.0)
        return retry.with_timeout(self.deadline.left())

    def _read(self, name: str) -> bytes:
        try:
            blob = self.bucket.blob(name)
            body: bytes = blob.download_as_bytes(
                raw_download=True, timeout=self.deadline.left(60), retry=self._retry()
            )
        except NotFound:
            raise Gone(f"gs://{self.bucket_name}/{name} is missing") from None
        return body

    def _write(self, name: str, body: bytes) -> bool:
        """Write once; False when other bytes are there already."""
        blob = self.bucket.blob(name)
        try:
            blob.upload_from_string(
                body,
                if_generation_match=0,
                timeout=self.deadline.left(60),
                retry=self._retry(),
            )
        except PreconditionFailed:  # a twin of this attempt, or its own try whose answer was lost
            blob.reload(timeout=self.deadline.left(60), retry=self._retry())
            return bool(blob.md5_hash == _md5(body))
        return True


def _md5(body: bytes) -> str:
    """As Cloud Storage gives it."""
    return b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def raw_name(dataset: str, digest: str) -> str:
    """The name of the object that holds a content."""
    return f"raw/{dataset}/{digest}.gz"


def _arrival(dataset: str, name: str) -> str:
    return f"arrivals/{dataset}/{name}.json"
