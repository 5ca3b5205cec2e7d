"""What the demo shows: a line a month, the newest forecast, how good all were, where to look."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from vigil import datasets, screen
from vigil.cloud import Cloud
from vigil.local.replays import Replay
from vigil.steps.publish import fetch

MONTH = """
SELECT
  (SELECT COUNT(*) FROM observations WHERE dataset = @dataset AND issued_at >= @since) AS known,
  (SELECT COUNT(*) FROM publications WHERE dataset = @dataset AND issued_at >= @since) AS forecasts,
  (SELECT champion FROM heads WHERE dataset = @dataset) AS champion
"""
SKILL = """
SELECT n, wis, naive_wis, skill, skill_low, skill_high, coverage50, coverage95
FROM accuracy
WHERE dataset = @dataset AND vintage_kind = 'known' AND period = 'week'
  AND horizon IS NULL AND series IS NULL AND phase IS NULL
"""
NEXT = """
SELECT
  f.series, a.actual AS last_week, f.median AS next_week,
  f.low50, f.high50, f.low95, f.high95, f.phase
FROM latest_forecasts AS f
LEFT JOIN latest_forecasts AS a
  ON f.dataset = a.dataset AND f.source = a.source AND f.target = a.target AND f.period = a.period
  AND f.series = a.series AND a.target_date = DATE_SUB(f.target_date, INTERVAL 7 DAY)
WHERE f.dataset = @dataset AND f.period = 'week' AND f.horizon = 1
ORDER BY f.median DESC
LIMIT 12
"""
CHART = """
SELECT actual, median, low50, high50, low95, high95
FROM latest_forecasts
WHERE dataset = @dataset AND series = @series AND period = 'week'
  AND target_date >= DATE_SUB(reference_date, INTERVAL 364 DAY)
ORDER BY target_date
"""
QUERIES = """
SELECT series, target_date, median, low95, high95, phase FROM latest_forecasts \
WHERE period = 'week' AND horizon = 1 ORDER BY median DESC LIMIT 5
SELECT horizon, n, skill, skill_low, skill_high, coverage95 FROM accuracy \
WHERE period = 'week' AND vintage_kind = 'known' AND series IS NULL AND phase IS NULL \
ORDER BY horizon
SELECT series, date, value, issued_at FROM observations \
WHERE date = '{day}' ORDER BY series, issued_at LIMIT 20
"""


def say(text: str) -> None:
    """A line as it is."""
    screen.out.print(text, soft_wrap=True, highlight=False)


def month(name: str, days: Sequence[date], replay: Replay, cloud: Cloud) -> None:
    """What came in, what was forecast, who serves, how good it has been so far."""
    since = datetime.combine(days[0], time.min)
    [row] = cloud.warehouse.rows(MONTH, dataset=replay.dataset, since=since)
    serves = row["champion"] or "seasonal naive"
    said = f"{_count(len(days), 'vintage')}, {row['known']:>5,} values new or revised; "
    said += f"{_count(row['forecasts'], 'forecast')}; {serves} serves"
    found = cloud.warehouse.rows(SKILL, dataset=replay.dataset)
    say(f"{name}  {said}{_so_far(found)}")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _so_far(rows: Sequence[dict[str, Any]]) -> str:
    if not rows or rows[0]["skill"] is None:
        return ""
    return f"; skill so far {rows[0]['skill']:+.2f} ({rows[0]['n']:,} forecasts scored)"


def forecast(replay: Replay, cloud: Cloud) -> None:
    """The newest forecast: next week everywhere, and one place's year with what may follow."""
    screen.out.print()
    rows = cloud.warehouse.rows(NEXT, dataset=replay.dataset)
    screen.table(rows, f"Next week's {replay.target}, forecast on {replay.days[-1]}")
    weeks = cloud.warehouse.rows(CHART, dataset=replay.dataset, series=replay.series)
    past = [max(0.0, row["actual"]) for row in weeks if row["actual"] is not None]
    screen.out.print()
    title = f"{replay.series}: {replay.target} a week, a year and what may follow"
    screen.fan(title, past, [row for row in weeks if row["actual"] is None])


def skill(replay: Replay, cloud: Cloud) -> None:
    """Every published forecast that has settled, against seasonal naive's beside it."""
    screen.out.print()
    [row] = cloud.warehouse.rows(SKILL, dataset=replay.dataset) or [{}]
    if row.get("skill") is None:
        say("No forecast has settled: there is no skill to tell.")
        return
    low, high = (row[f"skill_{end}"] for end in ("low", "high"))
    sure = f" (90% interval {low:+.2f} to {high:+.2f})" if low is not None else ""
    say(
        f"Skill against seasonal naive: {row['skill']:+.2f}{sure}. WIS {row['wis']:,.1f} against"
        f" {row['naive_wis']:,.1f},\n{row['n']:,} weekly forecasts, each scored once, against what"
        " was known when it had settled.\nThe 50% band held"
        f" {row['coverage50']:.0%} of what came, the 95% band {row['coverage95']:.0%}."
    )


def report(replay: Replay, cloud: Cloud, folder: Path) -> Path:
    """The report that predict published of the newest forecast, as a plain file."""
    return fetch(datasets.load(replay.dataset), cloud, folder / "report.html")


def further(replay: Replay, folder: Path, report: Path) -> None:
    """What to type next, word for word."""
    home = _short(folder)
    say(f"\nThe report, one file that opens in a browser:\n  {_short(report)}")
    say("\nThree queries to try, in this folder:")
    say(f"  export VIGIL_HOME={home} VIGIL_DATASETS={home}/datasets")
    for query in QUERIES.strip().splitlines():
        say(f'  .venv/bin/vigil query "{query.format(day=replay.days[1] - timedelta(days=1))}"')
    say(f"Every other command works there, too, such as .venv/bin/vigil models {replay.dataset}")


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
