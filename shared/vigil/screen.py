"""What people see in a terminal: tables, a chart, progress. Colours only on a terminal."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # a command that shows no forecast does not wait for numbers
    import pyarrow as pa

    from vigil.datasets import Dataset
    from vigil.panel import Panel

out = Console(markup=False)
err = Console(stderr=True, markup=False)
Row = Mapping[str, Any]
HEIGHT = 12


def print_json(value: object) -> None:
    """One JSON value on stdout, as it is, whatever the terminal's width."""
    out.file.write(json.dumps(value, default=_plain, allow_nan=False, ensure_ascii=False) + "\n")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def show_erased(name: str, counts: Mapping[str, int], *, as_json: bool) -> None:
    """What was removed, by place, and what is not yet gone."""
    left = (
        "Models that learnt from this person keep a statistical trace until the next training: "
        f"vigil train {name}. What the cloud itself keeps, and for how long: docs/privacy.md"
    )
    if as_json:
        print_json({"dataset": name, "removed": counts, "remains": left})
        return
    table([{"place": place, "removed": count} for place, count in counts.items()])
    out.print(left, soft_wrap=True)


def plain_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows with null for what JSON has no number for."""
    return [
        {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in row.items()
        }
        for row in rows
    ]


def table(rows: Sequence[Row], title: str = "", most: int = 40) -> None:
    """Rows as a table, at most so many."""
    if not rows:
        out.print(f"{title}: none" if title else "no rows")
        return
    shown = Table(
        title=Text(title) if title else None, title_justify="left", header_style="bold", box=None
    )
    for name in rows[0]:
        right = any(isinstance(row[name], int | float) for row in rows[:most])
        dates = isinstance(rows[0][name], date)
        align: Literal["left", "right"] = "right" if right else "left"
        shown.add_column(name, justify=align, overflow="fold", no_wrap=right or dates)
    for row in rows[:most]:
        shown.add_row(*(Text(_cell(value)) for value in row.values()))
    out.print(shown)
    if len(rows) > most:
        out.print(f"... and {len(rows) - most} more rows", style="dim")


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"
        case int():
            return f"{value:,}"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case _:
            return str(value)


def fan(title: str, actual: Sequence[float], steps: Sequence[Row]) -> None:
    """A chart of what was and what may come: actual numbers, then median and bands."""
    top = max([*actual, *(row["high95"] for row in steps), 1e-9])
    bars = [round(value / top * HEIGHT) for value in actual]
    columns = [_column(row, top) for row in steps]
    out.print(title, style="bold")
    for level in reversed(range(HEIGHT)):
        label = f"{(level + 1) / HEIGHT * top:>10,.0f} │" if level % 3 == 2 else f"{'':>10} │"
        past = "".join("█" if bar > level else " " for bar in bars)
        future = "".join(column[level] for column in columns)
        out.print(Text.assemble(label, (past, "blue"), (future, "green")))
    out.print(f"{'':>10} └{'─' * (len(bars) + len(columns))}", highlight=False)
    said = "█ reported   ━ median   ▒ 50% band   ░ 95% band"
    out.print(f"{'':>12}{said}", style="dim", highlight=False)


def _column(row: Row, top: float) -> str:
    """One column of the fan, from the bottom up."""
    at = {b: min(HEIGHT - 1, max(0, int(row[b] / top * HEIGHT))) for b in BANDS}
    column = [" "] * HEIGHT
    for low, high, mark in (("low95", "high95", "░"), ("low50", "high50", "▒")):
        column[at[low] : at[high] + 1] = [mark] * (at[high] - at[low] + 1)
    column[at["median"]] = "━"
    return "".join(column)


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Say what goes on while it does, where somebody may be looking."""
    if not err.is_terminal:
        yield
        return
    with err.status(what):
        yield


@contextmanager
def progress() -> Iterator["Steps"]:
    """Bars for work of a known length."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=err, disable=not err.is_terminal) as bars:
        yield Steps(bars)


@contextmanager
def reported(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Bars on a terminal, lines elsewhere, nothing where nobody listens."""
    if quiet:
        yield lambda *_: None
    elif err.is_terminal:
        with progress() as bars:
            yield bars
    else:
        yield lambda what, done, total: err.print(f"{what}: {done} of {total}", highlight=False)


class Steps:
    """A bar for each kind of work."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.tasks: dict[str, Any] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        """So much of so much is done."""
        if what not in self.tasks:
            self.tasks[what] = self.bars.add_task(what)
        self.bars.update(self.tasks[what], completed=done, total=total)


BANDS = {
    "median": "q500",
    "low50": "q250",
    "high50": "q750",
    "low95": "q025",
    "high95": "q975",
}
DAYS_BEFORE = 35  # with 28 days ahead the chart fits 80 columns


def forecast_rows(found: "pa.Table", series: str | None = None) -> list[dict[str, Any]]:
    """Forecasts with the bands that people read, of one series or of all."""
    import pyarrow.compute as pc

    if series is not None and found.num_rows:
        found = found.filter(pc.equal(found["series"], series))
    names = ["target", "series", "period", "reference_date", "horizon", "target_date"]
    picked = found.select([*names, *BANDS.values(), "mean"]) if found.num_rows else found
    rows = picked.to_pylist()
    return [
        {**{n: row[n] for n in names}, **{b: row[q] for b, q in BANDS.items()}, "mean": row["mean"]}
        for row in rows
    ]


def show_forecast(rows: Sequence[Row], panel: "Panel", dataset: "Dataset") -> None:
    """The chart and the rows of the series with the most to come."""
    days = [row for row in rows if row["period"] == "day"]
    if not days:
        return
    first = next(iter(dataset.targets))
    most = max(days, key=lambda row: (row["target"] == first, row["median"]))
    chosen = [row for row in rows if all(row[n] == most[n] for n in ("target", "series"))]
    actual = _recent(panel, dataset, most)
    title = f"{most['series']}: {most['target']} a day, {DAYS_BEFORE} days and what may follow"
    fan(title, actual, [row for row in chosen if row["period"] == "day"])
    shown = ("period", "target_date", *BANDS)
    table([{name: row[name] for name in shown} for row in chosen])


BAR = 30
EIGHTHS = " ▏▎▍▌▋▊▉"


def bars(title: str, rows: Sequence[tuple[str, float]], mark: float | None = None) -> None:
    """A bar for each number, all to one scale; a line where the mark is."""
    known = [value for _, value in rows if math.isfinite(value)]
    top = max([*known, mark or 0, 1e-9])
    width = max((len(name) for name, _ in rows), default=0)
    out.print(title, style="bold")
    for name, value in rows:
        bar = _bar(value / top) if math.isfinite(value) else ""
        better = mark is None or value <= mark
        cells = list(bar.ljust(BAR + 1))
        if mark is not None and cells[at := round(mark / top * BAR)] == " ":
            cells[at] = "│"
        style = "green" if better else "red"
        out.print(Text.assemble(f"{name:>{width}} ", ("".join(cells), style), f" {_cell(value)}"))


def _bar(share: float) -> str:
    whole, rest = divmod(round(share * BAR * 8), 8)
    return "█" * whole + EIGHTHS[rest].strip()


def show_drivers(series: str, rows: Sequence[Row]) -> None:
    """For every target what moves the nearest date, as bars, and how that is on all dates."""
    for target, source in dict.fromkeys((row["target"], row["source"]) for row in rows):
        own = [row for row in rows if (row["target"], row["source"]) == (target, source)]
        days = list(dict.fromkeys(row["target_date"] for row in own))
        near = [row for row in own if row["target_date"] == days[0]]
        out.print(f"{series}: {target} of {source}, {days[0]}", style="bold", highlight=False)
        width = max(len(row["driver"]) for row in near)
        top = max(*(row["share"] for row in near), 1e-9)
        for row in near:
            style = "blue" if row["contribution"] >= 0 else "magenta"
            bar = (_bar(row["share"] / top).ljust(BAR + 1), style)
            out.print(Text.assemble(f"{row['driver']:>{width}} ", bar, f" {_signed_share(row)}"))
        shares = {(row["driver"], row["target_date"]): _signed_share(row) for row in own}
        names = list(dict.fromkeys(row["driver"] for row in own))
        by_day = [
            {"driver": name, **{str(day): shares.get((name, day), "") for day in days}}
            for name in names
        ]
        out.print("+ pushes the forecast up, - pulls it down; of all that moves it", style="dim")
        table(by_day)
        out.print()


def _signed_share(row: Row) -> str:
    return f"{'-' if row['contribution'] < 0 else '+'}{row['share']:.0%}"


def show_bands(rows: Sequence[Row]) -> None:
    """How many are how much at risk: bars for all, a table for the groups."""
    whole = [row for row in rows if not row["field"]]
    said = [(f"{row['band']}, {row['lower']:.0%} to {row['upper']:.0%}", row["n"]) for row in whole]
    if said:
        bars("How many are how much at risk; no number below ten is shown", said)
    columns = ("field", "value", "band", "n", "mean_probability")
    groups = [{name: row[name] for name in columns} for row in rows if row["field"]]
    if groups:
        table(groups, most=len(groups))


def show_backtest(rows: Sequence[Row], pits: Sequence[Row], baseline: str) -> None:
    """For every measure: the numbers, how models compare by horizon, how honest the best was."""
    for group in pits:
        same = ("target", "source", "vintage_kind")
        own = [row for row in rows if all(row[name] == group[name] for name in same)]
        title = f"{group['target']} of {group['source']}, {VINTAGE_KINDS[group['vintage_kind']]}"
        out.print(title, style="bold", highlight=False)
        for model in dict.fromkeys(row["model"] for row in own):
            picked = [row for row in own if row["model"] == model]
            numbers = [{said: row[name] for name, said in COLUMNS.items()} for row in picked]
            table(numbers, str(model), most=len(picked))
        others = [row for row in own if row["model"] != baseline]
        said = [(f"{row['model']} {row['horizon']}", row["relative_wis"]) for row in others]
        if said:
            bars(f"WIS relative to {baseline} by horizon; below 1 is better", said, mark=1.0)
        if count := len(group["shares"]):
            title = f"PIT of {group['model']}: honest forecasts are even, at {1 / count:.2g}"
            bars(title, [(f"{n / count:.1f}", share) for n, share in enumerate(group["shares"])])
        out.print()


COLUMNS = {
    "horizon": "ahead",
    **{name: name for name in ("n", "wis")},
    "relative_wis": "ratio",
    **{name: name for name in ("mae", "bias", "rmsle", "wape")},
    **{f"coverage{share}": f"{share}%" for share in (50, 80, 95)},
}
VINTAGE_KINDS = {
    "known": "from what was known",
    "pseudo": "from the first vintage, cut at what was published",
}


def _recent(panel: "Panel", dataset: "Dataset", row: Row) -> list[float]:
    """The last days' numbers of a series, up to its reference date."""
    import numpy as np

    from vigil.aggregates import members
    from vigil.panel import daily

    measure = dataset.targets[row["target"]]
    for key, one in panel.items():
        sums = members(dataset.aggregates, one.series)
        names = [name for name in sums.get(row["series"], (row["series"],)) if name in one.series]
        if key.target == row["target"] and names:
            days = daily(one, cumulative=measure.cumulative).until(
                np.datetime64(row["reference_date"])
            )
            columns = [days.series.index(name) for name in names]
            values = np.nansum(days.values[-DAYS_BEFORE:, columns], axis=1)
            return [max(0.0, float(value)) for value in values]
    return []
