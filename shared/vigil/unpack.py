"""Unpacking: gzip and zip as they come, within bounds of size and of what packing can do."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import PurePosixPath

from vigil.errors import Rejected

PACKED_CAP = 256 << 20
PLAIN_CAP = 512 << 20
CHUNK = 1 << 16
FREE = 16 << 20  # so much may come of anything
RATIO = 200  # and of more, so many times what was packed; the files of the datasets have 3 to 15
MEMBERS = 10_000
GZIP, ZIP, ENTRY = b"\x1f\x8b", b"PK\x03\x04", b"PK\x01\x02"
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # others unpack without a bound
BROKEN = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, OverflowError),
)


@dataclass
class Meter:
    """What has been read as it came, to compare with what became of it."""

    where: str
    packed: int = 0

    def read(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Count what comes, up to the cap."""
        for chunk in chunks:
            self.packed += len(chunk)
            if self.packed > PACKED_CAP:
                raise too_big(self.where, PACKED_CAP)
            yield chunk


def too_big(where: str, cap: int, found: str = "more") -> Rejected:
    """The refusal of what is larger than a cap."""
    return Rejected(where, rule="size", expected=f"at most {cap >> 20} MiB", found=found)


def _bounded(chunks: Iterator[bytes], read: Callable[[], int], where: str) -> Iterator[bytes]:
    """Refuse what grows beyond the cap, or faster than data do."""
    plain = 0
    for chunk in chunks:
        plain += len(chunk)
        _check_size(plain, read(), where)
        yield chunk


def _check_size(plain: int, packed: int, where: str) -> None:
    if plain > PLAIN_CAP:
        raise too_big(where, PLAIN_CAP)
    if plain > max(FREE, RATIO * packed):
        raise Rejected(
            where,
            rule="size",
            expected=f"at most {RATIO} times the packed bytes when unpacked",
            found=f"{plain} bytes and more of {packed}",
            remedy="It may be a decompression bomb: do not unpack it by hand.",
        )


def unpack(chunks: Iterator[bytes], where: str, member: str | None = None) -> bytes:
    """The plain bytes of what comes: gzip is unpacked, of a zip archive the member asked for."""
    meter = Meter(where)
    start, plain = _peek(meter.read(chunks))
    for _ in range(2):  # a gzip file may travel in gzip as an encoding
        if start.startswith(GZIP):
            start, plain = _peek(_bounded(_gunzip(plain, where), lambda: meter.packed, where))
    if member is None or not start.startswith(ZIP):
        return _whole(plain).getvalue()
    return _whole(_member(_whole(plain), member, where)).getvalue()


def _whole(chunks: Iterator[bytes]) -> io.BytesIO:
    """All chunks in a row; the value of a BytesIO is its buffer, not a copy."""
    body = io.BytesIO()
    for chunk in chunks:
        body.write(chunk)
    return body


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, and all chunks, those included."""
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= len(ZIP):
            break
    return start, chain([start], chunks)


def _gunzip(chunks: Iterator[bytes], where: str) -> Iterator[bytes]:
    """The text of one or more gzip members, never much of it at a time."""
    packed = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if packed.eof:  # zeros may pad a file to the blocks of a tape
                    rest = rest.lstrip(b"\0")
                    if not rest:
                        break
                    packed = zlib.decompressobj(wbits=31)
                yield packed.decompress(rest, CHUNK)
                rest = packed.unused_data if packed.eof else packed.unconsumed_tail
        yield packed.flush()
    except zlib.error as error:
        raise _truncated(where, "a whole gzip file", str(error)) from None
    if not packed.eof:
        raise _truncated(where, "a whole gzip file", "an end before its end")


def _truncated(where: str, expected: str, found: str) -> Rejected:
    return Rejected(where, rule="truncated", expected=expected, found=found)


def _member(packed: io.BytesIO, pattern: str, where: str) -> Iterator[bytes]:
    """The bytes of the one member that the pattern means."""
    entries = packed.getvalue().count(ENTRY)
    if entries > MEMBERS:
        raise _unfit(where, f"at most {MEMBERS} members", str(entries))
    try:
        with zipfile.ZipFile(packed) as archive:
            info = _only(archive, pattern, where)
            _check_size(info.file_size, info.compress_size, where)
            with archive.open(info) as file:
                plain = _no_zip(iter(lambda: file.read(CHUNK), b""), where)
                yield from _bounded(plain, lambda: packed.tell() - info.header_offset, where)
    except BROKEN as error:
        raise _truncated(where, "a whole zip archive", str(error)) from None


def _only(archive: zipfile.ZipFile, pattern: str, where: str) -> zipfile.ZipInfo:
    """The only member of that name, if it can be read."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    found = [info for info in infos if _is_named(info.filename, pattern)]
    if len(found) != 1:
        names = [info.filename for info in found or infos]
        said = f"{len(found)} of {len(infos)} members: {names[:5]}"
        raise _unfit(where, f"one member {pattern!r}", said)
    [info] = found
    if info.flag_bits & 1:
        raise _unfit(where, "a member without a password", f"{info.filename!r} with one")
    if info.compress_type not in METHODS:
        raise _unfit(where, "a member that is deflated or stored", f"method {info.compress_type}")
    return info


def _is_named(name: str, pattern: str) -> bool:
    """With its folders or without."""
    return fnmatchcase(name, pattern) or fnmatchcase(PurePosixPath(name).name, pattern)


def _no_zip(chunks: Iterator[bytes], where: str) -> Iterator[bytes]:
    start, whole = _peek(chunks)
    if start.startswith(ZIP):
        raise _unfit(where, "a plain member", "a zip archive in the zip archive")
    return whole


def _unfit(where: str, expected: str, found: str) -> Rejected:
    return Rejected(
        where,
        rule="member",
        expected=f"a zip archive with {expected}",
        found=found,
        remedy="Look into the archive; perhaps its files have new names.",
    )
