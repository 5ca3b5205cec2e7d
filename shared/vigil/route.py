"""Routes: the way from an address to its answer, over redirects that are judged before they go."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from vigil.deadline import Deadline
from vigil.errors import Rejected
from vigil.guard import PATIENCE, Guard, host_of

REDIRECTS = 5


@dataclass(frozen=True)
class Route:
    """An address, and the other hosts by way of which it may answer."""

    location: str
    hosts: Collection[str] = ()

    @contextmanager
    def answer(
        self, headers: Mapping[str, str | bytes], budget: Deadline
    ) -> Iterator[requests.Response]:
        """The answer at the end of the redirects."""
        url = self.location
        with closing(Guard(url, budget)) as guard, requests.Session() as session:
            for _ in range(REDIRECTS + 1):
                asked = self._question(guard, session, requests.Request("GET", url, headers))
                found: Any = session.merge_environment_settings(url, {}, True, None, None)
                with guard.send(asked, timeout=budget.left(PATIENCE), **found) as answer:
                    budget.left()  # the guard has hung up: half a header looks whole
                    if not answer.is_redirect:
                        yield answer
                        return
                    url = self._target(url, answer.headers["Location"])
        raise self._astray(f"at most {REDIRECTS} redirects", "more")

    def _question(
        self, guard: Guard, session: requests.Session, request: requests.Request
    ) -> requests.PreparedRequest:
        """What to ask, when it may be asked. The session sends nothing: it would read redirects."""
        url = str(request.url)
        try:
            guard.check(url)
            asked = session.prepare_request(request)
        except ValueError as error:  # also all that requests has to say of an address
            found = f"{url[:200]}: {error}"
            raise Rejected(
                self.location, rule="address", expected="a web address", found=found
            ) from None
        allowed = {host_of(self.location), *self.hosts}
        if host_of(url) not in allowed:
            raise self._astray(f"redirects to {' or '.join(sorted(allowed))}", url)
        return asked

    def _target(self, url: str, location: str) -> str:
        """The address that an answer refers to, relative to its own; never from https to http."""
        schemes = ["http", "https"] if urlsplit(url).scheme == "http" else ["https"]
        try:
            target = urljoin(url, location.encode("latin-1").decode())  # headers come as latin-1
            found = urlsplit(target).scheme
        except ValueError:
            raise self._astray("redirects to web addresses", location) from None
        if found not in schemes:
            raise self._astray(f"redirects to {' or '.join(schemes)}", target)
        return target

    def _astray(self, expected: str, found: str) -> Rejected:
        return Rejected(
            self.location,
            rule="redirect",
            expected=expected,
            found=found[:200],
            remedy="If the source has moved there, change its url, or add the host to its hosts.",
        )
