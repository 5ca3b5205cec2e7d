"""Backtest: what models would have forecast on past days, against what is known by now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vigil import engine, origins, outcomes, shelf
from vigil.backtest import Fit, Walk
from vigil.cloud import Cloud
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.models.seasonal_naive import NAME as BASELINE
from vigil.models.table import MODELS, choose
from vigil.origins import Origin
from vigil.panel import Key
from vigil.steps.archive import Archive, refused
from vigil.view import View

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Wanted:
    """What to compare, and how."""

    dataset: Dataset
    as_of: datetime
    origins: int = 26
    refit: int = 8
    models: tuple[str, ...] = ()
    target: str | None = None

    def __post_init__(self) -> None:
        name, targets = self.dataset.name, list(self.dataset.targets)
        if self.dataset.task == "classify":
            raise refused(name, "a dataset to forecast", "one to classify")
        for option, count in (("--origins", self.origins), ("--refit", self.refit)):
            if count < 1:
                raise refused(option, "1 or more", str(count))
        if self.target is not None and self.target not in targets:
            raise refused("--target", f"one of {', '.join(targets)}", repr(self.target))
        for model in self.models:
            if model not in MODELS:
                raise refused("--models", f"some of {', '.join(MODELS)}", repr(model))

    @property
    def compared(self) -> tuple[str, ...]:
        """The models, always with the baseline."""
        return tuple(dict.fromkeys([*(self.models or self.dataset.models), BASELINE]))

    @property
    def keys(self) -> list[Key]:
        """The measures to forecast."""
        return [key for key in engine.keys(self.dataset) if self.target in (None, key.target)]


@dataclass(frozen=True)
class Compared:
    """What came out."""

    wanted: Wanted
    rows: pa.Table
    file: Path
    vintage: str
    left_out: list[str]
    baseline: str = BASELINE

    @cached_property
    def summary(self) -> list[dict[str, Any]]:
        """A row for every measure, model and horizon."""
        return outcomes.summary(self.rows, BASELINE)

    @cached_property
    def pit(self) -> list[dict[str, Any]]:
        """How honest the best models were."""
        return outcomes.pit(self.rows, self.summary)

    def told(self) -> dict[str, Any]:
        """How it was made, for machines."""
        return {
            "dataset": self.wanted.dataset.name,
            "as_of": self.wanted.as_of,
            "vintage": self.vintage,
            "origins": self.wanted.origins,
            "refit": self.wanted.refit,
            "models": list(self.wanted.compared),
            "file": str(self.file),
            "left_out": self.left_out,
        }


@dataclass(frozen=True)
class Bench:
    """Where models are set to work."""

    wanted: Wanted
    archive: Archive
    files: shelf.Files
    fits: Callable[[str], Fit]

    def walk(self, key: Key, days: Sequence[Origin], model: str) -> Walk:
        """One model on one measure."""
        refit, fit = self.wanted.refit, self.fits(model)
        return self.archive.walk(key, days, model, refit=refit, files=self.files, fit=fit)


Walks = dict[tuple[Key, str], Walk]


def backtest(
    wanted: Wanted, cloud: Cloud, progress: Progress, fits: Callable[[str], Fit] = choose
) -> Compared:
    """Forecast from every origin, as far as it is not done; score; keep the table."""
    folder = cloud.settings.home / "backtests" / wanted.dataset.name
    archive = Archive(wanted.dataset, wanted.as_of, cloud.of(wanted.dataset.name).warehouse)
    bench = Bench(wanted, archive, shelf.Folder(folder), fits)
    vintage = archive.vintage  # without one there is nothing to do
    latest = {key: found for key in wanted.keys if (found := archive.latest(key))}
    chosen = {
        key: days
        for key, one in latest.items()
        if (days := archive.settled(key, one, wanted.origins))
    }
    if not chosen:
        raise _too_few(wanted, latest)
    walks = {(k, m): bench.walk(k, days, m) for k, days in chosen.items() for m in wanted.compared}
    _all_steps(walks, chosen, progress)
    rows = _table(wanted, walks, latest)
    left_out = [key.name for key in wanted.keys if key not in chosen]
    return Compared(wanted, rows, _kept(rows, walks, folder), vintage, left_out)


def _all_steps(walks: Walks, chosen: dict[Key, list[Origin]], progress: Progress) -> None:
    """Day by day, so that what was known on a day is read once."""
    todo = sorted((one.day, key) for key, days in chosen.items() for one in days)
    for done, (_, key) in enumerate(todo, 1):
        for (of, _), walk in walks.items():
            if of == key:
                walk.step()
        progress("origins", done, len(todo))


def _table(wanted: Wanted, walks: Walks, latest: dict[Key, View]) -> pa.Table:
    parts = [
        outcomes.table(key, model, walk.origins, walk.made, latest[key])
        for (key, model), walk in walks.items()
    ]
    rows = pa.concat_tables(parts)
    return rows.add_column(0, "dataset", pa.repeat(pa.scalar(wanted.dataset.name), rows.num_rows))


def _kept(rows: pa.Table, walks: Walks, folder: Path) -> Path:
    """The table as a file, named after the forecasts it scores."""
    scored = shelf.name_of({"shelves": sorted(walk.shelf.name for walk in walks.values())})
    file = folder / f"scores-{scored}.parquet"
    with shelf.written(file) as new:
        pq.write_table(rows, new, compression="zstd")
    return file


def _too_few(wanted: Wanted, latest: dict[Key, View]) -> Rejected:
    known = [f"{key.name} to {one.dates[-1]}" for key, one in latest.items()]
    return refused(
        wanted.dataset.name,
        f"{origins.HISTORY.days} days of numbers before an origin, and after it a horizon of "
        f"{wanted.dataset.horizon} days that is settled",
        ", ".join(known) or "no numbers",
        rule="no_data",
        remedy="Backfill more of the past, or wait.",
    )
