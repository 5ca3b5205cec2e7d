"""A proxy between a function and a service, which does what its rules say to some requests.

proxy.rule("POST", "/queries$", answer(503))           # the next one
proxy.rule("POST", "/upload/", lost, times=2)          # done, but nobody hears of it
proxy.rule("GET", "/jobs/", rewritten(failed))         # failed: body as a dict -> another
"""

import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOPS = {"connection", "transfer-encoding", "content-length", "keep-alive", "date", "server"}


@dataclass(frozen=True)
class Reply:
    """What the service said."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


type Forward = Callable[[], Reply]  # ask the service
type Act = Callable[[Forward], Reply | None]  # what the client gets; None hangs up on it


def answer(status: int, reason: str = "", message: str = "as the test wants it") -> Act:
    """An error in Google's form; the service hears nothing."""
    errors = [{"reason": reason, "message": message, "domain": "global"}]
    body = json.dumps({"error": {"code": status, "message": message, "errors": errors}}).encode()
    return lambda _: Reply(status, body, {"Content-Type": "application/json"})


def said(body: Any) -> Act:
    """This JSON; the service hears nothing."""
    return lambda _: Reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"})


def passed(forward: Forward) -> Reply:
    """Nothing happens to it; the rule counts it."""
    return forward()


def lost(forward: Forward) -> None:
    """The service did it; its response is lost."""
    forward()


def refused(_: Forward) -> None:
    """The connection breaks before the service hears of it."""


def stalled(seconds: float) -> Act:
    """Silence, and then the connection breaks; the service hears nothing."""
    return lambda _: time.sleep(seconds)


def delayed(seconds: float) -> Act:
    """The service hears of it late."""

    def act(forward: Forward) -> Reply:
        time.sleep(seconds)
        return forward()

    return act


def held(release: threading.Event) -> Act:
    """The service hears of it once that has happened."""

    def act(forward: Forward) -> Reply:
        release.wait(50)
        return forward()

    return act


def together(count: int) -> Act:
    """The service hears of none before there are so many."""
    all_here = threading.Barrier(count)

    def act(forward: Forward) -> Reply:
        all_here.wait(50)
        return forward()

    return act


def rewritten(change: Callable[[Any], Any]) -> Act:
    """The service's JSON, changed."""

    def act(forward: Forward) -> Reply:
        reply = forward()
        return Reply(reply.status, json.dumps(change(json.loads(reply.body))).encode())

    return act


@dataclass
class Rule:
    """What happens to the first so many requests that fit."""

    method: str
    path: str  # searched for in the path with its query
    act: Act
    times: int
    body: tuple[str, ...]  # all of it is in the request's body
    hits: int = 0
    hit: threading.Event = field(default_factory=threading.Event)

    def takes(self, method: str, path: str, body: bytes) -> bool:
        """Whether this is a request of it."""
        fits = self.method == method and re.search(self.path, path) and self.hits < self.times
        if not fits or not all(part.encode() in body for part in self.body):
            return False
        self.hits += 1
        self.hit.set()
        return True


class Proxy(ThreadingHTTPServer):
    """Passes everything on, unless a rule says otherwise."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, service: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.service = urlsplit(service).netloc
        self.rules: list[Rule] = []
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.server_port}"

    def rule(self, method: str, path: str, act: Act, *body: str, times: int = 1) -> Rule:
        """Do this to the next so many requests that fit; the first rule that fits counts."""
        self.rules.append(Rule(method, path, act, times, body))
        return self.rules[-1]

    def acts(self, method: str, path: str, body: bytes) -> Act:
        """What to do with this request."""
        with self.lock:
            for rule in self.rules:
                if rule.takes(method, path, body):
                    return rule.act
        return lambda forward: forward()

    def handle_error(self, *_: object) -> None:
        """A client that died has no need of a stack trace."""


class Handler(BaseHTTPRequestHandler):
    """One client's requests, one after another."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Proxy

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        reply = self.server.acts(self.command, self.path, body)(lambda: self._forward(body))
        if reply is None:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815  http.server calls them

    def _forward(self, body: bytes) -> Reply:
        connection = HTTPConnection(self.server.service, timeout=600)
        try:
            connection.request(self.command, self.path, body, _carried(self.headers))
            said = connection.getresponse()
            return Reply(said.status, said.read(), _carried(said.headers))
        finally:
            connection.close()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _carried(headers: HTTPMessage) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in HOPS}
