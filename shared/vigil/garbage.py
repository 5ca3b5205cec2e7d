"""Garbage: a message that nobody can ever read is kept, recorded once for all, and let go."""

import base64
import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from vigil import tables
from vigil.bus import Delivery
from vigil.cloud import Cloud
from vigil.datasets.names import NAME
from vigil.errors import Rejected
from vigil.lake import sha256
from vigil.lanes import lane
from vigil.ledger import Run, finding_row
from vigil.log import log
from vigil.messages import Tick
from vigil.quality import Finding

MOST_KEPT = 64 << 10  # bytes of a body


def refuse(delivery: Delivery, reason: Rejected, step: str, cloud: Cloud) -> None:
    """Quarantine a delivery and say why: a run each time, a finding the first time."""
    sent = _sent(delivery)
    digest = sha256(sent)
    run = Run(step, Tick(_dataset(sent), _published(delivery)))
    run.status, run.reason = "refused", str(reason)
    row = {**run.row(), "run_id": f"{step}/-/{digest[:16]}"}
    log(
        str(reason),
        severity="ERROR",
        rule=reason.rule,
        step=step,
        dataset=row["dataset"],
        run_id=row["run_id"],
        quarantine=f"quarantine/messages/{digest}.json",
    )
    # Twins wait for each other, so that the second finds the finding of the first.
    with lane(step, f"-{digest[0]}").alone(cloud.deadline):
        cloud.lake.quarantine_message(digest, _kept(delivery, reason, step))
        _record(row, reason, cloud)


def _record(row: dict[str, Any], reason: Rejected, cloud: Cloud) -> None:
    known = cloud.warehouse.rows(
        "SELECT 1 FROM findings WHERE run_id = @run_id LIMIT 1", run_id=row["run_id"]
    )
    if not known:
        said = Finding(reason.rule, "error", "message", reason.expected, reason.found)
        found = finding_row(said, row["step"], row["dataset"], row["as_of"])
        found["run_id"] = row["run_id"]
        cloud.warehouse.append("findings", tables.load("findings").rows([found]))
    cloud.warehouse.append("runs", tables.load("runs").rows([row]))


def _sent(delivery: Delivery) -> bytes:
    """What makes two deliveries the same: what was published; else the body as it came."""
    if delivery.message is None:
        return delivery.body
    published = {name: delivery.message.get(name) for name in ("data", "attributes")}
    with suppress(Rejected):
        return delivery.data or json.dumps(published).encode()
    return json.dumps(published).encode()


def _dataset(sent: bytes) -> str:
    """The dataset that it names, if that is a harmless name."""
    with suppress(ValueError, RecursionError):
        body = json.loads(sent)
        name = body.get("dataset") if isinstance(body, dict) else None
        if isinstance(name, str) and re.fullmatch(NAME, name):
            return name
    return "-"


def _published(delivery: Delivery) -> datetime:
    try:
        return delivery.published
    except Rejected:
        return datetime.now(UTC)


def _kept(delivery: Delivery, reason: Rejected, step: str) -> dict[str, object]:
    """The record in quarantine."""
    message, published = delivery.said
    said = {"step": step, "rule": reason.rule, "reason": str(reason)}
    headers = {"messageId": message, "publishTime": published}
    headers = {name: str(value)[:80] for name, value in headers.items() if value is not None}
    body = delivery.body[:MOST_KEPT]
    try:
        kept = {"body": body.decode()}
    except UnicodeDecodeError:
        kept = {"base64": base64.b64encode(body).decode()}
    return {**said, **headers, "bytes": len(delivery.body), **kept}
