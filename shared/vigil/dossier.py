"""A dossier: what is kept of one training, and from which the registry can be written anew."""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from vigil.bundle import MANIFEST, Bundle, corrupt, json_bytes

BUNDLE, SAID, SCORES, FAN = "bundle.zip", "training.json", "scores.parquet", "fan.parquet"
UNREADABLE = (  # what flipped bits make of a zip file
    zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, NotImplementedError,
    RuntimeError,
)  # fmt: skip
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files make the same bytes


@dataclass(frozen=True)
class Dossier:
    """One training: its models, what was found out about them, what was decided."""

    dataset: str
    version: str
    bundle: Bundle
    said: dict[str, Any]
    scores: pa.Table
    fan: pa.Table

    def files(self) -> dict[str, bytes]:
        """As objects of a bucket."""
        return {
            BUNDLE: packed(self.bundle),
            SAID: json_bytes(self.said),
            SCORES: _parquet(self.scores),
            FAN: _parquet(self.fan),
        }

    @classmethod
    def read(cls, files: Mapping[str, bytes], digest: str | None) -> Self:
        """Back from the objects; the bundle is the one of that digest, or is refused."""
        said = json.loads(files[SAID])
        bundle = unpacked(files[BUNDLE], digest, f"{said['dataset']} {said['version']}")
        tables = (pq.read_table(io.BytesIO(files[name])) for name in (SCORES, FAN))
        return cls(said["dataset"], said["version"], bundle, said, *tables)


def packed(bundle: Bundle) -> bytes:
    """A bundle as one file: what is written once is whole or not there."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted({**bundle.files, MANIFEST: bundle.manifest()}.items()):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return body.getvalue()


def unpacked(body: bytes, digest: str | None, where: str) -> Bundle:
    """The bundle in a file, checked before a byte of a model is read."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            files = {each.filename: archive.read(each) for each in archive.infolist()}
    except UNREADABLE as reason:
        raise corrupt(where, "a packed model", reason) from reason
    return Bundle.checked(files, digest, where=where)


def _parquet(table: pa.Table) -> bytes:
    body = io.BytesIO()
    pq.write_table(table, body, compression="zstd")
    return body.getvalue()
