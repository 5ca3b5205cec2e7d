"""Who serves, by a person's word: promote and roll back. No data is edited."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from vigil import champion, datasets, tables
from vigil.cloud import Cloud
from vigil.commit import Commit, Head, serves
from vigil.errors import Rejected
from vigil.origins import end_of
from vigil.shelf import code

HISTORY = "SELECT * FROM promotions WHERE dataset = @dataset ORDER BY decided_at"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Word:
    """What a person wants, and why."""

    kind: str  # promote, rollback
    reason: str
    by: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise Rejected("--reason", rule="name", expected="why, in a sentence", found="nothing")


def promote(dataset: str, version: str, word: Word, cloud: Cloud) -> Row:
    """Let a version serve that was trained before; the row of the decision is returned."""
    return _serve(dataset, version, word, cloud)


def rollback(dataset: str, to: str | None, word: Word, cloud: Cloud) -> Row:
    """Let that version serve again, or the one that served before the one that does."""
    return _serve(dataset, to, word, cloud)


def _serve(dataset: str, version: str | None, word: Word, cloud: Cloud) -> Row:
    found, cloud = datasets.load(dataset), cloud.of(dataset)
    while True:
        head = cloud.warehouse.head(found.name)
        rows, baseline = _rows(found.name, cloud), found.baseline
        target = _target(rows, version or _before(head, rows, baseline), baseline)
        if decided := _commit(head, target, word, cloud):
            return decided


def _rows(dataset: str, cloud: Cloud) -> list[dict[str, Any]]:
    """Every decision, oldest first."""
    return cloud.of(dataset).warehouse.rows(HISTORY, dataset=dataset)


def _target(rows: list[dict[str, Any]], version: str, baseline: str) -> Row | None:
    """The training of that version; None is the baseline."""
    if version == baseline:
        return None
    found = [row for row in rows if row["version"] == version and row["digest"]]
    if not found:
        there = sorted({row["version"] for row in rows if row["digest"]}, reverse=True)
        raise _unknown("a version that was trained: " + ", ".join([*there[:8], baseline]), version)
    return found[-1]


def _before(head: Head, rows: list[dict[str, Any]], baseline: str) -> str:
    """What served before the version that serves now came."""
    if head.champion is None:
        raise _unknown("a champion to roll back", f"none: {baseline} serves")
    came = [row for row in rows if row["promoted"] and row["champion"] == head.champion]
    return (came[-1]["before"] if came else None) or baseline


def _commit(head: Head, target: Row | None, word: Word, cloud: Cloud) -> Row | None:
    """Move the head, if its bundle is whole; None when another commit came first."""
    baseline = datasets.load(head.dataset).baseline
    version = target["version"] if target else None
    if version == head.champion:
        raise _unknown("another version than the one that serves", str(version or baseline))
    if target:
        champion.load(cloud.vault.bundle(head.dataset, target["version"], target["digest"]))
    now = datetime.now(UTC)
    known = (target["recipe"], target["digest"], target["as_of"]) if target else ()
    served = serves(version, *known)
    row = {
        "dataset": head.dataset,
        "decided_at": now,
        "kind": word.kind,
        "promoted": True,
        "version": version,
        "recipe": target["recipe"] if target else baseline,
        "digest": served["champion_digest"],
        "as_of": served["champion_as_of"],
        "champion": version,
        "before": head.champion,
        "reason": word.reason,
        "decided_by": word.by,
        "code": code(),
        "revision": cloud.settings.revision,
        "run_id": f"{word.kind}/{head.dataset}/{now.isoformat()}",
    }
    added = {"promotions": tables.load("promotions").rows([row])}
    return row if cloud.warehouse.commit(Commit(head, served, added=added)) else None


def versions(dataset: str, cloud: Cloud) -> list[dict[str, Any]]:
    """Every version, newest first, with what was decided about it last."""
    name, cloud = datasets.load(dataset).name, cloud.of(dataset)
    rows, head = _rows(name, cloud), cloud.warehouse.head(name)
    found = {row["version"]: row for row in rows if row["digest"]}
    trained = [row["version"] for row in rows if row["digest"] and row["decided_by"] == "train"]
    since = {row["champion"]: row["decided_at"] for row in rows if row["promoted"]}
    return [
        {
            "version": version,
            "recipe": row["recipe"],
            "alias": _alias(version, head.champion, trained[-1] if trained else None),
            "as_of": row["as_of"],
            "served_since": since.get(version),
            "wis": next((r["relative_wis"] for r in reversed(rows) if _judged(r, version)), None),
            "decision": row["kind"] if row["promoted"] else f"{row['kind']}: refused",
            "reason": row["reason"],
        }
        for version, row in sorted(found.items(), key=lambda one: one[1]["decided_at"])[::-1]
    ]


def _judged(row: Row, version: str) -> bool:
    return row["version"] == version and row["relative_wis"] is not None


def _alias(version: str, champion: str | None, newest: str | None) -> str:
    return "champion" if version == champion else "challenger" if version == newest else ""


def served(dataset: str, day: date, cloud: Cloud) -> Row:
    """Who served at the end of a day, and by which decision."""
    found = datasets.load(dataset)
    rows = _rows(found.name, cloud)
    decided = [row for row in rows if row["promoted"] and row["decided_at"] <= end_of(day)]
    if not decided:
        return {"day": day, "version": None, "recipe": found.baseline, "since": None,
                "reason": "nothing was promoted by then"}  # fmt: skip
    last = decided[-1]
    return {
        "day": day,
        "version": last["champion"],
        "recipe": last["recipe"],
        "since": last["decided_at"],
        "reason": last["reason"],
    }


def history(dataset: str, cloud: Cloud) -> list[dict[str, Any]]:
    """Every decision, newest first."""
    return _rows(datasets.load(dataset).name, cloud)[::-1]


def _unknown(expected: str, found: str) -> Rejected:
    return Rejected("version", rule="name", expected=expected, found=found)
