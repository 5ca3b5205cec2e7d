"""No count below ten: groups of which one is are left out together, so that no total betrays it."""

from collections.abc import Mapping, Sequence

from vigil.report.shown import Row

FEW = 10
KINDS = ("true_positives", "false_positives", "false_negatives", "true_negatives")


def enough(row: Mapping[str, int]) -> bool:
    """Whether there are ten of each kind of answer."""
    return min(row[kind] for kind in KINDS) >= FEW


def groups(rows: Sequence[Row], whole: Row) -> list[Row]:
    """The groups that can be shown: of all others together there are ten of each, or none."""
    shown = sorted(rows, key=lambda row: (min(row[kind] for kind in KINDS), row["value"]))
    while shown and not (enough(shown[0]) and _closed(rest(shown, whole))):
        shown.pop(0)
    return shown


def rest(shown: Sequence[Row], whole: Row) -> dict[str, int]:
    """What is left of the whole."""
    return {kind: whole[kind] - sum(row[kind] for row in shown) for kind in KINDS}


def _closed(left: Mapping[str, int]) -> bool:
    return not any(left.values()) or enough(left)


def share(value: float, rows: int) -> float | None:
    """A share of so many rows; none where fewer than ten are in it or out of it, but some."""
    counts = value * rows, (1 - value) * rows
    return None if any(0.5 < one < FEW - 0.5 for one in counts) else value
