"""Sources: bytes from upstream, within a deadline and a size, only when they have changed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3
from google.api_core.exceptions import RetryError
from google.api_core.retry import Retry

from vigil.deadline import Deadline
from vigil.errors import Rejected, Transient
from vigil.route import Route
from vigil.unpack import CHUNK, PACKED_CAP, too_big, unpack

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


def fetch(
    location: str,
    deadline: Deadline,
    last: Validators | None = None,
    *,
    hosts: Collection[str] = (),
    member: str | None = None,
) -> Fetched:
    """Read a path or a web address; trouble that may pass is retried, then left to redelivery.

    Redirects may lead to *hosts*, too. Of a zip archive the one file named *member* is taken.
    """
    if not is_url(location):
        return _from_file(location, member)
    budget = Deadline(deadline.left(SECONDS))
    again = Retry(
        lambda error: isinstance(error, Transient) and budget.remains(),
        initial=1.0,
        maximum=10.0,
        timeout=budget.seconds / 2,
    )
    try:
        fetched: Fetched = again(_download)(Route(location, hosts), budget, last, member)
    except RetryError as error:
        raise Transient(str(error.cause or error)) from None
    return fetched


def _from_file(path: str, member: str | None) -> Fetched:
    try:
        with Path(path).open("rb") as file:
            body = unpack(iter(lambda: file.read(CHUNK), b""), path, member)
    except OSError as error:
        raise Rejected(
            path, rule="file", expected="a file that can be read", found=str(error.strerror)
        ) from None
    return Fetched(body, Validators(path))


def _download(
    route: Route, budget: Deadline, last: Validators | None, member: str | None
) -> Fetched:
    url = route.location
    headers = {"Accept-Encoding": "gzip", **(last.headers(url) if last else {})}
    try:
        with route.answer(headers, budget) as answer:
            if answer.status_code == requests.codes.not_modified and last:
                return Fetched(None, last)
            _check_status(answer, url)
            body = unpack(_chunks(answer, budget, url), url, member)
            return Fetched(body, _validators(answer, url))
    except (OSError, urllib3.exceptions.HTTPError) as error:
        budget.left()  # the guard hangs up at the deadline: then that is the reason
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


def _chunks(answer: requests.Response, budget: Deadline, url: str) -> Iterator[bytes]:
    """The body as it stands on the wire; a source that drips meets the deadline."""
    declared = answer.headers.get("Content-Length", "")
    if declared.isdigit() and int(declared) > PACKED_CAP:
        raise too_big(url, PACKED_CAP, f"{declared} bytes announced")
    read = 0
    while chunk := answer.raw.read1(CHUNK, decode_content=False):  # what is there, at once
        read += len(chunk)
        yield chunk
        budget.left()
    budget.left()  # hung up by our own guard, a body without a length looks whole
    if declared.isdigit() and int(declared) != read:
        raise Transient(f"{url}: {declared} bytes announced, {read} came")


def _validators(answer: requests.Response, url: str) -> Validators:
    headers = answer.headers
    return Validators(url, headers.get("ETag"), headers.get("Last-Modified"))
