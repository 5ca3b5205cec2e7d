"""Lanes: a process works on one delivery of a step and dataset at a time, and knows its duplicates.

That is a shortcut for floods, and nothing depends on it: `heads` is the guard, between processes
and for whatever is not remembered here.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from vigil.deadline import Deadline
from vigil.errors import Transient
from vigil.messages import Tick

FEW = 4  # times a Tick is worked on however alike: only a flood is worth a shortcut
LIFE = 60.0  # seconds that a memory holds
MOST = 256  # moments remembered at a time
PAUSE = 10.0  # seconds between two rows about duplicates


@dataclass(frozen=True)
class Work:
    """What was done of one moment: since when, and how often."""

    began: datetime  # by the clock: it saw all that was published before
    times: int
    until: float = field(default_factory=lambda: time.monotonic() + LIFE)


@dataclass
class Lane:
    """The deliveries of one step and dataset in this process."""

    working: Lock = field(default_factory=Lock)
    done: dict[datetime | None, Work] = field(default_factory=dict)
    counting: Lock = field(default_factory=Lock)
    spared: int = 0  # duplicates since the last row about them
    next_row: float = 0.0

    @contextmanager
    def alone(self, deadline: Deadline) -> Iterator[None]:
        """Wait until no other delivery is worked on, but not past the deadline."""
        if not self.working.acquire(timeout=deadline.left()):
            raise Transient("another delivery took all the time there was")
        try:
            yield
        finally:
            self.working.release()

    def duplicate(self, tick: Tick, published: datetime) -> bool:
        """Whether work of this process began, and ended well, after the message was published."""
        work = self.done.get(_moment(tick))
        return (
            work is not None
            and work.times >= FEW
            and published <= work.began
            and time.monotonic() < work.until
        )

    def remember(self, tick: Tick, began: datetime) -> None:
        """The work on a Tick has ended well, its next message sent."""
        before = self.done.pop(_moment(tick), None)
        fresh = before is not None and time.monotonic() < before.until
        self.done[_moment(tick)] = Work(began, before.times + 1 if before and fresh else 1)
        while len(self.done) > MOST:
            del self.done[next(iter(self.done))]

    def spare(self) -> int:
        """Count a duplicate; now and then, how many there were since a row told of them."""
        with self.counting:
            self.spared += 1
            if time.monotonic() < self.next_row:
                return 0
            self.next_row, counted, self.spared = time.monotonic() + PAUSE, self.spared, 0
            return counted


_lanes: dict[tuple[str, str], Lane] = {}


def lane(step: str, dataset: str) -> Lane:
    """One for the life of the process. Datasets have files: there are few."""
    return _lanes.setdefault((step, dataset), Lane())


def _moment(tick: Tick) -> datetime | None:
    """Ticks without a moment of their own differ by nothing but their time of publication."""
    return tick.as_of if tick.declared else None
