"""Sniffing: what is no table is told from what is, before anyone parses it."""

import gzip
import io
import time
import zipfile

import pytest

from conftest import REAL
from vigil import sniff
from vigil.errors import Rejected

CSV = b"date,n\n2021-01-30,5\n"
POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
CONFLICT = b"date,n\n<<<<<<< HEAD\n2021-01-30,5\n=======\n2021-01-30,6\n>>>>>>> main\n"
BEFORE = [b"", b"\xef\xbb\xbf", b"\n\r\n  \n", b"\xef\xbb\xbf\n\n", b"\n\xef\xbb\xbf"]


def packed(name: str) -> bytes:
    """A zip archive with that one file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "<Types/>")
    return file.getvalue()


TEXTS = {
    "an HTML page": [
        b"<!DOCTYPE html>\n<html><head><title>404</title>",
        b"<!doctype HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'>",
        b"<HTML><BODY>Sorry</BODY></HTML>",
        b"<html lang='fr'>",
        b"<!-- maintenance -->\n<html>",
        b"<h1>Service Unavailable</h1>",
        b"<p>Rate limit exceeded</p>",
    ],
    "an XML document": [
        b"<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code></Error>",
        b"<Error><Code>AccessDenied</Code></Error>",
        b"<rss version='2.0'>",
        b"<soap:Envelope xmlns:soap='x'>",
        b"<!DOCTYPE feed>",
        b"<div class='error'>",
        b"<br/>",
    ],
    "a JSON document": [
        b'{"error": {"code": 500, "message": "Internal"}}',
        b'{\n  "message": "API rate limit exceeded"\n}',
        b"{}",
        b'[{"date": "2021-01-30"}]',
        b"[]",
        b"[\n]\n",
        b'["date", "n"]',
        b"[[1, 2], [3, 4]]",
    ],
    "a Git LFS pointer": [POINTER, POINTER.upper(), POINTER.replace(b"\n", b"\r\n")],
}
BINARIES = {
    "a PDF": b"%PDF-1.7\n%\xe2\xe3",
    "an Excel workbook": packed("xl/workbook.xml"),
    "an old Excel workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "a zip archive": packed("deaths.csv"),
    "a gzip file in another": gzip.compress(CSV),
    "a Parquet file": b"PAR1" + bytes(20),
    "a bzip2 file": b"BZh91AY&SY\x12",
    "an xz file": b"\xfd7zXZ\0\0\x04",
    "a zstd file": b"\x28\xb5\x2f\xfd\x04",
    "binary": CSV + bytes(20),
}


def refusal(body: bytes) -> Rejected:
    """Why it is refused."""
    with pytest.raises(Rejected) as reason:
        sniff.check(body, "tiny.visits")
    assert (reason.value.where, reason.value.rule) == ("tiny.visits", "content")
    assert reason.value.expected == "delimited text with one header line"
    assert reason.value.remedy
    return reason.value


@pytest.mark.parametrize("kind", TEXTS)
def test_a_document_in_place_of_a_table_is_refused(kind):
    """In capitals or not, after blank lines or a byte order mark, also in UTF-16."""
    for text in TEXTS[kind]:
        for before in BEFORE:
            assert refusal(before + text).found.startswith(f"{kind}: ")
        for encoding in ("utf-16", "utf-16-le"):
            mark = b"" if encoding == "utf-16" else b"\xff\xfe"
            body = mark + text.decode().encode(encoding)
            assert refusal(body).found.startswith(f"{kind}: ")


@pytest.mark.parametrize("kind", BINARIES)
def test_a_file_of_another_format_is_refused(kind):
    """Each by its name, so that the reader knows what to do."""
    assert refusal(BINARIES[kind]).found.startswith(f"{kind}: ")


def test_a_refusal_shows_how_it_begins():
    """Eighty bytes of it, and no more."""
    found = refusal(b"\n<html>" + b"x" * 100).found
    assert found == f"an HTML page: {'<html>' + 'x' * 74!r}"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("rows", [0, 100_000])
def test_merge_conflicts_are_refused_wherever_they_stand(end, rows):
    """In the first line or the last, and the finding shows them."""
    text = (CSV * rows + CONFLICT).replace(b"\n", end)
    reason = refusal(text)
    assert reason.found.startswith("text with merge conflicts: '<<<<<<< HEAD")
    assert refusal(CONFLICT[7:]).found.startswith("text with merge conflicts: ")


@pytest.mark.parametrize("missing", sniff.MARKERS)
def test_one_kind_of_marker_alone_is_text(missing):
    """A heading may be underlined with equals signs."""
    assert sniff.check(CONFLICT.replace(missing, b"# "), "tiny.visits") is None


@pytest.mark.parametrize(
    "body",
    [
        CSV,
        b"",
        b"\n\n",
        b"\xef\xbb\xbf" + CSV,
        CSV.decode().encode("utf-16"),
        b"[date],[n]\n2021-01-30,5\n",
        b'"date","n"\n',
        b"<5,5-9,>9\n1,2,3\n",
        b"< 5,n\n",
        b"{a},b\n",
        b"version,n\nhttps://git-lfs.github.com/spec/v1,5\n",
        b"date,n\n2021-01-30,<html>\n",
        b"PKW,n\n",
        b"d\xe9c\xe8s;n\n",
        "日付,人数\n".encode("shift_jis"),
        b"date,note\n2021-01-30,a ======= b <<<<<<< c >>>>>>> d\n",
    ],
)
def test_tables_pass(body):
    """Also odd ones; whether they are any good is for others to say."""
    assert sniff.check(body, "tiny.visits") is None


@pytest.mark.real
def test_all_real_files_pass_and_the_largest_takes_no_time():
    """41 MiB in 13 ms on the machine this was written on."""
    files = sorted(REAL.rglob("*.csv.gz"))
    assert len(files) >= 20
    bodies = {file.name: gzip.decompress(file.read_bytes()) for file in files}
    for name, body in bodies.items():
        sniff.check(body, name)
    largest = max(bodies.values(), key=len)
    begun = time.perf_counter()
    sniff.check(largest, "largest")
    assert time.perf_counter() - begun < 0.1
