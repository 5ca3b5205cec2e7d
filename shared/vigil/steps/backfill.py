"""Backfill: many files of the past become arrivals, then one commit."""

import fnmatch
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vigil import datasets
from vigil.cloud import Cloud
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.ledger import attempt, refusal
from vigil.messages import Tick, parse_moment
from vigil.steps.history import History
from vigil.steps.ingest import Receiver

STAMP = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[-T](\d{2})h(\d{2}))?")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Found:
    """What lies in a folder: files by moment and source, and those of no source."""

    moments: dict[datetime, dict[str, str]]
    left_alone: list[Path]


def look(dataset: Dataset, folder: Path) -> Found:
    """Recognise a dataset's files by their names, and their moments by the date in them."""
    moments: dict[datetime, dict[str, str]] = defaultdict(dict)
    left_alone = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        source = _source(dataset, file)
        if source is None:
            left_alone.append(file)
            continue
        moment = _moment(file, folder)
        if source in moments[moment]:
            raise Rejected(
                str(file),
                rule="moment_taken",
                expected=f"one file of {source} for {moment.isoformat()}",
                found=f"also {moments[moment][source]}",
            )
        moments[moment][source] = str(file)
    if not moments:
        patterns = ", ".join(source.files for source in dataset.sources.values())
        raise Rejected(
            str(folder), rule="file", expected=f"files called {patterns}", found="none of them"
        )
    return Found(dict(sorted(moments.items())), left_alone)


def _source(dataset: Dataset, file: Path) -> str | None:
    for name, source in dataset.sources.items():
        if file.name.partition(".")[0] == name or fnmatch.fnmatch(file.name, source.files):
            return name
    return None


def _moment(file: Path, folder: Path) -> datetime:
    """The last date in the name, or in the folder's; with a time of day where it has one."""
    for name in (file.name, *(part.name for part in file.relative_to(folder).parents)):
        if stamps := STAMP.findall(name):
            day, hour, minute = stamps[-1]
            text = f"{day}T{hour}:{minute}:00" if hour else day
            return parse_moment(text, str(file))
    raise Rejected(
        str(file),
        rule="moment",
        expected="a date in the name, such as deaths_2021-01-30.csv",
        found=repr(file.name),
    )


def backfill(dataset: str, files: Found, cloud: Cloud, progress: Progress) -> list[Rejected]:
    """Take in every moment's files, whatever their order; the refused ones are returned."""
    cloud = cloud.of(dataset)
    refused = []
    history = History(
        datasets.load(dataset), cloud, lambda done, all_: progress("replayed", done, all_)
    )
    newest = Tick(dataset, max(files.moments))
    with attempt("ingest", newest, lambda: cloud.warehouse) as run:
        for number, (moment, given) in enumerate(files.moments.items(), 1):
            try:
                Receiver(history, Tick(dataset, moment), run, given).receive()
            except Rejected as reason:
                refused.append(reason)
            progress("received", number, len(files.moments))
        run.findings = [refusal(reason) for reason in refused]
        history.catch_up(run)
    return refused


def rebuild(dataset: str, as_of: datetime, cloud: Cloud, progress: Progress) -> None:
    """Make a dataset's tables anew from the raw bucket alone."""
    cloud = cloud.of(dataset)
    spec = datasets.load(dataset)
    with attempt("ingest", Tick(dataset, as_of), lambda: cloud.warehouse) as run:
        history = History(spec, cloud, lambda done, all_: progress("replayed", done, all_))
        history.catch_up(run, anew=True)
