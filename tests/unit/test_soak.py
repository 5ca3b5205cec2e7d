"""Every long test is in a part of `make soak`."""

import re
from pathlib import Path

from scripts.soak import PARTS

from sizes import LONG

ROOT = Path(__file__).parents[2]
SIZED = re.compile(r"\bsized\(test=")


def test_every_file_with_long_tests_is_in_a_part(pytestconfig):
    """One that is in none would be run by nobody. Of the files that this run has looked at."""
    parts = {ROOT / word for part in PARTS.values() for word in part.command}
    sized = {file for file in (ROOT / "tests").rglob("test_*.py") if SIZED.search(file.read_text())}
    assert sized | pytestconfig.stash[LONG] <= parts


def test_every_file_of_a_part_is_there():
    """A part that names what is not there would fail after an hour."""
    named = {word for part in PARTS.values() for word in part.command if word.endswith(".py")}
    assert [word for word in named if not (ROOT / word).is_file()] == []
