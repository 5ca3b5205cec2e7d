"""Sources: bytes from files and from real servers that are slow, broken, or unchanged."""

import gzip
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

import pytest
from upstream import BODY, Upstream, refused, says, started

from vigil import sources
from vigil.deadline import Deadline
from vigil.errors import Transient
from vigil.local.services import free_ports
from vigil.sources import Fetched, Validators, fetch


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server on a free port."""
    with started() as server:
        yield server


@pytest.fixture
def hasty(monkeypatch) -> None:
    """Retries end after two seconds instead of sixty."""
    monkeypatch.setattr(sources, "SECONDS", 4.0)


def breaks_off(handler: BaseHTTPRequestHandler) -> None:
    """Announces more bytes than come."""
    says(body=BODY, Content_Length=str(len(BODY) + 1))(handler)
    handler.close_connection = True


def hangs(_handler: BaseHTTPRequestHandler) -> None:
    """Takes the question, gives no answer."""
    time.sleep(3)


def drips(handler: BaseHTTPRequestHandler) -> None:
    """A byte every tenth of a second, thirty in all."""
    says(Content_Length="30")(handler)
    for _ in range(30):
        handler.wfile.write(b"x")
        time.sleep(0.1)


def drips_in_chunks(handler: BaseHTTPRequestHandler) -> None:
    """The same without saying how much is to come."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for _ in range(30):
        handler.wfile.write(b"1\r\nx\r\n")
        time.sleep(0.1)
    handler.wfile.write(b"0\r\n\r\n")


def test_a_file_on_the_web_is_fetched_with_what_identifies_it(upstream):
    """Body, ETag and date of change; nothing conditional is asked the first time."""
    changed = "Fri, 10 Mar 2023 04:21:03 GMT"
    url = upstream.url(says(body=BODY, ETag='"abc"', Last_Modified=changed))
    assert fetch(url, Deadline(5)) == Fetched(BODY, Validators(url, '"abc"', changed))
    assert not {"If-None-Match", "If-Modified-Since"} & set(upstream.asked[0])


def test_what_has_not_changed_is_not_sent_again(upstream):
    """The ETag goes back, 304 comes, and what identifies the body stays."""
    url = upstream.url(says(304))
    last = Validators(url, '"abc"', "Fri, 10 Mar 2023 04:21:03 GMT")
    assert fetch(url, Deadline(5), last) == Fetched(None, last)
    [asked] = upstream.asked
    assert asked["If-None-Match"] == '"abc"'
    assert asked["If-Modified-Since"] == "Fri, 10 Mar 2023 04:21:03 GMT"


def test_what_has_changed_comes_whole(upstream):
    """200 in spite of a question for changes only."""
    url = upstream.url(says(body=BODY, ETag='"new"'))
    assert fetch(url, Deadline(5), Validators(url, '"old"')) == Fetched(
        BODY, Validators(url, '"new"')
    )


def test_what_identifies_another_address_is_not_sent(upstream):
    """A source that moved is fetched anew."""
    url = upstream.url(says(body=BODY))
    assert fetch(url, Deadline(5), Validators(url + "?old", '"abc"')).body == BODY
    assert "If-None-Match" not in upstream.asked[0]


def test_not_changed_is_no_answer_to_someone_who_has_nothing(upstream):
    """304 to a plain question is a fault of upstream."""
    assert refused(upstream.url(says(304))).found == "304 Not Modified"


@pytest.mark.parametrize("headers", [{}, {"Content_Encoding": "gzip"}])
def test_gzip_is_unpacked_whether_file_or_encoding(upstream, headers):
    """The bytes that are kept are the table's own."""
    assert fetch(upstream.url(says(body=gzip.compress(BODY), **headers)), Deadline(5)).body == BODY


def test_an_encoding_that_is_offered_is_unpacked(upstream):
    """A server may choose any that the question accepts."""

    def chooses(handler: BaseHTTPRequestHandler) -> None:
        if "deflate" in handler.headers.get("Accept-Encoding", ""):
            says(body=zlib.compress(BODY), Content_Encoding="deflate")(handler)
        else:
            says(body=BODY)(handler)

    assert fetch(upstream.url(chooses), Deadline(5)).body == BODY


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204])
def test_an_answer_that_will_not_change_is_rejected_at_once(upstream, status):
    """One question; the remedy says where the address stands."""
    reason = refused(upstream.url(says(status)))
    assert (reason.rule, reason.expected) == ("status", "status 200")
    assert reason.found.startswith(f"{status} ")
    assert reason.remedy == "If the source has moved, change its url in the dataset's YAML."
    assert len(upstream.asked) == 1


def test_trouble_that_passes_is_waited_for(upstream):
    """500, then the file."""
    url = upstream.url(says(500), says(body=BODY))
    assert fetch(url, Deadline(20)).body == BODY
    assert len(upstream.asked) == 2


@pytest.mark.parametrize("answer", [says(500), says(429), hangs])
def test_trouble_that_stays_is_transient_when_the_deadline_has_passed(upstream, hasty, answer):
    """After eight tenths of a second, not after the minute that retries may take."""
    url, started = upstream.url(answer), time.monotonic()
    with pytest.raises(Transient):
        fetch(url, Deadline(0.8))
    assert time.monotonic() - started < 1.6


def test_a_server_that_is_not_there_is_transient(hasty):
    """It may come back before the message does."""
    [port] = free_ports(1)
    with pytest.raises(Transient, match="refused"):
        fetch(f"http://127.0.0.1:{port}/deaths.csv", Deadline(0.8))


@pytest.mark.parametrize("answer", [drips, drips_in_chunks])
def test_a_source_that_drips_meets_the_deadline(upstream, hasty, answer):
    """Every byte comes in time, the file does not."""
    url, started = upstream.url(answer), time.monotonic()
    with pytest.raises(Transient, match="deadline"):
        fetch(url, Deadline(0.8))
    assert time.monotonic() - started < 1.6


def test_a_source_that_drips_its_header_meets_the_deadline(upstream, hasty):
    """Not a byte of the body has come."""

    def drips_its_header(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(30):
            handler.wfile.write(b"x")
            time.sleep(0.1)
        handler.wfile.write(b"\r\nContent-Length: 0\r\n\r\n")

    url, started = upstream.url(drips_its_header), time.monotonic()
    with pytest.raises(Transient, match="deadline"):
        fetch(url, Deadline(0.8))
    assert time.monotonic() - started < 1.6


def test_the_deadline_ends_a_body_that_has_no_length(upstream, hasty):
    """A connection that our own side has closed is no end of a body."""

    def pours(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\ndate,n\n")
        time.sleep(3)

    url, begun = upstream.url(pours), time.monotonic()
    with pytest.raises(Transient, match="deadline"):
        fetch(url, Deadline(0.8))
    assert time.monotonic() - begun < 1.6


def test_the_deadline_ends_a_handshake_that_drips(hasty):
    """TLS has begun, and goes on for ever: a byte of the server's greeting at a time."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            line, _ = server.accept()
            line.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03")
            with suppress(ConnectionError):
                for _ in range(30):
                    line.sendall(b"x")
                    time.sleep(0.1)

        threading.Thread(target=greet, daemon=True).start()
        begun = time.monotonic()
        with pytest.raises(Transient, match="deadline"):
            fetch(f"https://127.0.0.1:{server.getsockname()[1]}/deaths.csv", Deadline(0.8))
        assert time.monotonic() - begun < 1.6


def test_a_connection_that_is_reset_is_tried_again(upstream):
    """In the middle of the body, without a goodbye."""

    def resets(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\ndate,n")
        at_once = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        handler.connection.close()
        handler.close_connection = True

    assert fetch(upstream.url(resets, says(body=BODY)), Deadline(20)).body == BODY
    assert len(upstream.asked) == 2


def test_no_thread_and_no_connection_outlives_a_download(upstream):
    """The watch ends with what it watches."""
    fetch(upstream.url(says(body=BODY)), Deadline(5))
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer)]


def test_a_body_shorter_than_announced_is_transient(upstream, hasty):
    """The connection broke: the next attempt may get it whole."""
    with pytest.raises(Transient):
        fetch(upstream.url(breaks_off), Deadline(0.8))


def test_a_body_that_broke_off_is_fetched_again(upstream):
    """Half of it, then all of it."""
    assert fetch(upstream.url(breaks_off, says(body=BODY)), Deadline(20)).body == BODY


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_local_file_is_read_plain_or_packed(tmp_path, pack):
    """By its first bytes, not by its name; a path has nothing that upstream could compare."""
    path = tmp_path / "a.csv"
    path.write_bytes(pack(BODY))
    assert fetch(str(path), Deadline()) == Fetched(BODY, Validators(str(path)))


def test_a_local_file_that_cannot_be_read_is_rejected(tmp_path):
    """Missing, or a folder; the message says which."""
    missing = refused(str(tmp_path / "none.csv"))
    assert (missing.expected, missing.found) == (
        "a file that can be read",
        "No such file or directory",
    )
    assert refused(str(tmp_path)).found == "Is a directory"


def test_an_address_is_told_from_a_path():
    """Only the web's two schemes are addresses."""
    assert sources.is_url("https://example.org/a.csv")
    assert sources.is_url("http://example.org/a.csv")
    assert not sources.is_url("/data/http.csv")
    assert not sources.is_url("file:///etc/passwd")


def test_a_deadline_gives_what_is_left_and_no_more_than_asked():
    """Of ten minutes eight are left, of which a call gets thirty seconds."""
    deadline = Deadline(600, time.monotonic() - 120)
    assert deadline.left(30) == 30
    assert deadline.left(1000) == pytest.approx(480, abs=1)
    with pytest.raises(Transient, match="the deadline of 100 s has passed"):
        Deadline(100, time.monotonic() - 101).left()
