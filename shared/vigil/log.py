"""Structured logs: one JSON object a line on stdout, as Cloud Logging reads them."""

import json
import sys
from datetime import UTC, datetime
from threading import Lock
from typing import Any, TextIO

_one_at_a_time = Lock()
_stream: list[TextIO | None] = [sys.stdout]


def to(stream: TextIO | None) -> None:
    """Send the logs elsewhere, or nowhere: a command's stdout is for its result."""
    _stream[0] = stream


def log(message: str, *, severity: str = "INFO", **fields: Any) -> None:
    """Write one event; fields such as dataset, step and run_id make it searchable."""
    event = {
        "severity": severity,
        "message": message,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        **{name: value for name, value in fields.items() if value is not None},
    }
    line = json.dumps(event, default=str) + "\n"
    with _one_at_a_time:  # threads that write at once would break each other's lines
        if (stream := _stream[0]) is not None:
            stream.write(line)
            stream.flush()
