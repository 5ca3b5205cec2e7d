"""Plots of classifiers: does what they say come, and for whom do they do worse."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator, PercentFormatter

from vigil import outcomes
from vigil.canvas import BLUE, DASHED, GREY, INK, ORANGE, PALE, importance, panels, with_legend
from vigil.classify.fitting import BASELINE
from vigil.dossier import Dossier

OTHERS = ("#009e73", "#6b7785", "#cc79a7")  # lines beside the recipe's
VALUES = 14  # of a group, the largest
Row = Mapping[str, Any]


def all_of(dossier: Dossier, rows: Sequence[Row]) -> dict[str, Figure]:
    """By the name of their file; what there is nothing to show of is left out."""
    recipe = dossier.said["recipe"]
    own = [row for row in rows if row["model"] == recipe and row["split"] == "crossed"]
    lines = partial(_lines, dossier.fan, recipe)
    made = {
        "reliability": reliability(lines("reliability")),
        "roc": roc(lines("roc")),
        "precision_recall": precision_recall(lines("precision_recall"), own),
        "calibration_by_group": by_group(own, "Yes by group: what was said, and what came", SAID),
        "errors_by_group": by_group(own, "By group: yes that was found, and false alarms", ERRORS),
        "importance": importance(dossier.said.get("importance") or {}, "what moves records"),
    }
    return {name: figure for name, figure in made.items() if figure is not None}


SAID = {"share": ("came", ORANGE), "mean_probability": ("said", BLUE)}
ERRORS = {
    "found": ("found, of all yes", BLUE),
    "false_alarms": ("false alarms, of all no", ORANGE),
}


def _lines(curves: pa.Table, recipe: str, curve: str) -> dict[str, list[Row]]:
    """The points of each model, in order, the recipe's first; the baseline knows no order."""
    own = outcomes.where(curves, {"curve": curve}).sort_by("position").to_pylist()
    models = {row["model"] for row in own} - {BASELINE}
    names = sorted(models, key=lambda one: (one != recipe, one))
    return {name: [row for row in own if row["model"] == name] for name in names}


def reliability(lines: Mapping[str, Sequence[Row]]) -> Figure | None:
    """What was said against what came; a dot is so many records."""
    counts = [row["n"] for rows in lines.values() for row in rows]
    parts = [(f"share of yes; a dot is {_span(counts)} records", lines)] if counts else []
    figure, axes = panels(parts, "Where 30% is said, 30% should be yes")
    for axis in axes:
        _square(axis)
        axis.plot([0, 1], [0, 1], color=ORANGE, lw=1.5, ls=DASHED, label="even")
        _draw(axis, lines, marker="o")
        axis.set_xlabel("probability that was said", color=GREY, size=9)
    return with_legend(figure, axes)


def _span(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def roc(lines: Mapping[str, Sequence[Row]]) -> Figure | None:
    """Of all yes those found, against false alarms of all no, at every threshold."""
    figure, axes = panels(
        [("of all yes: found", lines)] if lines else [], "Found against false alarms (ROC)"
    )
    for axis in axes:
        _square(axis)
        axis.plot([0, 1], [0, 1], color=ORANGE, lw=1.5, ls=DASHED, label="by chance")
        _draw(axis, lines)
        axis.set_xlabel("of all no: false alarms", color=GREY, size=9)
    return with_legend(figure, axes)


def precision_recall(lines: Mapping[str, Sequence[Row]], own: Iterable[Row]) -> Figure | None:
    """How many of the alarms were right, against how many yes were found."""
    figure, axes = panels(
        [("of all alarms: right", lines)] if lines else [], "Precision and recall"
    )
    for axis in axes:
        _square(axis)
        for row in own:
            if not row["field"]:
                axis.axhline(row["share"], color=ORANGE, lw=1.5, ls=DASHED, label="by chance")
        _draw(axis, lines)
        axis.set_xlabel("of all yes: found", color=GREY, size=9)
    return with_legend(figure, axes)


def by_group(
    rows: Iterable[Row], title: str, shown: Mapping[str, tuple[str, str]]
) -> Figure | None:
    """Dots a group, and a line between them."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        if row["field"] and all(row.get(name) is not None for name in shown):
            parts.setdefault(row["field"], []).append(row)
    figure, axes = panels(list(parts.items()), title)
    for axis, own in zip(axes, parts.values(), strict=True):
        _dots(axis, sorted(own, key=lambda row: row["n"])[-VALUES:], shown)
    return with_legend(figure, axes)


def _dots(axis: Axes, rows: Iterable[Row], shown: Mapping[str, tuple[str, str]]) -> None:
    """In the order of their names, each with its number of records."""
    own = sorted(rows, key=lambda row: row["value"], reverse=True)
    places = range(len(own))
    for at, row in enumerate(own):
        axis.plot([row[name] for name in shown], [at] * len(shown), color=PALE, lw=3, zorder=1)
    for name, (label, colour) in shown.items():
        said = [row[name] for row in own]
        axis.plot(said, places, "o", color=colour, ms=7, mec="white", mew=0.7, label=label)
    axis.set_yticks(places, [f"{row['value'] or 'blank'} ({row['n']:,})" for row in own], color=INK)
    axis.grid(visible=False, axis="y")
    axis.grid(axis="x", color=PALE, lw=0.7)
    axis.tick_params(axis="y", length=0)
    axis.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.set_xlim(0, 1)
    axis.margins(y=0.08)


def _draw(axis: Axes, lines: Mapping[str, Sequence[Row]], **how: Any) -> None:
    """The recipe's above those beside it."""
    colours = (BLUE, *OTHERS)
    for at, (name, rows) in enumerate(lines.items()):
        colour, width = colours[min(at, len(OTHERS))], 2 if at == 0 else 1.2
        x, y = ([row[one] for row in rows] for one in "xy")
        axis.plot(x, y, color=colour, lw=width, ms=4, label=name, zorder=9 - at, **how)


def _square(axis: Axes) -> None:
    """Shares both ways."""
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    for one in (axis.xaxis, axis.yaxis):
        one.set_major_locator(MultipleLocator(0.2))
        one.set_major_formatter(PercentFormatter(1, decimals=0))
