"""Numbered points at which a test may kill the process: a retry completes the work.

ingest:1-3   before the bytes are kept; before the arrival is; before the tables are read
predict:1-2  before anything is computed; before what is committed is shown
train:1-4    before anything is computed; before the models are kept; before the decision is
             committed; before the registry is written
erase:1-5    before anything is changed; new files beside the old; the arrivals name them; the
             tables follow; all is removed but the note of whom to erase
commit:1-3   before rows are staged; before the transaction; after it (every step)
answer:1     after the next message, before the acknowledgement
"""

import os
import signal
from pathlib import Path


def point(name: str) -> None:
    """Die here, as if the machine had gone, when VIGIL_CRASH_AT names this point."""
    at = os.environ.get("VIGIL_CRASH_AT", "")
    if at == name or ("/" in at and _once(Path(at), name)):
        os.kill(os.getpid(), signal.SIGKILL)


def _once(file: Path, name: str) -> bool:
    """Whether the file names this point; it goes away, so that the next attempt lives."""
    try:
        if file.read_text(encoding="utf-8") != name:
            return False
        file.unlink()
    except FileNotFoundError:
        return False
    return True
