"""Plots of forecasts that people look at: how a training did, and how sure it was."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from vigil import fans, outcomes, scoring
from vigil.canvas import BLUE, DASHED, GREY, INK, ORANGE, Parts, importance, panels, with_legend
from vigil.dossier import Dossier
from vigil.models import seasonal_naive
from vigil.panel import DAY

BANDS = (
    ("q025", "q975", "95%", "#d3e4f3"),
    ("q100", "q900", "80%", "#9fc6e6"),
    ("q250", "q750", "50%", "#5b9fd3"),
)
BINS = 10
HISTORY, LEAST = 4, 60 * DAY  # shown before the origin: so often the time ahead


def all_of(dossier: Dossier, rows: Sequence[Mapping[str, Any]]) -> dict[str, Figure]:
    """By the name of their file; what there is nothing to show of is left out."""
    recipe = dossier.said["recipe"]
    made = {
        "fan": fan(dossier.fan),
        "wis_by_horizon": wis(rows, recipe, dossier.said["params"]["grain"]),
        "pit": pit(dossier.scores, recipe),
        "importance": importance(dossier.said.get("importance") or {}, "the gain"),
    }
    return {name: figure for name, figure in made.items() if figure is not None}


def fan(found: pa.Table) -> Figure | None:
    """What the last judged origin said of the largest series, and what came."""
    names = ["target", "source", "series"]
    keys = found.group_by(names, use_threads=False).aggregate([]).select(names).to_pylist()
    parts = [
        (f"{one['target']}, {one['source']}: {one['series']}", part)
        for one in keys
        if np.isfinite((part := outcomes.where(found, one))["q500"].to_numpy()).any()
    ]
    figure, axes = panels(parts, "The last judged forecast, and what came")
    for axis, (_, part) in zip(axes, parts, strict=True):
        _fan(axis, part.sort_by("date"))
    return with_legend(figure, axes)


def _fan(axis: Axes, part: pa.Table) -> None:
    of = {name: np.asarray(part[name].to_numpy(), float) for name in ("actual", *fans.SHOWN)}
    dates = part["date"].to_numpy().astype("datetime64[D]")
    ahead = np.isfinite(of["q500"])
    origin = dates[ahead][0]
    before = ~ahead & (dates >= origin - max(HISTORY * (dates[ahead][-1] - origin), LEAST))
    for low, high, share, colour in BANDS:
        axis.fill_between(
            dates[ahead], of[low][ahead], of[high][ahead], color=colour, lw=0, label=share
        )
    axis.plot(dates[ahead], of["q500"][ahead], color=BLUE, lw=2, label="median")
    axis.plot(dates[before], of["actual"][before], color=INK, lw=1.3, label="known then")
    came = of["actual"][ahead]
    axis.plot(dates[ahead], came, "o", color=ORANGE, ms=4.5, mec="white", mew=0.7, label="came")
    axis.axvline(origin, color=GREY, lw=0.8, ls=DASHED)
    if not (of["actual"] < 0).any():
        axis.set_ylim(bottom=0)
    locator = AutoDateLocator(minticks=3, maxticks=6)
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axis.xaxis.get_offset_text().set(color=GREY, size=8.5)


def wis(rows: Sequence[Mapping[str, Any]], recipe: str, grain: str) -> Figure | None:
    """The weighted interval score of each step ahead."""
    parts = _groups(row for row in rows if row["horizon"] != outcomes.ALL)
    figure, axes = panels(parts, f"Weighted interval score by {grain}s ahead; lower is better")
    for axis, (_, own) in zip(axes, parts, strict=True):
        _line(axis, own, seasonal_naive.NAME, color=ORANGE, ls=DASHED)
        _line(axis, own, recipe, color=BLUE)
        axis.set_ylim(bottom=0)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.set_xlabel(f"{grain}s ahead", color=GREY, size=9)
    return with_legend(figure, axes)


def _line(axis: Axes, rows: Iterable[Mapping[str, Any]], model: str, **how: Any) -> None:
    own = [row for row in rows if row["model"] == model]
    days, scores = [row["horizon"] for row in own], [row["wis"] for row in own]
    axis.plot(days, scores, lw=2, label=model, marker="o", ms=3, **how)


def pit(scores: pa.Table, recipe: str) -> Figure | None:
    """Where in its distribution lay what came: even where intervals are honest."""
    own = outcomes.where(scores, {"model": recipe})
    parts = _groups({**group, "levels": part["pit"]} for group, part in outcomes.groups(own))
    figure, axes = panels(parts, "Where what came lay in its forecast; even is honest")
    for axis, (_, [one]) in zip(axes, parts, strict=True):
        shares = scoring.pit_histogram(one["levels"].to_numpy(), BINS)
        axis.bar((np.arange(BINS) + 0.5) / BINS, shares, 0.92 / BINS, color=BLUE)
        axis.axhline(1 / BINS, color=ORANGE, lw=1.5, ls=DASHED, label="even")
        axis.set_xlim(0, 1)
        axis.set_ylim(0, max(2 / BINS, 1.15 * float(shares.max())))
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axis.set_xlabel("0: below all of its forecast, 1: above all of it", color=GREY, size=9)
    return with_legend(figure, axes)


def _groups(rows: Iterable[Mapping[str, Any]]) -> Parts:
    """By what a panel shows: a measure of a source, known or thought to have been known."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        title = f"{row['target']}, {row['source']} ({row['vintage_kind']} vintages)"
        found.setdefault(title, []).append(row)
    return list(found.items())
