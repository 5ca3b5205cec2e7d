"""Logs: one JSON object a line, whoever writes."""

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor

from vigil import log


class Halves(io.StringIO):
    """A stream that takes its time in the middle of a line."""

    def write(self, text: str) -> int:
        """Half of the text, then the rest."""
        middle = len(text) // 2
        super().write(text[:middle])
        time.sleep(0.001)
        return middle + super().write(text[middle:])


def test_lines_of_many_threads_stay_whole() -> None:
    """Eight threads of a function write at once: every line is one event, none is lost."""
    stream = Halves()
    log.to(stream)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: log.log("event", number=number), range(100)))
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert sorted(event["number"] for event in events) == list(range(100))
