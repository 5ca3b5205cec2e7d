"""Rows 17 to 26: what upstream may do to ingest, done to the real function by a real server."""

import gzip
import os
import re
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny import visits

from faults.delivery import Function
from faults.harness import SMALL, World
from faults.look import NEXT, Look, known
from faults.upstream import Answer, Request, cut, drip, hang, status
from sizes import soaked

WIDE = SMALL.replace("layout: long, date: day", "layout: wide, date_format: '%m/%d/%y'").replace(
    "{visits: count}", "{visits: null}"
)
HURRY = "import vigil.sources\nvigil.sources.SECONDS = 3.0\n"
COMMIT = b"<<<<<<< HEAD\n%s=======\n%s>>>>>>> main\n"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"


@pytest.fixture(scope="module")
def hurried(whole_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Function]:
    """An ingest function that gives a source three seconds instead of 120."""
    folder = tmp_path_factory.mktemp("hurry")
    (folder / "sitecustomize.py").write_text(HURRY)
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    with whole_world.process("ingest", PYTHONPATH=path) as function:
        yield function


@pytest.fixture
def look(world: World) -> Look:
    """A dataset whose first look went well."""
    name = world.dataset(visits())
    known(world, name)
    return Look(world, name)


def resets(request: Request) -> None:
    """Half a header, and the connection is gone without a goodbye."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-")
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.connection.close()


def drips_its_header(request: Request) -> None:
    """A header that never ends."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(60):
        request.wfile.write(b"x")
        time.sleep(0.5)


@pytest.mark.parametrize("fault", [soaked(status(500)), status(503), soaked(status(429)), resets])
def test_row_17_a_source_that_fails_is_waited_for_and_then_comes_again(
    look: Look, hurried: Function, fault: Answer
) -> None:
    """A bounded retry; the last good data stay."""
    look.comes_again(fault, hurried, "status|deadline|reset|Reset")


def test_row_17_a_source_that_recovers_within_the_retry_needs_no_redelivery(look: Look) -> None:
    """Once 500, then the file."""
    answers = iter([status(500), status(200, NEXT)])

    def recovers(request: Request) -> None:
        next(answers)(request)

    assert look.at(recovers) == 200
    assert look.run["status"] == "done"


@pytest.mark.parametrize("fault", [soaked(drip(NEXT, 1.0)), drips_its_header, hang(20)])
def test_row_18_a_source_that_drips_or_hangs_meets_the_deadline(
    look: Look, hurried: Function, fault: Answer
) -> None:
    """Whatever it drips: the total deadline fires."""
    look.comes_again(fault, hurried, "deadline")


def test_row_19_a_body_that_breaks_off_comes_again(look: Look, hurried: Function) -> None:
    """Shorter than announced: the connection was cut, the next one may hold."""
    look.comes_again(cut(NEXT[:1000], len(NEXT)), hurried, "announced|IncompleteRead")


def test_row_19_a_truncated_gzip_is_refused(look: Look) -> None:
    """It came whole as it is: no bytes of a table could be had."""
    finding = look.refused(gzip.compress(NEXT)[:-100], "truncated", kept=False)
    assert finding["expected"] == "a whole gzip file"


def test_row_19_a_table_that_ends_in_the_middle_of_a_row_is_refused(look: Look) -> None:
    """Where no length was announced, the last row tells."""
    found = look.refused(lambda request: headless(request, NEXT[:-12]), "truncated")["found"]
    assert "North;Town 3;2024" in found


def headless(request: Request, body: bytes) -> None:
    """A body that ends when the connection does."""
    request.head(200)
    request.wfile.write(body)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html><title>Sorry</title></html>", "an HTML page"),
        (b"<Error><Code>NoSuchKey</Code></Error>", "an XML document"),
        (b'{"message": "rate limit"}', "a JSON document"),
        (LFS, "a Git LFS pointer"),
        (NEXT + COMMIT % (NEXT[-40:], NEXT[-40:]), "text with merge conflicts"),
    ],
)
def test_row_20_what_is_no_table_is_refused_for_what_it_is(
    look: Look, body: bytes, kind: str
) -> None:
    """Though it comes with status 200."""
    finding = look.refused(body, "content")
    assert finding["expected"] == "delimited text with one header line"
    assert finding["found"].startswith(kind)


@pytest.mark.parametrize("column", ["region", "town", "day", "count"])
def test_row_21_a_renamed_column_is_refused(look: Look, column: str) -> None:
    """The finding names what was expected and what is there."""
    finding = look.refused(NEXT.replace(column.encode(), b"autre", 1), "columns")
    assert column in finding["expected"]
    assert "autre" in finding["found"]


def test_row_21_columns_that_are_added_or_reordered_are_bound_by_name(look: Look) -> None:
    """The same observations; the addition is a finding."""
    rows = [line.split(";") for line in visits().decode().splitlines()]
    other = "\n".join(";".join([*reversed(row), "x"]) for row in rows) + "\n"
    assert look.at(other.replace(";x", ";note", 1).encode()) == 200
    assert look.rows("observations") == look.before["observations"]
    [finding] = look.findings()
    assert (finding["rule"], finding["severity"]) == ("extra_columns", "warning")
    assert "note" in finding["found"]


def test_row_21_mangled_dates_in_a_header_are_refused(world: World) -> None:
    """As a spreadsheet leaves them."""
    table = "region;town;4/6/24;4/7/24\nNorth;Town;1;2\n"
    name = world.dataset(table.encode(), WIDE)
    known(world, name)
    mangled = table.replace("4/6/24", "45388").replace("4/7/24", "45389").encode()
    assert Look(world, name).refused(mangled, "columns")["found"]


@pytest.mark.parametrize("cell", [b"n.a.", b"inf", b"1.5", b"#REF!", b"1e5x"])
def test_row_22_what_is_no_number_is_refused(look: Look, cell: bytes) -> None:
    """With the cell and its row; this table has a decimal comma."""
    finding = look.refused(NEXT.replace(b"10,0", cell, 1), "numbers")
    assert repr(cell.decode()) in finding["found"]
    assert "count" in finding["scope"]


def test_row_22_a_missing_or_negative_number_is_as_published(look: Look) -> None:
    """A blank, NA and NaN take a value back; a negative one stands, and is a finding."""
    body = visits()
    for cell in (b"", b"NA", b"NaN", b"-7,0"):
        body = re.sub(rb";2\d,0\n", b";" + cell + b"\n", body, count=1)
    assert look.at(body) == 200
    new = [row for row in look.rows("observations") if row not in look.before["observations"]]
    assert sorted([row["value"] for row in new], key=str) == [-7.0, None, None, None]
    assert ("negative", 1) in [(one["rule"], one["count"]) for one in look.findings()]


@pytest.mark.parametrize("body", [b"", b"\n", NEXT.splitlines()[0] + b"\n"])
def test_row_23_an_empty_file_is_refused(look: Look, body: bytes) -> None:
    """No bytes, no header, no rows: the old data stay."""
    look.refused(lambda request: request.say(200, body), "empty")


def test_row_24_a_file_that_has_shrunk_is_refused(look: Look) -> None:
    """Only its last weeks are there: most of what was known is gone."""
    header, *rows = NEXT.decode().splitlines(keepends=True)
    last = [row for row in rows if ";2024-04-" in row]
    finding = look.refused("".join([header, *last]).encode(), "shrunken")
    assert finding["found"]


@pytest.mark.parametrize(("days", "rule"), [(86, "reverted"), (60, "stale")])
def test_row_24_an_old_file_that_comes_back_is_refused(look: Look, days: int, rule: str) -> None:
    """A server that was restored from a backup: of four days ago, of a month ago."""
    look.refused(visits(days=days), rule)


def test_row_25_a_bomb_of_10_gib_is_refused_in_little_memory(look: Look) -> None:
    """The process that meets it grows by less than it takes to hold 64 MiB."""
    bomb = gzip.compress(bytes(16 << 20)) * 640
    function = look.world.functions["ingest"]
    before = max(peak(pid) for pid in function.workers)
    finding = look.refused(lambda request: request.say(200, bomb), "size", kept=False)
    assert finding["expected"] == "at most 200 times the packed bytes when unpacked"
    assert max(peak(pid) for pid in function.workers) - before < 64


def peak(pid: int) -> int:
    """The MiB that a process has held at most."""
    said = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", said)
    assert found
    return int(found[1]) >> 10


def test_row_25_a_huge_body_is_refused_before_it_comes(look: Look) -> None:
    """A terabyte is announced."""
    found = look.refused(cut(b"", 1 << 40), "size", kept=False)["found"]
    assert found.startswith(f"{1 << 40} bytes announced")


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        ("http://169.254.169.254/computeMetadata/v1/", "address"),
        ("http://metadata.google.internal/computeMetadata/v1/", "address"),
        ("http://10.0.0.1/", "address"),
        ("http://other.example/", "redirect"),
        ("file:///etc/passwd", "redirect"),
    ],
)
def test_row_26_a_redirect_to_where_it_may_not_lead_is_refused(
    look: Look, target: str, rule: str
) -> None:
    """Before anything connects there: the answer comes at once."""
    begun = time.monotonic()
    found = look.refused(status(302, Location=target), rule, kept=False)["found"]
    assert target.split("/")[2] in found
    assert time.monotonic() - begun < 10
