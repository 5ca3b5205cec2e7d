"""The undertaker: ends the local cloud's processes when the process that started them is gone.

It reads process groups from a pipe. When the pipe closes, however the other side died, it ends
every group it was told of. It also holds the local cloud's lock until they are gone.
"""

import os
import signal
import sys
import time

PATIENCE = 5.0


def main() -> None:
    """Wait for the pipe to close, then end what is left."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups = [int(line) for line in sys.stdin if line.strip()]
    _signal(groups, signal.SIGTERM)
    until = time.monotonic() + PATIENCE
    while _alive(groups) and time.monotonic() < until:
        time.sleep(0.05)
    _signal(groups, signal.SIGKILL)


def _signal(groups: list[int], number: signal.Signals) -> None:
    for group in groups:
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            continue


def _alive(groups: list[int]) -> bool:
    for group in groups:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            continue
        return True
    return False


if __name__ == "__main__":
    main()
