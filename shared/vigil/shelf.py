"""Where a backtest keeps its forecasts, so that it goes on where it stopped."""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from vigil.bundle import json_bytes
from vigil.calibration import Past
from vigil.panel import Floats

PACKAGE = Path(__file__).parent
LIBRARIES = ("numpy", "lightgbm", "scikit-learn", "statsforecast")


@dataclass(frozen=True)
class Made:
    """The forecast of one origin: as the model made it, and as it would have been published."""

    past: Past
    published: Floats  # levels x horizons x series, on the model's scale


@dataclass(frozen=True)
class Shelf:
    """The forecasts of one run: a file an origin, written whole or not at all."""

    folder: Path

    def get(self, day: date) -> Made | None:
        """What was made from that day; None where there is nothing, or nothing that can be read."""
        try:
            with np.load(self._file(day), allow_pickle=False) as kept:
                past = Past(
                    kept["origin"][()], kept["horizons"], tuple(kept["series"].tolist()),
                    kept["quantiles"],
                )  # fmt: skip
                return Made(past, kept["published"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def put(self, day: date, made: Made) -> None:
        """Keep it."""
        past = made.past
        with written(self._file(day)) as new, new.open("wb") as file:
            np.savez_compressed(
                file, origin=past.origin, horizons=past.horizons, quantiles=past.quantiles,
                series=np.array(past.series, str), published=made.published,
            )  # fmt: skip

    def _file(self, day: date) -> Path:
        return self.folder / f"{day.isoformat()}.npz"


@contextmanager
def written(place: Path) -> Iterator[Path]:
    """A file to write that takes its place when it is whole."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=place.parent) as aside:
        new = Path(aside, place.name)
        yield new
        new.replace(place)


def name_of(settings: Mapping[str, Any]) -> str:
    """A name for all that decides what comes out: these settings, the code, its libraries."""
    said = {**settings, "code": _code(), "libraries": {each: _version(each) for each in LIBRARIES}}
    return sha256(json_bytes(said)).hexdigest()[:16]


def _code() -> str:
    """A hash of this package's code."""
    digest = sha256()
    for file in sorted(PACKAGE.rglob("*.py")):
        digest.update(f"{file.relative_to(PACKAGE)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def _version(library: str) -> str | None:
    """None where it is not installed: then no model of it can be asked for."""
    try:
        return version(library)
    except PackageNotFoundError:
        return None
