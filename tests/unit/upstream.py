"""A web server that obeys the test, for what downloads must survive."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from vigil.deadline import Deadline
from vigil.errors import Rejected
from vigil.sources import fetch

BODY = b"date,n\n2021-01-30,5\n" * 100
Answer = Callable[[BaseHTTPRequestHandler], None]


class Upstream:
    """A web server that gives its answers in turn, the last of them for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[dict[str, str]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                upstream.asked.append(dict(self.headers))
                turn = min(len(upstream.asked), len(upstream.answers)) - 1
                with suppress(ConnectionError):
                    upstream.answers[turn](self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def url(self, *answers: Answer) -> str:
        """An address that answers so."""
        self.answers = list(answers)
        return f"http://127.0.0.1:{self.server.server_port}/deaths.csv"

    def tls(self, key: Path, certificate: Path, *answers: Answer) -> str:
        """The same with this certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        return self.url(*answers).replace("http:", "https:")


@contextmanager
def started() -> Iterator[Upstream]:
    """A server on a free port."""
    upstream = Upstream()
    yield upstream
    upstream.server.shutdown()
    upstream.server.server_close()


def says(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    """A whole answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **named}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def refused(location: str, **how: object) -> Rejected:
    """The reason why a location is refused: it says where."""
    with pytest.raises(Rejected) as reason:
        fetch(location, Deadline(5), **how)
    assert reason.value.where == location
    return reason.value
