"""No count below ten: what tells one is not said, nor so much else that it could be worked out."""

from collections.abc import Mapping, Sequence

from vigil.datasets.questions import FEW
from vigil.report.shown import Row

KINDS = ("true_positives", "false_positives", "false_negatives", "true_negatives")


def enough(row: Mapping[str, int | None]) -> bool:
    """Whether there are ten of each kind of answer."""
    return min(row[kind] or 0 for kind in KINDS) >= FEW


def telling(rows: Sequence[Row], whole: Row) -> list[str]:
    """The groups whose answers may be counted: of all others together there are ten, or none."""
    shown = sorted(filter(enough, rows), key=lambda row: (min(row[k] for k in KINDS), row["value"]))
    while shown and not _closed(shown, whole):
        shown.pop(0)
    return [row["value"] for row in shown]


def _closed(shown: Sequence[Row], whole: Row) -> bool:
    left = {kind: (whole[kind] or 0) - sum(row[kind] for row in shown) for kind in KINDS}
    return not any(left.values()) or enough(left)


def share(value: float, rows: int) -> float | None:
    """A share of so many rows; none where fewer than ten are in it or out of it, but some."""
    counts = value * rows, (1 - value) * rows
    return None if any(0.5 < one < FEW - 0.5 for one in counts) else value
