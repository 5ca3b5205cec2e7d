"""Where a backtest keeps its forecasts, so that it goes on where it stopped."""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

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


class Files(Protocol):
    """Where a shelf's files lie: a folder, or a bucket."""

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None where there is none."""
        ...

    def write(self, name: str, body: bytes) -> None:
        """Keep a file, whole or not at all."""
        ...


class Nowhere:
    """For what is made faster than it is kept."""

    def read(self, _name: str) -> bytes | None:
        """Nothing is there."""
        return None

    def write(self, _name: str, _body: bytes) -> None:
        """Nothing is kept."""


@dataclass(frozen=True)
class Folder:
    """Files of this machine."""

    place: Path

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None where there is none."""
        try:
            return (self.place / name).read_bytes()
        except OSError:
            return None

    def write(self, name: str, body: bytes) -> None:
        """Keep a file, whole or not at all."""
        with written(self.place / name) as new:
            new.write_bytes(body)


@dataclass(frozen=True)
class Shelf:
    """The forecasts of one run: a file an origin."""

    files: Files
    name: str

    def get(self, day: date) -> Made | None:
        """What was made from that day; None where there is nothing, or nothing that can be read."""
        body = self.files.read(self._file(day))
        if body is None:
            return None
        try:
            with np.load(io.BytesIO(body), allow_pickle=False) as kept:
                past = Past(
                    kept["origin"][()], kept["horizons"], tuple(kept["series"].tolist()),
                    kept["quantiles"],
                )  # fmt: skip
                return Made(past, kept["published"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            return None

    def put(self, day: date, made: Made) -> None:
        """Keep it."""
        past, body = made.past, io.BytesIO()
        np.savez_compressed(
            body, origin=past.origin, horizons=past.horizons, quantiles=past.quantiles,
            series=np.array(past.series, str), published=made.published,
        )  # fmt: skip
        self.files.write(self._file(day), body.getvalue())

    def _file(self, day: date) -> str:
        return f"{self.name}/{day.isoformat()}.npz"


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
    said = {**settings, "code": code(), "libraries": {each: _version(each) for each in LIBRARIES}}
    return sha256(json_bytes(said)).hexdigest()[:16]


@cache
def code() -> str:
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
