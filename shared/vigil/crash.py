"""Numbered points at which a test may kill the process: a retry completes the work."""

import os
import signal


def point(name: str) -> None:
    """Die here, as if the machine had gone, when VIGIL_CRASH_AT names this point."""
    if os.environ.get("VIGIL_CRASH_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
