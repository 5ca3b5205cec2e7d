"""Settling: outcomes frozen when they settle, and every forecast of them scored once.

A commit moves `heads.scored_at` to the Tick's moment. It scores what settled since, of all that
is published, and what had settled before, of the forecast that it publishes itself: so no
forecast is scored twice, and none is missed, in whatever order Ticks and backfills come.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from vigil import tables
from vigil.commit import Head, Statement
from vigil.datasets import Anomaly, Dataset
from vigil.models.seasonal_naive import NAME as BASELINE
from vigil.origins import end_of
from vigil.scoresql import scores
from vigil.steps.outlook import GAP
from vigil.warehouse import Warehouse

DAY = timedelta(days=1)
TOGETHER = (16, 8, 4, 2, 1)  # outcomes' days in one statement: few that differ are ever sent


@dataclass(frozen=True)
class Settling:
    """What a commit at a moment has to settle and to score."""

    dataset: Dataset
    head: Head
    as_of: datetime
    publication: str = ""  # that the commit makes
    own: tuple[date, date] | None = None  # its oldest and its newest reference date

    @cached_property
    def day(self) -> date:
        """The last day that is over; it never goes back."""
        moment = max(self.as_of, self.head.scored_at or self.as_of)
        return last_day(moment)

    @cached_property
    def before(self) -> date | None:
        """The day up to which all that was published is scored."""
        return last_day(self.head.scored_at) if self.head.scored_at else None

    @property
    def references(self) -> tuple[date, date] | None:
        """Of the forecasts that there may be something to score of."""
        spans = [one for one in (self._open, self.own) if one]
        return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None

    @property
    def _open(self) -> tuple[date, date] | None:
        """Of those published before."""
        if self.before is None or self.head.reference_date is None:
            return None
        settles = max(one.settle_days for one in self.dataset.targets.values())
        return self.before - timedelta(days=settles) - self._ahead, self.head.reference_date

    @property
    def _ahead(self) -> timedelta:
        return timedelta(days=self.dataset.horizon)

    def days(self, settle_days: int) -> list[date]:
        """The dates whose numbers settle, of a target that takes so many days: oldest first."""
        last = self.day - timedelta(days=settle_days)
        spans = []
        if self.before is not None and self.head.reference_date is not None:
            spans.append((last - (self.day - self.before), self.head.reference_date))
        if self.own:
            spans.append(self.own)
        return sorted({day for span in spans for day in self._ahead_of(*span, last)})

    def _ahead_of(self, after: date, reference: date, last: date) -> Iterator[date]:
        """The days after one, as far as a forecast from the reference date goes."""
        until = min(last, reference + self._ahead)
        yield from (after + DAY * n for n in range(1, (until - after).days + 1))

    @property
    def due(self) -> bool:
        """Whether there is anything to settle."""
        return any(self.days(one.settle_days) for one in self.dataset.targets.values())

    def statements(self, warehouse: Warehouse) -> Iterator[Statement]:
        """Outcomes first, then the scores of what they decide."""
        if not self.due or self.references is None:
            return
        there = self._settled(warehouse)
        chosen = [
            (target, day)
            for target, measure in self.dataset.targets.items()
            for day in self.days(measure.settle_days)
            if (target, day) not in there
        ]
        for number, some in enumerate(together(chosen)):
            yield self._outcomes(some, f"o{number}x{len(some)}", warehouse.name)
        yield self._scores()

    def _settled(self, warehouse: Warehouse) -> set[tuple[str, date]]:
        """Outcomes that are frozen already."""
        days = [d for one in self.dataset.targets.values() for d in self.days(one.settle_days)]
        rows = warehouse.rows(
            "SELECT DISTINCT target, target_date FROM outcomes WHERE dataset = @dataset "
            "AND target_date BETWEEN @first AND @last",
            dataset=self.dataset.name,
            first=min(days),
            last=max(days),
        )
        return {(row["target"], row["target_date"]) for row in rows}

    def _outcomes(self, chosen: Sequence[tuple[str, date]], name: str, warehouse: str) -> Statement:
        """Each date as it was known when it settled."""
        parameters: dict[str, Any] = {}
        parts = []
        for number, (target, day) in enumerate(chosen):
            here = f"{name}_{number}"
            settled = end_of(day + timedelta(days=self.dataset.targets[target].settle_days))
            parameters |= {
                f"{here}_t": target,
                f"{here}_d": day,
                f"{here}_m": settled,
                f"{here}_s": day - timedelta(days=GAP),
            }
            parts.append(
                "SELECT dataset, source, target, series, period, date AS target_date, "
                f"value AS actual, @{here}_m AS known_at "
                f"FROM `{warehouse}.actuals_asof`(@{here}_m, @{here}_s) "
                f"WHERE dataset = @dataset AND target = @{here}_t AND date = @{here}_d"
            )
        columns = ", ".join(tables.load("outcomes").columns)
        body = "\n  UNION ALL ".join(parts)
        return Statement(f"INSERT INTO outcomes ({columns})\n  {body}", parameters)

    def _scores(self) -> Statement:
        assert self.references is not None  # noqa: S101  statements() has looked
        first, last = self.references
        unscored, listed = anomalies(self.dataset.anomalies)
        columns = ", ".join(tables.load("scores").columns)
        common = ("dataset", "source", "target", "series", "period", "target_date")
        same = " AND ".join(f"f.{name} = o.{name}" for name in common)
        beside = " AND ".join(f"f.{name} = n.{name}" for name in ("publication", *common))
        logs = "f.non_negative AND f.flag IS NULL"
        ours = scores("f", "f.actual", logs=logs)
        naive = scores("n", "f.actual", logs=logs, prefix="naive_")
        sql = f"""INSERT INTO scores ({columns})
  WITH due AS (
    SELECT
      f.*, m.non_negative, o.actual AS known,
      TIMESTAMP_SUB(
        TIMESTAMP(DATE_ADD(f.target_date, INTERVAL m.settle_days + 1 DAY)), INTERVAL 1 MICROSECOND
      ) AS known_at,
      CASE
        WHEN o.actual IS NULL THEN 'missing'
        WHEN m.non_negative AND o.actual < 0 THEN 'negative'
        WHEN {unscored} THEN 'anomaly'
      END AS flag
    FROM forecasts AS f
    JOIN measures AS m ON f.dataset = m.dataset AND f.source = m.source AND f.target = m.target
    LEFT JOIN outcomes AS o ON {same} AND o.target_date BETWEEN @s_first AND @s_until
    WHERE f.dataset = @dataset AND f.serves AND f.reference_date BETWEEN @s_first AND @s_last
      AND f.target_date <= DATE_SUB(@s_day, INTERVAL m.settle_days DAY)
      AND (
        f.publication = @s_publication
        OR f.target_date > DATE_SUB(@s_before, INTERVAL m.settle_days DAY)
      )
  ),
  open AS (SELECT *, IF(flag IS NULL, known, NULL) AS actual FROM due)
  SELECT
  f.dataset, f.source, f.target, f.series, f.period, f.reference_date, f.horizon, f.target_date,
  f.phase, f.model, f.version, f.vintage, f.issued_at, f.publication,
  f.known AS actual, f.known_at, f.flag,
  {ours},
  {naive}
  FROM open AS f
  LEFT JOIN forecasts AS n
    ON {beside} AND n.model = '{BASELINE}' AND n.reference_date BETWEEN @s_first AND @s_last"""
        parameters = {
            "s_first": first,
            "s_last": last,
            "s_until": last + self._ahead,
            "s_day": self.day,
            "s_before": self.before or self.day,
            "s_publication": self.publication,
        }
        return Statement(sql, {**parameters, **listed})


def together[T](all_of: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut into as many as may stand together, and what is left into halves of that."""
    done = 0
    for size in TOGETHER:
        while len(all_of) - done >= size:
            yield all_of[done : done + size]
            done += size


def anomalies(listed: Sequence[Anomaly]) -> tuple[str, dict[str, Any]]:
    """When a forecast is of days that say nothing; one of a sum with such a member is, too."""
    said, parameters = ["FALSE"], dict[str, Any]()
    for number, one in enumerate(listed):
        here = f"a{number}"
        parameters |= {f"{here}_t": one.target, f"{here}_f": one.first, f"{here}_l": one.last}
        places = ""
        if one.series:
            parameters[f"{here}_s"] = one.series
            places = (
                f" AND (f.series = @{here}_s OR f.series IN (SELECT aggregate FROM members "
                f"WHERE dataset = @dataset AND target = @{here}_t AND series = @{here}_s))"
            )
        said.append(
            f"(f.target = @{here}_t{places} AND f.target_date >= @{here}_f AND CASE f.period "
            f"WHEN 'day' THEN f.target_date <= @{here}_l "
            f"WHEN 'week' THEN DATE_SUB(f.target_date, INTERVAL 6 DAY) <= @{here}_l "
            f"ELSE f.reference_date < @{here}_l END)"
        )
    return " OR ".join(said), parameters


def last_day(moment: datetime) -> date:
    """The last day that is over at a moment; UTC."""
    return (moment.astimezone(UTC) + timedelta(microseconds=1)).date() - DAY
