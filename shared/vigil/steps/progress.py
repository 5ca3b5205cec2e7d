"""How far a long piece of work is: so many of so many."""

from collections.abc import Callable

Progress = Callable[[int, int], None]


def quiet(_done: int, _total: int) -> None:
    """Nobody listens."""
