"""What is long by nature comes in two sizes: a little of it in `make test`, all in `make soak`."""

import os
from pathlib import Path
from typing import Any

import pytest

SOAK = os.environ.get("VIGIL_SOAK") == "1"
LONG = pytest.StashKey[set[Path]]()  # the files that have tests of the soak


def sized[T](test: T, soak: T) -> T:
    """The size for this run."""
    return soak if SOAK else test


def soaked(*values: Any) -> Any:
    """Parameters of a test that belong to the soak alone."""
    return pytest.param(*values, marks=pytest.mark.soak)
