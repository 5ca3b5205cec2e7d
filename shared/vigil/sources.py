"""Sources: bytes from upstream, within a deadline and a size, only when they have changed."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3
from google.api_core.exceptions import RetryError
from google.api_core.retry import Retry

from vigil.deadline import Deadline
from vigil.errors import Rejected, Transient

COMPRESSED_CAP = 256 << 20
PLAIN_CAP = 512 << 20
CHUNK = 1 << 20
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
SECONDS = 120.0  # for one source, retries included


@dataclass(frozen=True)
class Validators:
    """What lets upstream answer 'not changed' at no cost."""

    url: str
    etag: str | None = None
    last_modified: str | None = None

    def headers(self, url: str) -> dict[str, str]:
        """The conditional headers, when they were given for the same address."""
        if url != self.url:
            return {}
        pairs = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True)
class Fetched:
    """A source's bytes, unpacked; None when upstream says that they have not changed."""

    body: bytes | None
    validators: Validators


def is_url(location: str) -> bool:
    """A web address rather than a path."""
    return location.startswith(("http://", "https://"))


def fetch(location: str, deadline: Deadline, last: Validators | None = None) -> Fetched:
    """Read a path or a web address; trouble that may pass is retried, then left to redelivery."""
    if not is_url(location):
        return _from_file(Path(location))
    budget = Deadline(deadline.left(SECONDS))
    again = Retry(
        lambda error: isinstance(error, Transient) and budget.remains(),
        initial=1.0,
        maximum=10.0,
        timeout=budget.seconds / 2,
    )
    try:
        fetched: Fetched = again(_download)(location, budget, last)
    except RetryError as error:
        raise Transient(str(error.cause or error)) from None
    return fetched


def _from_file(path: Path) -> Fetched:
    try:
        with path.open("rb") as file:
            body = _plain(_capped(iter(lambda: file.read(CHUNK), b""), str(path)), str(path))
    except OSError as error:
        raise Rejected(
            str(path), rule="file", expected="a file that can be read", found=str(error.strerror)
        ) from None
    return Fetched(body, Validators(str(path)))


def _download(url: str, budget: Deadline, last: Validators | None) -> Fetched:
    headers = {"Accept-Encoding": "gzip", **(last.headers(url) if last else {})}
    try:
        with requests.get(url, headers=headers, stream=True, timeout=budget.left(30)) as answer:
            if answer.status_code == requests.codes.not_modified and last:
                return Fetched(None, last)
            _check_status(answer, url)
            body = _capped(_chunks(answer, budget), url)
            return Fetched(_plain(body, url), _validators(answer, url))
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise Transient(f"{url}: {error}") from None


def _check_status(answer: requests.Response, url: str) -> None:
    if answer.status_code in PASSING:
        raise Transient(f"{url}: status {answer.status_code}")
    if answer.status_code != requests.codes.ok:
        raise Rejected(
            url,
            rule="status",
            expected="status 200",
            found=f"{answer.status_code} {answer.reason}",
            remedy="If the source has moved, change its url in the dataset's YAML.",
        )


def _chunks(answer: requests.Response, budget: Deadline) -> Iterator[bytes]:
    """The body as it stands on the wire; a source that drips meets the deadline."""
    read = 0
    while chunk := answer.raw.read1(CHUNK, decode_content=False):  # what is there, at once
        budget.left()
        read += len(chunk)
        yield chunk
    declared = answer.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) != read:
        raise Transient(f"{answer.url}: {declared} bytes announced, {read} came")


def _validators(answer: requests.Response, url: str) -> Validators:
    headers = answer.headers
    return Validators(url, headers.get("ETag"), headers.get("Last-Modified"))


def _capped(chunks: Iterator[bytes], where: str) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > COMPRESSED_CAP:
            raise _too_big(where, COMPRESSED_CAP)
    return bytes(body)


def _too_big(where: str, cap: int) -> Rejected:
    return Rejected(where, rule="size", expected=f"at most {cap >> 20} MiB", found="more")


def _plain(body: bytes, where: str) -> bytes:
    """Unpack gzip, whether sent as a file or as an encoding, never beyond the cap."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        with gzip.open(io.BytesIO(body)) as packed:
            plain = packed.read(PLAIN_CAP + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise Rejected(
            where, rule="truncated", expected="a whole gzip file", found=str(error)
        ) from None
    if len(plain) > PLAIN_CAP:
        raise _too_big(where, PLAIN_CAP)
    return plain
