"""A model as named files, all of them checked before a byte of any is used.

LightGBM's reader crashes on text that was cut off and takes flipped bits for numbers, so nothing
may reach it but what was written. Text, JSON and plain arrays only: reading runs no code.
"""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vigil.errors import Rejected

FORMAT = 1
MANIFEST = "manifest.json"
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"  # of one file in one folder: no path, nothing hidden
REMEDY = "Copy the model again; if that does not help, use the last good one or train anew"


@dataclass(frozen=True)
class Bundle:
    """The files of one model."""

    files: Mapping[str, bytes]

    def __post_init__(self) -> None:
        for name in self.files:
            if name == MANIFEST or not re.fullmatch(NAME, name):
                raise corrupt("model", f"file names like {NAME}, none {MANIFEST}", repr(name))

    @classmethod
    def checked(
        cls, files: Mapping[str, bytes], digest: str | None = None, *, where: str = "model"
    ) -> Self:
        """The bundle of these files, one of them the manifest, if each is what was written."""
        bundle = cls({name: body for name, body in files.items() if name != MANIFEST})
        if MANIFEST not in files:
            raise corrupt(where, f"a {MANIFEST}", sorted(files))
        said = files[MANIFEST]
        if digest is not None and sha256(said).hexdigest() != digest:
            raise corrupt(where, f"the digest {digest}", sha256(said).hexdigest())
        if said != bundle.manifest():
            raise corrupt(where, *_difference(said, bundle))
        return bundle

    @classmethod
    def read(cls, folder: Path, digest: str | None = None) -> Self:
        """The bundle in that folder, if it is whole, and the one with that digest."""
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
        # What is no file was not written here: without bytes it is one too many.
        files = {each.name: each.read_bytes() if each.is_file() else b"" for each in entries}
        return cls.checked(files, digest, where=str(folder))

    def write(self, folder: Path) -> None:
        """Put the files into that folder, in place of what is there, all of them or none."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".model-", dir=folder.parent) as aside:
            new = Path(aside, "new")
            new.mkdir()
            for name, body in {**self.files, MANIFEST: self.manifest()}.items():
                (new / name).write_bytes(body)
            if folder.exists():
                folder.rename(Path(aside, "old"))
            new.rename(folder)

    def manifest(self) -> bytes:
        """What the files are, spelled in one way only: other files have another manifest."""
        listed = {
            name: {"sha256": sha256(body).hexdigest(), "size": len(body)}
            for name, body in self.files.items()
        }
        return json_bytes({"format": FORMAT, "files": listed})

    @cached_property
    def digest(self) -> str:
        """One hash of all: that of the manifest."""
        return sha256(self.manifest()).hexdigest()

    def body(self, name: str) -> bytes:
        """The bytes of one file."""
        if name not in self.files:
            raise corrupt("model", f"a file {name}", sorted(self.files))
        return self.files[name]

    def json(self, name: str) -> Any:
        """What a JSON file says."""
        try:
            return json.loads(self.body(name))
        except (ValueError, RecursionError) as reason:
            raise corrupt(name, "JSON", reason) from reason

    def array(self, name: str) -> NDArray[Any]:
        """The numbers of a file in numpy's own format; objects, which are pickles, are refused."""
        try:
            found: NDArray[Any] = np.lib.format.read_array(
                io.BytesIO(self.body(name)), allow_pickle=False
            )
        except ValueError as reason:
            raise corrupt(name, "an array of numbers", reason) from reason
        return found


def json_bytes(value: object) -> bytes:
    """JSON, spelled in one way only; NaN is no JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii")


def array_bytes(array: NDArray[Any]) -> bytes:
    """An array in numpy's own format."""
    body = io.BytesIO()
    np.lib.format.write_array(body, np.asarray(array), allow_pickle=False)
    return body.getvalue()


def _difference(said: bytes, bundle: Bundle) -> tuple[str, object]:
    """What a manifest expects, and what is found instead."""
    try:
        told = json.loads(said)
        version, listed = told["format"], {**told["files"]}
    except (ValueError, TypeError, KeyError, RecursionError):
        return "a manifest that can be read", f"{len(said)} bytes that are none"
    if version != FORMAT:
        return f"a manifest of format {FORMAT}", f"format {version!r}"
    actual = json.loads(bundle.manifest())["files"]
    found = {
        "missing": sorted(listed.keys() - actual.keys()),
        "unlisted": sorted(actual.keys() - listed.keys()),
        "changed": sorted(n for n in listed.keys() & actual.keys() if listed[n] != actual[n]),
    }
    told_of = {what: names for what, names in found.items() if names}
    return "the files that the manifest lists", told_of or "a manifest in another spelling"


def corrupt(where: str, expected: str, found: object) -> Rejected:
    """The refusal of what is no whole model."""
    said = str(found)[:300]
    return Rejected(where, rule="corrupt_model", expected=expected, found=said, remedy=REMEDY)
