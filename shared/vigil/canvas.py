"""How plots look, and those that every model has. No global state."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

INK, GREY, PALE = "#1b2733", "#6b7785", "#d9dee4"
BLUE, ORANGE = "#0b62a4", "#d55e00"  # told apart by every kind of eye, and in print
WIDTH, HEIGHT, COLUMNS = 6.4, 3.7, 2  # inches a panel
DASHED = (0, (4, 3))
FEATURES = 12
Parts = Sequence[tuple[str, Any]]


def png(figure: Figure) -> bytes:
    """As a picture."""
    body = io.BytesIO()
    FigureCanvasAgg(figure).print_png(body)
    return body.getvalue()


def importance(found: Mapping[str, Mapping[str, float]], of: str) -> Figure | None:
    """What the model looks at: each feature's share."""
    parts = [(name, gains) for name, gains in found.items() if sum(gains.values()) > 0]
    figure, axes = panels(parts, f"What the model looks at: share of {of}")
    for axis, (_, gains) in zip(axes, parts, strict=True):
        top = sorted(gains, key=lambda name: gains[name])[-FEATURES:]
        shares = [gains[name] / sum(gains.values()) for name in top]
        bars = axis.barh(range(len(top)), shares, 0.7, color=BLUE)
        axis.set_yticks(range(len(top)), top, color=INK)
        axis.bar_label(bars, [f"{share:.0%}" for share in shares], padding=3, color=GREY, size=8)
        axis.grid(visible=False)
        axis.tick_params(axis="y", length=0)
        axis.xaxis.set_visible(False)
        axis.spines["bottom"].set_visible(False)
        axis.margins(x=0.12)
    return figure


def panels(parts: Parts, title: str) -> tuple[Figure | None, list[Axes]]:
    """A figure with a panel a part, two beside each other."""
    if not parts:
        return None, []
    columns = min(COLUMNS, len(parts))
    rows = -(-len(parts) // columns)
    figure = Figure((WIDTH * columns, HEIGHT * rows + 0.8), dpi=110, layout="constrained")
    figure.suptitle(title, x=0.012, ha="left", color=INK, size=13, weight="bold")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis, (name, _) in zip(axes, parts, strict=False):
        _plain(axis, name)
    for spare in axes[len(parts) :]:
        spare.set_axis_off()
    return figure, axes[: len(parts)]


def _plain(axis: Axes, title: str) -> None:
    axis.set_title(title, loc="left", color=INK, size=10.5)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.spines["bottom"].set_color(PALE)
    axis.tick_params(colors=GREY, labelsize=8.5, length=3, color=PALE)
    axis.grid(axis="y", color=PALE, lw=0.7)
    axis.set_axisbelow(True)
    axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axis.yaxis.set_major_formatter(FuncFormatter(_short))


def with_legend(figure: Figure | None, axes: Sequence[Axes]) -> Figure | None:
    """One for all panels, below them."""
    if figure is not None:
        artists, labels = axes[0].get_legend_handles_labels()
        figure.legend(
            artists, labels, loc="outside lower left", ncols=len(labels),
            frameon=False, fontsize=9, labelcolor=INK, columnspacing=1.4,
        )  # fmt: skip
    return figure


def _short(value: float, _place: int) -> str:
    """1.2M, 35k, 8: a number that fits beside an axis."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
