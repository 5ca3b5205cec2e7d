"""What is long by nature comes in two sizes: a little of it in `make test`, all in `make soak`."""

import os

SOAK = os.environ.get("VIGIL_SOAK") == "1"


def sized[T](test: T, soak: T) -> T:
    """The size for this run."""
    return soak if SOAK else test
