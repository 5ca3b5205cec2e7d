"""Replays: a year of a small dataset, file by file, as each stood on its day."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent
WEEK, FORTNIGHT = timedelta(weeks=1), timedelta(weeks=2)


@dataclass(frozen=True)
class Replay:
    """A dataset, the days on which it was published, and its files as of any of them."""

    dataset: str  # its file lies beside this one
    days: Sequence[date]
    trainings: Sequence[date]
    files: Callable[[date], dict[str, str]]  # source -> its text, as known at the end of a day
    target: str  # what is forecast
    series: str  # the one that is shown
    said: str  # what it is, in a sentence

    @property
    def file(self) -> Path:
        """The dataset's file."""
        return HERE / f"{self.dataset}.yaml"

    def publish(self, day: date, folder: Path) -> None:
        """Put the files of a day where the functions look for the sources."""
        place = folder / self.dataset
        place.mkdir(parents=True, exist_ok=True)
        for source, text in self.files(day).items():
            fresh = place / f"{source}.new"
            fresh.write_text(text, encoding="utf-8", newline="\n")
            fresh.replace(place / f"{source}.csv")


def sundays(first: date, last: date, every: timedelta = WEEK) -> list[date]:
    """Sundays between two days, the last one among them."""
    day = last - timedelta((last.weekday() - 6) % 7)
    return [day - n * every for n in range((day - first) // every + 1)][::-1]
