"""No count below ten: groups of which one is are left out together, so that no total betrays it."""

from collections.abc import Mapping, Sequence

from vigil.report.shown import Row

FEW = 10
KINDS = ("true_positives", "false_positives", "false_negatives", "true_negatives")


def enough(row: Mapping[str, int]) -> bool:
    """Whether there are ten of each kind of answer."""
    return _told(row) and min(row[kind] for kind in KINDS) >= FEW


def groups(rows: Sequence[Row], whole: Row) -> list[Row]:
    """The groups that can be shown: of all others together there are ten of each, or none."""
    told = [row for row in rows if _told(row)] if _told(whole) else []
    shown = sorted(told, key=lambda row: (min(row[kind] for kind in KINDS), row["value"]))
    while shown and not (enough(shown[0]) and _closed(rest(shown, whole))):
        shown.pop(0)
    return shown


def rest(shown: Sequence[Row], whole: Row) -> dict[str, int]:
    """What is left of the whole."""
    return {kind: (whole[kind] or 0) - sum(row[kind] for row in shown) for kind in KINDS}


def _told(row: Mapping[str, int | None]) -> bool:
    """Whether its counts are: where one is below ten, none is."""
    return all(row[kind] is not None for kind in KINDS)


def _closed(left: Mapping[str, int]) -> bool:
    return not any(left.values()) or enough(left)


def share(value: float, rows: int) -> float | None:
    """A share of so many rows; none where fewer than ten are in it or out of it, but some."""
    counts = value * rows, (1 - value) * rows
    return None if any(0.5 < one < FEW - 0.5 for one in counts) else value
