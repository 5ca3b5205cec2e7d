"""MLflow's server as the local cloud starts it, with its files in a folder."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vigil.local.processes import answers
from vigil.local.services import MLFLOW, free_ports


@dataclass(frozen=True)
class Server:
    """Its process group, and where it listens."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def uri(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self.port}"

    def signal(self, number: int) -> None:
        """To all of its processes."""
        os.killpg(self.process.pid, number)

    def wait(self, seconds: float = 120) -> None:
        """Until it answers."""
        until = time.monotonic() + seconds
        while not answers(self.port):
            assert self.process.poll() is None, f"it ended with {self.process.returncode}"
            assert time.monotonic() < until, f"no server on port {self.port}"
            time.sleep(0.05)


@contextmanager
def started(folder: Path, *more: str) -> Iterator[Server]:
    """A server that may not answer yet; it does not outlive the block."""
    [port] = free_ports(1)
    command = [sys.executable, "-m", "vigil.local.tracking", "--port", str(port)]
    command += ["--database", str(folder / "mlflow.db"), "--artifacts", str(folder / "artifacts")]
    command += more
    with (folder / f"{port}.log").open("wb") as log:
        env = {**os.environ, **MLFLOW}
        process = subprocess.Popen(command, stdout=log, stderr=log, env=env, process_group=0)
        server = Server(process, port)
        try:
            yield server
        finally:
            server.signal(signal.SIGKILL)
            process.wait()
