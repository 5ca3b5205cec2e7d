"""The past days from which a backtest forecasts, and what was known on each."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

Kind = Literal["known", "pseudo"]
WEEK = timedelta(weeks=1)
SUNDAY = 6
HISTORY = timedelta(days=120)  # before a forecast: models need as much to learn from


@dataclass(frozen=True)
class Origin:
    """A day by whose end so much was known: as a vintage says, or as one is thought to have."""

    day: date
    kind: Kind
    reference: date  # the last day with a value

    @property
    def moment(self) -> datetime:
        """The end of the day."""
        return end_of(self.day)


@dataclass(frozen=True)
class Publications:
    """What the vintages of one measure brought: moments in order, and the last date each knew."""

    moments: Sequence[datetime]
    last_dates: Sequence[date]
    lag: timedelta  # from a date to its publication

    @property
    def last_date(self) -> date:
        """The newest date that any brought."""
        return max(self.last_dates)

    def by(self, day: date) -> Origin:
        """What was known by the end of a day."""
        count = bisect_right(self.moments, end_of(day))
        if count:
            return Origin(day, "known", max(self.last_dates[:count]))
        return Origin(day, "pseudo", min(day - self.lag, self.last_dates[0]))


def end_of(day: date) -> datetime:
    """The last moment of a day."""
    return datetime.combine(day, time.max, UTC)


def weekly(
    known: Publications, first: date, settled: date, ahead: timedelta, count: int
) -> list[Origin]:
    """The newest so many Sundays whose whole horizon is settled, oldest first.

    A Sunday by which nothing newer was known than the week before is none: it would be the same
    forecast again.
    """
    last = max(*known.last_dates, known.moments[-1].date())
    day = last - timedelta(days=(last.weekday() - SUNDAY) % 7)
    found: list[Origin] = []
    while len(found) < count and (one := known.by(day)).reference - HISTORY >= first:
        day -= WEEK
        if one.reference + ahead <= settled and one.reference > known.by(day).reference:
            found.append(one)
    return found[::-1]
