"""What is long by nature comes in two sizes: a little of it in `make test`, all in `make soak`."""

import os
from typing import Any

import pytest

SOAK = os.environ.get("VIGIL_SOAK") == "1"


def sized[T](test: T, soak: T) -> T:
    """The size for this run."""
    return soak if SOAK else test


def soaked(*values: Any) -> Any:
    """Parameters of a test that belong to the soak alone."""
    return pytest.param(*values, marks=pytest.mark.soak)
