"""Logs: one JSON object a line, whoever writes."""

import json
import subprocess
import sys

WRITE = """
from concurrent.futures import ThreadPoolExecutor
from vigil.log import log
with ThreadPoolExecutor(16) as pool:
    list(pool.map(lambda n: log("x" * 3000, number=n), range(2000)))
"""


def test_lines_of_many_threads_stay_whole() -> None:
    """Sixteen threads of a function write at once: every line is one event, none is lost."""
    run = subprocess.run([sys.executable, "-c", WRITE], capture_output=True, text=True, check=True)
    events = [json.loads(line) for line in run.stdout.splitlines()]
    assert sorted(event["number"] for event in events) == list(range(2000))
