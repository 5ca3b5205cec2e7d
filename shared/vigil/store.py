"""A bucket behind a small object: every call inside the step's deadline."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.api_core.retry import Retry
from google.cloud.storage.retry import DEFAULT_RETRY

from vigil.clients import storage
from vigil.deadline import Deadline
from vigil.errors import VigilError


class Gone(VigilError):
    """An object that should be there is not."""


@dataclass(frozen=True)
class Store:
    """One bucket. An object in it is written once and never changed, but for what is stamped."""

    client: storage.Client
    name: str
    deadline: Deadline

    @property
    def bucket(self) -> storage.Bucket:
        """The bucket, without asking whether it is there."""
        return self.client.bucket(self.name)

    def names(self, prefix: str) -> list[str]:
        """The names of the objects that start so, sorted."""
        return sorted(blob.name for blob in self.list(prefix))

    def list(self, prefix: str) -> Iterator[storage.Blob]:
        """The objects whose names start so, page by page: each page has its own time."""
        token, first = None, True
        while token or first:
            blobs = self.client.list_blobs(
                self.name,
                prefix=prefix,
                page_token=token,
                timeout=self.deadline.left(60),
                retry=self._retry(),
            )
            yield from next(blobs.pages)
            token, first = blobs.next_page_token, False

    def read(self, name: str) -> bytes:
        """The bytes of an object."""
        try:
            blob = self.bucket.blob(name)
            body: bytes = blob.download_as_bytes(
                raw_download=True, timeout=self.deadline.left(60), retry=self._retry()
            )
        except NotFound:
            raise Gone(f"gs://{self.name}/{name} is missing") from None
        return body

    def write(self, name: str, body: bytes) -> bool:
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

    def replace(self, name: str, body: bytes, *, kind: str, stamp: str) -> None:
        """Write what people open in place of what is there; the stamp says what it shows."""
        blob = self.bucket.blob(name)
        blob.metadata = {"stamp": stamp}
        blob.cache_control = "no-cache"
        blob.upload_from_string(
            body, content_type=kind, timeout=self.deadline.left(60), retry=self._retry()
        )

    def stamp(self, name: str) -> str | None:
        """Of what is there; None where there is nothing."""
        blob = self.bucket.get_blob(name, timeout=self.deadline.left(60), retry=self._retry())
        said: str | None = (blob.metadata or {}).get("stamp") if blob else None
        return said

    def clear(self, prefix: str) -> None:
        """Remove all that starts so, side by side: each takes its time."""
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(self.delete, self.names(prefix)))

    def exchange(self, blob: storage.Blob, body: bytes | None) -> bool:
        """Write over that very generation, or remove it; False when another is there by now."""
        how = {
            "if_generation_match": blob.generation,
            "timeout": self.deadline.left(60),
            "retry": self._retry(),
        }
        try:
            if body is None:
                blob.delete(**how)
            else:
                self.bucket.blob(blob.name).upload_from_string(body, **how)
        except NotFound:
            return body is None
        except PreconditionFailed:
            return False
        return True

    def delete(self, name: str) -> None:
        """Remove an object, if it is there."""
        with suppress(NotFound):
            self.bucket.blob(name).delete(timeout=self.deadline.left(60), retry=self._retry())

    def _retry(self) -> Retry:
        """Storage's own retry, which knows the errors of an upload, inside the deadline."""
        retry: Retry = DEFAULT_RETRY.with_delay(initial=0.5, maximum=20.0)
        return retry.with_timeout(self.deadline.left())


def _md5(body: bytes) -> str:
    """As Cloud Storage gives it."""
    return b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
