"""A server in a process of its own, for tests of what it serves."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from vigil.local.processes import answers
from vigil.local.services import free_ports


@contextmanager
def listening(*arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Python with these arguments on a free port; it does not outlive the block."""
    [port] = free_ports(1)
    command = [sys.executable, *arguments, "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while not answers(port):
            assert process.poll() is None, f"it ended with {process.returncode}"
            assert time.monotonic() < until, f"no server on port {port}"
            time.sleep(0.01)
        yield process, port
    finally:
        process.kill()
        process.wait()
