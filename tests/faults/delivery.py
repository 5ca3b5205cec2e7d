"""A function process as Pub/Sub knows it: an address to push to. It may die of a delivery."""

import json
import os
import signal
import subprocess
import time
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from vigil.local.services import PROJECT


def tick(dataset: str, as_of: str, **more: Any) -> bytes:
    """A message as the scheduler writes it."""
    return json.dumps({"v": 1, "dataset": dataset, "as_of": as_of, **more}).encode()


def envelope(data: bytes, step: str) -> dict[str, Any]:
    """The body of a push of these data, sent now."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    message = {"data": b64encode(data).decode(), "messageId": "1", "publishTime": moment}
    return {"message": message, "subscription": f"projects/{PROJECT}/subscriptions/vigil-{step}"}


@dataclass(frozen=True)
class Function:
    """A real functions-framework process; its worker is born anew when it is killed."""

    step: str
    port: int
    pid: int
    crash: Path  # holds the name of the point at which the next delivery dies

    @property
    def topic(self) -> str:
        """The topic of its step."""
        return f"projects/{PROJECT}/topics/vigil-{self.step}"

    @property
    def endpoint(self) -> str:
        """Where Pub/Sub pushes to."""
        return f"http://127.0.0.1:{self.port}/{self.topic}"

    def push(
        self,
        body: bytes | dict[str, Any],
        headers: dict[str, str] | None = None,
        *,
        crash: str = "",
        seconds: float = 120,
    ) -> int | None:
        """Deliver a message's bytes, or a whole body: the status; None when it dies of it."""
        whole = envelope(body, self.step) if isinstance(body, bytes) else body
        return self.post(json.dumps(whole).encode(), headers, crash=crash, seconds=seconds)

    def post(
        self,
        body: bytes,
        headers: dict[str, str] | None = None,
        *,
        crash: str = "",
        seconds: float = 120,
    ) -> int | None:
        """Send these bytes, whatever they are; *crash* names the point at which it dies."""
        said = {"Content-Type": "application/json", **(headers or {})}
        if crash:
            self.crash.write_text(crash)
        try:
            return requests.post(self.endpoint, body, headers=said, timeout=seconds).status_code
        except requests.ConnectionError:
            return None
        finally:
            self.crash.unlink(missing_ok=True)

    @property
    def workers(self) -> list[int]:
        """The processes that do the work, children of the one that listens."""
        out = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True)
        pairs = [line.split() for line in out.stdout.splitlines()[1:]]
        return [int(pid) for pid, parent in pairs if int(parent) == self.pid]

    def kill(self) -> None:
        """SIGKILL to whoever works now."""
        for pid in self.workers:
            os.kill(pid, signal.SIGKILL)

    def end(self, patience: float) -> None:
        """SIGTERM, and after so many seconds SIGKILL to all that is left of it."""
        os.kill(self.pid, signal.SIGTERM)
        until = time.monotonic() + patience
        while self.workers and time.monotonic() < until:
            time.sleep(0.1)
        os.killpg(self.pid, signal.SIGKILL)
