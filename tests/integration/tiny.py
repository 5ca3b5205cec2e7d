"""A small dataset for tests: one YAML, one file."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np

WAVES = date(2023, 1, 2)  # the first day of the waves

YAML = """
title: A small dataset
producer: The tests
licence: none
citation: none
homepage: https://example.org/
horizon: 14
grain: day
schedules: {ingest: "15 6 * * *", train: "0 20 * * 1", predict: "45 6 * * *"}
sources:
  visits: {url: "https://example.org/visits.csv", files: "visits*", layout: long, date: day,
           series: [region, town], delimiter: ";", decimal: ","}
targets:
  visits: {sources: {visits: count}, unit: visits a day, settle_days: 7}
"""


def write_dataset(folder: Path, name: str = "tiny", more: str = "") -> Path:
    """The dataset file, with more fields."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.yaml"
    file.write_text(YAML + more)
    return file


def visits(*, days: int = 90, first: float = 5.0, towns: int = 4) -> bytes:
    """Visits to some towns from 2024-01-01; *first* is the first town's first number."""
    lines = ["region;town;day;count"]
    for town in range(towns):
        for day in range(days):
            month, rest = divmod(day, 28)
            count = first if (town, day) == (0, 0) else (town + 1) * (10 + day % 7)
            date = f"2024-{month + 1:02d}-{rest + 1:02d}"
            lines.append(f"North;Town {town};{date};{count:.1f}".replace(".", ","))
    return ("\n".join(lines) + "\n").encode()


def waves(days: int) -> bytes:
    """Visits to three towns from 2023-01-02, in waves of five months."""
    draw = np.random.default_rng(1)
    lines = ["region;town;day;count"]
    for n in range(days):
        for phase, town in enumerate(("Hill", "Dale", "Moor")):
            expected = 200 * np.exp(1.5 * np.sin(n / 25 + phase))
            lines.append(f"North;{town};{WAVES + timedelta(days=n)};{draw.poisson(expected)}")
    return ("\n".join(lines) + "\n").encode()


def write_visits(file: Path, *, days: int = 90, first: float = 5.0) -> Path:
    """The same as a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(visits(days=days, first=first))
    return file
