"""Sniffing: what bytes are that came in place of a table, told before anyone parses them."""

import codecs
import re
from dataclasses import dataclass

from vigil.errors import Rejected

HEAD = 1 << 16
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BLANK = b"\xef\xbb\xbf \t\r\n\v\f"


@dataclass(frozen=True)
class Kind:
    """What is no table: how it begins, and what to do about it."""

    name: str
    begins: re.Pattern[bytes]
    remedy: str


def _kind(name: str, begins: bytes, remedy: str) -> Kind:
    return Kind(name, re.compile(begins, re.IGNORECASE | re.DOTALL), remedy)


SAYS = "Read what it says; if the source has moved, change its url."
EXPORT = "Export the table as text, or give the address of its text form."
UNPACK = "Unpack it; of a zip archive, name the file with `member`."
FETCH = "Fetch the file that it stands for, from the repository's media or download address."
MERGE = "Resolve the conflict, or fetch the file from a branch without one."

KINDS = (
    _kind("a Git LFS pointer", rb"version https://git-lfs\.github\.com/spec/", FETCH),
    _kind("an HTML page", rb"<(!--|(!doctype\s+html|html|head|body|meta|title|h\d|p)\b)", SAYS),
    _kind("an XML document", rb"<[?!]?[a-z_][\w:.-]*(\s|/?>)", SAYS),
    _kind("a JSON document", rb'\{\s*("|\}|$)|\[\s*(["{]|\[\s*["\d{[]|\]\s*$)', SAYS),
    _kind("a PDF", rb"%PDF-", EXPORT),
    _kind("an Excel workbook", rb"PK\x03\x04.*(\[Content_Types\]\.xml|xl/)", EXPORT),
    _kind("an old Excel workbook", rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", EXPORT),
    _kind("a Parquet file", rb"PAR1", EXPORT),
    _kind("a zip archive", rb"PK(\x03\x04|\x05\x06)", UNPACK),
    _kind("a gzip file in another", rb"\x1f\x8b\x08", UNPACK),
    _kind("a bzip2 file", rb"BZh[1-9](1AY&SY|\x17rE8P\x90)", UNPACK),
    _kind("an xz file", rb"\xfd7zXZ\0", UNPACK),
    _kind("a zstd file", rb"\x28\xb5\x2f\xfd", UNPACK),
    _kind("binary", rb".*\0", EXPORT),
)
MARKERS = (b"<<<<<<< ", b"=======", b">>>>>>> ")


def check(body: bytes, where: str) -> None:
    """Refuse what is no delimited text, by how it begins, and text with merge conflicts."""
    text = body.decode("utf-16", "replace").encode() if body.startswith(UTF16) else body
    start = text[:HEAD].lstrip(BLANK)
    for kind in KINDS:
        if kind.begins.match(start):
            raise _refusal(where, kind.name, start, kind.remedy)
    if all(_has_line(text, marker) for marker in MARKERS):
        raise _refusal(where, "text with merge conflicts", text[_line(text, MARKERS[0]) :], MERGE)


def _has_line(text: bytes, beginning: bytes) -> bool:
    return _line(text, beginning) >= 0


def _line(text: bytes, beginning: bytes) -> int:
    """Where the first line that begins so does; -1 without one."""
    if text.startswith(beginning):
        return 0
    at = text.find(b"\n" + beginning)
    return at + 1 if at >= 0 else at


def _refusal(where: str, kind: str, text: bytes, remedy: str) -> Rejected:
    shown = text[:80].decode("utf-8", "replace")
    return Rejected(
        where,
        rule="content",
        expected="delimited text with one header line",
        found=f"{kind}: {shown!r}",
        remedy=remedy,
    )
