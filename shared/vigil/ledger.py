"""The run ledger: every attempt of a step leaves a row, whatever became of it."""

import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from vigil import billing, datasets, tables
from vigil.billing import Bill
from vigil.deadline import Deadline
from vigil.errors import Paused, Rejected, VigilError
from vigil.log import log
from vigil.messages import Tick, moment_text
from vigil.quality import Finding
from vigil.warehouse import Warehouse

GRACE = 30.0  # seconds to say that an attempt failed, also when its own time is over


@dataclass
class Run:
    """One attempt: what it did so far. The attempts of one message share the run's id."""

    step: str
    tick: Tick
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)
    computed: float = field(default_factory=time.process_time)
    bill: Bill = field(default_factory=billing.start)
    status: str = "done"
    reason: str | None = None
    rows: int = 0
    bytes: int = 0
    findings: list[Finding] = field(default_factory=list)
    recorded: bool = False

    @property
    def run_id(self) -> str:
        """Step, dataset and moment."""
        return run_id(self.step, self.tick.dataset, self.tick.as_of)

    @property
    def seconds(self) -> float:
        """Since the attempt began."""
        return time.monotonic() - self.clock

    def row(self) -> dict[str, Any]:
        """The ledger's row."""
        return {
            "run_id": self.run_id,
            "step": self.step,
            "dataset": self.tick.dataset,
            "as_of": self.tick.as_of,
            "started_at": self.started_at,
            "status": self.status,
            "reason": self.reason,
            "rows": self.rows,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
            "peak_mb": peak_mb(),
            "cpu_seconds": round(time.process_time() - self.computed, 3),
            "billed_bytes": self.bill.told(),
        }

    def rows_to_add(self) -> dict[str, pa.Table]:
        """What the ledger and the findings get of it."""
        tick = self.tick
        found = [finding_row(one, self.step, tick.dataset, tick.as_of) for one in self.findings]
        rows = {"runs": [self.row()], "findings": found}
        return {name: tables.load(name).rows(own) for name, own in rows.items()}

    def unchanged(self, reason: str) -> None:
        """Nothing to do is a good end, too."""
        self.status, self.reason = "unchanged", reason


def run_id(step: str, dataset: str, as_of: datetime) -> str:
    """The same for every attempt at one message, and so for what they commit."""
    return f"{step}/{dataset}/{moment_text(as_of)}"


def finding_row(finding: Finding, step: str, dataset: str, as_of: datetime) -> dict[str, Any]:
    """The row of a finding."""
    return {
        **asdict(finding),
        "dataset": dataset,
        "as_of": as_of,
        "run_id": run_id(step, dataset, as_of),
    }


def refusal(reason: Rejected) -> Finding:
    """The finding that input was refused."""
    return Finding(reason.rule, "error", reason.where, reason.expected, reason.found)


def peak_mb() -> float:
    """The largest resident memory of this process so far, in MiB."""
    with suppress(OSError):  # Linux: getrusage there still counts whoever started the process
        said = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        [line] = [line for line in said.splitlines() if line.startswith("VmHWM:")]
        return round(int(line.split()[1]) / 1024, 1)
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / (1 << 20), 1)


@contextmanager
def attempt(step: str, tick: Tick, warehouse: Callable[[], Warehouse]) -> Iterator[Run]:
    """Record an attempt. A commit records a run itself; what ends otherwise is recorded here."""
    run = Run(step, tick)
    try:
        yield run
    except Rejected as reason:
        run.status, run.reason = "refused", str(reason)
        standing = warehouse().standing_errors(tick.dataset, run.run_id)
        finding = refusal(reason)
        known = (finding.rule, finding.scope, finding.found) in standing
        run.findings = [] if known else [finding]  # nothing alerts twice for the same thing
        _record(run, warehouse)
        raise
    except Paused as pause:
        run.status, run.reason, run.findings = "paused", str(pause), []
        _record(run, warehouse)
        raise
    except BaseException as error:
        run.status, run.reason, run.findings = "failed", told(error, tick.dataset)[0], []
        try:
            _record(run, lambda: replace(warehouse(), deadline=Deadline(GRACE)))
        except Exception as also:  # noqa: BLE001  the first error is the one that matters
            log(f"the ledger could not be written: {also}", severity="ERROR", run_id=run.run_id)
        raise
    else:
        _record(run, warehouse)


def record_duplicates(step: str, tick: Tick, count: int, warehouse: Warehouse) -> None:
    """One row for many messages that brought nothing new."""
    run = Run(step, tick)
    run.unchanged(f"{count} duplicate{'s' if count > 1 else ''} since the last row about them")
    warehouse.append("runs", tables.load("runs").rows([run.row()]))


def told(error: BaseException, dataset: str) -> tuple[str, str]:
    """What may be said of trouble, and the way that led there.

    Words that are not ours may quote a cell: of personal data they are not passed on.
    """
    private = dataset in datasets.names() and datasets.load(dataset).personal
    if private and not isinstance(error, VigilError):
        said = f"{type(error).__name__}, not shown because it may quote personal data"
        way = traceback.format_tb(error.__traceback__)
        return said, "".join(["Traceback (most recent call last):\n", *way, said])
    return f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error))


def _record(run: Run, warehouse: Callable[[], Warehouse]) -> None:
    severity = {"refused": "ERROR", "failed": "ERROR"}.get(run.status, "INFO")
    log(
        run.reason or f"{run.rows} rows",
        severity=severity,
        step=run.step,
        dataset=run.tick.dataset,
        status=run.status,
        run_id=run.run_id,
        seconds=round(run.seconds, 2),
    )
    if not run.recorded:
        for table, rows in run.rows_to_add().items():
            warehouse().append(table, rows)
