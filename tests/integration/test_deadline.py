"""One deadline: a service that falls silent does not hold a step for ever."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
from google.api_core.exceptions import GoogleAPICallError

from vigil.cloud import Cloud
from vigil.deadline import Deadline
from vigil.errors import Transient

SECONDS = 2.0
LARGE = "SELECT n, REPEAT('x', 200) AS text FROM UNNEST(GENERATE_ARRAY(1, 200000)) AS n"


@dataclass
class Relay:
    """Passes bytes on to an address, and falls silent after so many answers' bytes."""

    address: str
    most: int
    passed: int = 0
    server: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    def __post_init__(self) -> None:
        self._start(self._serve)

    @property
    def own_address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.server.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            client, _ = self.server.accept()
            host, _, port = self.address.rpartition(":")
            service = socket.create_connection((host, int(port)))
            self._start(partial(self._pass, client, service, counted=False))
            self._start(partial(self._pass, service, client, counted=True))

    def _pass(self, source: socket.socket, target: socket.socket, *, counted: bool) -> None:
        while part := source.recv(4096):
            self.passed += len(part) if counted else 0
            if counted and self.passed > self.most:
                threading.Event().wait()
            target.sendall(part)

    @staticmethod
    def _start(work: Callable[[], None]) -> None:
        threading.Thread(target=work, daemon=True).start()


@pytest.mark.parametrize("most", [0, 200_000], ids=["from the start", "in mid-stream"])
def test_a_large_result_that_stalls_ends_with_the_deadline(most: int, cloud: Cloud) -> None:
    """The Storage API's streams know the deadline, too."""
    api = cloud.settings.bigquery_storage_api
    assert api
    cloud.warehouse.arrow("SELECT 1 AS one")  # the clients are there
    relay = Relay(api, most)
    settings = replace(cloud.settings, bigquery_storage_api=relay.own_address)
    started = time.monotonic()
    with pytest.raises((GoogleAPICallError, TimeoutError, Transient)):
        Cloud(settings, Deadline(SECONDS)).warehouse.arrow(LARGE)
    assert relay.passed > most
    assert time.monotonic() - started < SECONDS + 3


@pytest.mark.parametrize("service", ["BIGQUERY_EMULATOR_HOST", "STORAGE_EMULATOR_HOST"])
def test_a_service_that_never_answers_ends_with_the_deadline(
    service: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No single call waits longer than the step may."""
    silent = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setenv(service, f"http://127.0.0.1:{silent.getsockname()[1]}")
    monkeypatch.setenv("VIGIL_PROJECT", f"silent-{service[0].lower()}")  # clients of its own
    deaf = Cloud.from_env(Deadline(SECONDS))
    started = time.monotonic()
    with pytest.raises(Exception, match=r"(?i)timed? ?out|deadline"):
        deaf.warehouse.head("any") if service[0] == "B" else deaf.lake.arrivals("any")
    assert time.monotonic() - started < 2 * SECONDS + 3
