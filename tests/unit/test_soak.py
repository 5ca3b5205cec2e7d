"""Every long test is in a part of `make soak`."""

import re
from pathlib import Path

from scripts.soak import PARTS

ROOT = Path(__file__).parents[2]
LONG = re.compile(r"mark\.soak\b|\bsoaked\(|\bsized\(")


def test_every_file_with_long_tests_is_in_a_part():
    """One that is in none would be run by nobody."""
    parts = {word for part in PARTS.values() for word in part.command}
    files = (ROOT / "tests").rglob("test_*.py")
    long = {f"{file.relative_to(ROOT)}" for file in files if LONG.search(file.read_text())}
    assert long - {f"{Path(__file__).relative_to(ROOT)}"} <= parts


def test_every_file_of_a_part_is_there():
    """A part that names what is not there would fail after an hour."""
    named = {word for part in PARTS.values() for word in part.command if word.endswith(".py")}
    assert [word for word in named if not (ROOT / word).is_file()] == []
