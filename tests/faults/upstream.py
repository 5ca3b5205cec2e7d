"""Upstream as a test wants it: per path a body, or a function that answers as it likes.

upstream.serve("/tiny/visits.csv", b"...")                # 200, an ETag, 304 where it fits
upstream.serve("/tiny/visits.csv", status(503))
upstream.serve("/tiny/visits.csv", drip(body, 1.0))
"""

import threading
import time
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Request(BaseHTTPRequestHandler):
    """One request; an answer writes to it what it likes."""

    protocol_version = "HTTP/1.0"  # a connection a request: an answer may break it off
    server: "Upstream"

    def do_GET(self) -> None:
        """Answer as the path's answer says."""
        self.server.asked.append(self.path)
        self.server.answers.get(self.path, status(404))(self)

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole response; a header's name has _ for -."""
        self.head(status, Content_Length=str(len(body)), **headers)
        self.wfile.write(body)

    def head(self, status: int, **headers: str) -> None:
        """The status and the headers alone."""
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


type Answer = Callable[[Request], None]


class Upstream(ThreadingHTTPServer):
    """A server on this machine; 404 for what it does not serve."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.server_port}"

    def serve(self, path: str, answer: bytes | Answer) -> None:
        """From now on, this is what that path answers."""
        self.answers[path] = content(answer) if isinstance(answer, bytes) else answer

    def handle_error(self, *_: object) -> None:
        """A client that hung up has no need of a stack trace."""


def content(body: bytes) -> Answer:
    """A file, with an ETag; 304 for whoever has it."""
    tag = f'"{sha256(body).hexdigest()}"'

    def act(request: Request) -> None:
        known = request.headers.get("If-None-Match") == tag
        request.say(304 if known else 200, b"" if known else body, ETag=tag)

    return act


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """That status, whoever asks: redirects have a header Location."""
    return lambda request: request.say(code, body, **headers)


def drip(body: bytes, seconds: float) -> Answer:
    """A byte, a pause, a byte, a pause."""

    def act(request: Request) -> None:
        request.head(200, Content_Length=str(len(body)))
        for number in range(len(body)):
            request.wfile.write(body[number : number + 1])
            time.sleep(seconds)

    return act


def cut(body: bytes, announced: int) -> Answer:
    """Fewer bytes than announced, and then the connection ends."""

    def act(request: Request) -> None:
        request.head(200, Content_Length=str(announced))
        request.wfile.write(body)

    return act


def hang(seconds: float) -> Answer:
    """Silence."""
    return lambda _: time.sleep(seconds)
