"""Unpacking: what came packed comes out whole, or is refused before it fills the memory."""

import gzip
import io
import json
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from upstream import BODY, Upstream, refused, says, started

from vigil import unpack
from vigil.deadline import Deadline
from vigil.errors import Rejected
from vigil.sources import fetch

GIB = 1 << 30


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server on a free port."""
    with started() as server:
        yield server


def zipped(**files: bytes) -> bytes:
    """An archive; a file's name has __ for a dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name.replace("__", "."), body)
    return packed.getvalue()


def from_file(path: Path, body: bytes, member: str | None = None) -> bytes | None:
    """What is read of a file with these bytes."""
    path.write_bytes(body)
    return fetch(str(path), Deadline(), member=member).body


def refusal(path: Path, body: bytes, member: str | None = None) -> tuple[str, str]:
    """Rule and finding of a file with these bytes."""
    path.write_bytes(body)
    reason = refused(str(path), member=member)
    return reason.rule, reason.found


@pytest.mark.parametrize("keep", [1, 0.5, 0.99])
def test_a_truncated_gzip_is_rejected(upstream, tmp_path, keep):
    """Whole as a download, not as a file: on the web and on the disk alike."""
    packed = gzip.compress(BODY)
    part = packed[: max(2, int(len(packed) * keep) - 4)]
    (tmp_path / "a.csv.gz").write_bytes(part)
    for location in (upstream.url(says(body=part)), str(tmp_path / "a.csv.gz")):
        reason = refused(location)
        assert (reason.rule, reason.expected) == ("truncated", "a whole gzip file")


@pytest.mark.parametrize("at", [30, -8, -1], ids=["data", "checksum", "length"])
def test_a_gzip_with_flipped_bits_is_rejected(tmp_path, at):
    """Whichever bits they are."""
    packed = bytearray(gzip.compress(bytes(range(256)) * 8))
    packed[at] ^= 0xFF
    (tmp_path / "a.csv.gz").write_bytes(packed)
    assert refused(str(tmp_path / "a.csv.gz")).rule == "truncated"


def test_a_body_over_the_cap_is_rejected_on_the_way(upstream, tmp_path, monkeypatch):
    """A mebibyte is allowed, a byte more is not."""
    monkeypatch.setattr(unpack, "PACKED_CAP", 1 << 20)
    fits, over = b"x" * (1 << 20), b"x" * ((1 << 20) + 1)
    assert fetch(upstream.url(says(body=fits)), Deadline(5)).body == fits
    (tmp_path / "a.csv").write_bytes(over)
    chunked = says(body=b"100001\r\n" + over + b"\r\n0\r\n\r\n", Transfer_Encoding="chunked")
    for location in (upstream.url(chunked), str(tmp_path / "a.csv")):
        reason = refused(location)
        assert (reason.rule, reason.expected, reason.found) == ("size", "at most 1 MiB", "more")


def test_a_body_that_is_announced_to_be_over_the_cap_is_not_read(upstream):
    """A terabyte, of which nothing has come."""
    reason = refused(upstream.url(says(Content_Length=str(1 << 40))))
    assert (reason.rule, reason.expected) == ("size", "at most 256 MiB")
    assert reason.found == f"{1 << 40} bytes announced"


def test_a_gzip_that_swells_over_the_cap_is_rejected_without_unpacking_it(tmp_path, monkeypatch):
    """64 MiB of zeros in 64 KiB: memory stays near the cap of one MiB."""
    monkeypatch.setattr(unpack, "PLAIN_CAP", 1 << 20)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(bytes(64 << 20), 1))
    tracemalloc.start()
    reason = refused(str(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (reason.rule, reason.expected) == ("size", "at most 1 MiB")
    assert peak < 8 << 20


def test_an_unpacked_file_may_be_as_large_as_the_cap(tmp_path, monkeypatch):
    """Exactly, and no larger."""
    monkeypatch.setattr(unpack, "PLAIN_CAP", 1000)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(bytes(1000)))
    assert fetch(str(path), Deadline()).body == bytes(1000)
    path.write_bytes(gzip.compress(bytes(1001)))
    assert refused(str(path)).rule == "size"


def test_members_of_a_gzip_in_a_row_are_one_file(tmp_path):
    """As written in blocks, or by appending; zeros that pad the end are nothing."""
    packed = gzip.compress(BODY) * 3 + bytes(512)
    assert from_file(tmp_path / "a.gz", packed) == BODY * 3
    assert from_file(tmp_path / "a.gz", bytes(2) + packed) == bytes(2) + packed


def test_what_follows_a_gzip_and_is_none_is_refused(tmp_path):
    """Half of it would be silence about the rest."""
    assert refusal(tmp_path / "a.gz", gzip.compress(BODY) + b"date,n")[0] == "truncated"


def test_a_gzip_file_may_travel_in_gzip(upstream):
    """A server that packs whatever it sends."""
    twice = gzip.compress(gzip.compress(BODY))
    answer = says(body=twice, Content_Encoding="gzip")
    assert fetch(upstream.url(answer), Deadline(5)).body == BODY


@pytest.mark.parametrize("size", [1, 3, 65_536, 65_537, 300_000])
@pytest.mark.parametrize("chunk", [1, 7, 100_000])
def test_unpacking_does_not_depend_on_how_the_bytes_come(size, chunk):
    """A chunk at a time, of whatever size."""
    body = (b"2021-01-30,5,0.25\n" * (size // 18 + 1))[:size]
    packed = gzip.compress(body[: size // 2]) + gzip.compress(body[size // 2 :])
    chunks = (packed[at : at + chunk] for at in range(0, len(packed), chunk))
    assert unpack.unpack(chunks, "here") == body


def test_of_a_zip_archive_the_one_member_is_taken(upstream, tmp_path):
    """By its name or a pattern, with its folder or without."""
    packed = zipped(**{"reports/2020_PT__csv": BODY, "reports/2020_ES__csv": b"other"})
    for member in ("2020_PT.csv", "*_PT.csv", "reports/2020_PT.csv"):
        assert from_file(tmp_path / "a.zip", packed, member) == BODY
    url = upstream.url(says(body=packed))
    assert fetch(url, Deadline(5), member="2020_PT*").body == BODY


def test_without_a_member_a_zip_stays_as_it_is(tmp_path):
    """It is refused where its bytes are kept. A plain file needs no archive: a mirror has those."""
    packed = zipped(a__csv=BODY)
    assert from_file(tmp_path / "a", packed) == packed
    assert from_file(tmp_path / "a", BODY, "a.csv") == BODY


def test_a_zip_without_the_member_or_with_several_is_refused(tmp_path):
    """And says what it holds."""
    packed = zipped(b__csv=BODY, c__csv=BODY)
    none = refusal(tmp_path / "a.zip", packed, "a.csv")
    assert none == ("member", "0 of 2 members: ['b.csv', 'c.csv']")
    assert refusal(tmp_path / "a.zip", packed, "*.csv")[1].startswith("2 of 2 members")


def test_a_zip_in_a_zip_is_refused(tmp_path):
    """Nobody declared it."""
    packed = zipped(a__csv=zipped(b__csv=BODY))
    assert refusal(tmp_path / "a.zip", packed, "a.csv") == (
        "member",
        "a zip archive in the zip archive",
    )


def test_a_zip_with_a_password_is_refused(tmp_path):
    """There is none to give."""
    packed = bytearray(zipped(a__csv=BODY))
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    assert refusal(tmp_path / "a.zip", bytes(packed), "a.csv") == ("member", "'a.csv' with one")


def test_a_member_packed_in_another_way_is_refused(tmp_path):
    """Only deflate can be unpacked within bounds."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.csv", BODY)
    assert refusal(tmp_path / "a.zip", packed.getvalue(), "a.csv") == ("member", "method 12")


def test_an_archive_of_very_many_members_is_refused(tmp_path, monkeypatch):
    """A list of them would fill the memory."""
    monkeypatch.setattr(unpack, "MEMBERS", 2)
    packed = zipped(a__csv=BODY, b__csv=BODY, c__csv=BODY)
    assert refusal(tmp_path / "a.zip", packed, "a.csv") == ("member", "3")


@pytest.mark.parametrize("at", range(0, 160, 3))
def test_a_broken_zip_is_refused_or_right(tmp_path, at):
    """Wherever a byte flips: never a crash, never other bytes."""
    packed = bytearray(zipped(a__csv=BODY))
    packed[at % len(packed)] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(packed)
    if from_file_or_none(tmp_path / "a.zip") is None:
        assert refused(str(tmp_path / "a.zip"), member="a.csv").rule in {"truncated", "member"}


def from_file_or_none(path: Path) -> bytes | None:
    """The member; None when it is refused. What is no zip any more stays as it is."""
    packed = path.read_bytes()
    try:
        body = fetch(str(path), Deadline(), member="a.csv").body
    except Rejected:
        return None
    assert body in {BODY, packed}
    return body


@pytest.mark.parametrize("keep", [10, 60, -30, -1])
def test_a_truncated_zip_is_refused(tmp_path, keep):
    """Its list of contents stands at the end."""
    assert refusal(tmp_path / "a.zip", zipped(a__csv=BODY)[:keep], "a.csv")[0] == "truncated"


def test_data_that_pack_well_are_no_bomb(tmp_path):
    """Up to 16 MiB of anything, and beyond up to 200 times what was packed."""
    zeros = bytes(16 << 20)
    assert from_file(tmp_path / "a.gz", gzip.compress(zeros)) == zeros
    assert refusal(tmp_path / "a.gz", gzip.compress(zeros + b"0"))[0] == "size"
    assert refusal(tmp_path / "a.gz", zipped(a__csv=zeros + b"0"), "a.csv")[0] == "size"
    mixed = b"".join(b"%d,%d\n" % (n, n * n) for n in range(1_500_000))
    assert len(mixed) > 16 << 20
    assert from_file(tmp_path / "a.gz", gzip.compress(mixed, 1)) == mixed


def test_a_bomb_in_gzip_in_gzip_is_refused(tmp_path):
    """What counts is what came."""
    bomb = gzip.compress(gzip.compress(bytes(16 << 20)) * 64)
    assert refusal(tmp_path / "a.gz", bomb)[0] == "size"


ZEROS = bytes(16 << 20)
BLOCKS = 640  # of 16 MiB: 10 GiB


def one_stream() -> bytes:
    """10 GiB of zeros in one deflate stream: whole blocks, which do not refer to each other."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(ZEROS) + packer.flush(zlib.Z_FULL_FLUSH)
    assert zlib.decompressobj(wbits=-15).decompress(block * 2) == ZEROS * 2
    return block * BLOCKS + b"\x03\x00"


def gzip_of_members() -> bytes:
    """10 GiB of zeros in 640 gzip members."""
    return gzip.compress(ZEROS) * BLOCKS


def gzip_of_one_stream() -> bytes:
    """10 GiB of zeros in one gzip member, its checksum aside."""
    return b"\x1f\x8b\x08" + bytes(7) + one_stream() + bytes(8)


def zip_of_one_stream(size: int = 10 * GIB) -> bytes:
    """10 GiB of zeros in a zip archive that gives *size* as theirs."""
    body = one_stream()
    sizes = struct.pack("<HHQQ", 1, 16, size, len(body))
    fields = (45, 0, 8, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF, 5, len(sizes))
    local = b"PK\x03\x04" + struct.pack("<5H3L2H", *fields) + b"a.csv" + sizes
    entry = struct.pack("<6H3L5H2L", 45, *fields, 0, 0, 0, 0, 0)
    central = b"PK\x01\x02" + entry + b"a.csv" + sizes
    at = len(local) + len(body)
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 1, 1, len(central), at, 0)
    return local + body + central + end


def lying_zip() -> bytes:
    """The same, said to be half a gigabyte: 50 times its packed size."""
    return zip_of_one_stream(GIB // 2)


MEASURE = """
import json, re, sys
from pathlib import Path
import vigil.{module}
from vigil.deadline import Deadline
from vigil.errors import Rejected
from vigil.errors import Rejected
from vigil.sources import fetch
def peak():  # getrusage would count the process that started this one, too
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) >> 10
loaded = peak()
try:
    fetch(sys.argv[1], Deadline(60), member="a.csv")
except Rejected as error:
    print(json.dumps([error.rule, loaded, peak()]))
"""


@pytest.mark.parametrize(
    "bomb", [gzip_of_members, gzip_of_one_stream, zip_of_one_stream, lying_zip]
)
def test_row_25_a_bomb_of_10_gib_is_refused_within_200_mib(upstream, tmp_path, bomb):
    """Over the web and from a file; the memory of the whole process, Python and all."""
    body = bomb()
    assert len(body) < 11 << 20
    (tmp_path / "bomb").write_bytes(body)
    for location in (upstream.url(says(body=body)), str(tmp_path / "bomb")):
        rule, _, peak = measured(location, "sources")
        assert rule == "size"
        assert peak < 200


def test_row_25_the_step_that_meets_a_bomb_needs_32_mib_for_it(tmp_path):
    """Beyond what its own libraries take when they are loaded."""
    (tmp_path / "bomb").write_bytes(gzip_of_one_stream())
    rule, loaded, peak = measured(str(tmp_path / "bomb"), "steps.ingest")
    assert rule == "size"
    assert peak - loaded < 32


def measured(location: str, module: str) -> tuple[str, int, int]:
    """The rule that refused it, and the MiB of a process before and at its peak."""
    command = [sys.executable, "-c", MEASURE.format(module=module), location]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    rule, loaded, peak = json.loads(said.stdout)
    return rule, loaded, peak
