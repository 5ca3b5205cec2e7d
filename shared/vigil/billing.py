"""What BigQuery bills for the queries of an attempt."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class Bill:
    """The queries so far; what each cost is asked when it is told."""

    asked: list[Callable[[], int | None]] = field(default_factory=list)
    known: int | None = 0

    def told(self) -> int | None:
        """Bytes billed so far; none once BigQuery does not say."""
        asked, self.asked = self.asked, []
        with ThreadPoolExecutor(max_workers=8) as pool:
            found = list(pool.map(lambda ask: ask(), asked))
        for one in found:
            self.known = None if self.known is None or one is None else self.known + one
        return self.known


_open: ContextVar[Bill | None] = ContextVar("bill", default=None)


def start() -> Bill:
    """A new bill: from now on queries of this thread stand on it."""
    bill = Bill()
    _open.set(bill)
    return bill


def note(ask: Callable[[], int | None]) -> None:
    """A query was run; *ask* finds out what it cost."""
    if bill := _open.get():
        bill.asked.append(ask)
