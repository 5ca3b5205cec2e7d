"""Sources: bytes from files and from real servers that are slow, broken, or unchanged."""

import gzip
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from vigil import sources
from vigil.deadline import Deadline
from vigil.errors import Rejected, Transient
from vigil.local.services import free_ports
from vigil.sources import Fetched, Validators, fetch

BODY = b"date,n\n2021-01-30,5\n" * 100
Answer = Callable[[BaseHTTPRequestHandler], None]


class Upstream:
    """A web server that gives its answers in turn, the last of them for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[dict[str, str]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                upstream.asked.append(dict(self.headers))
                turn = min(len(upstream.asked), len(upstream.answers)) - 1
                with suppress(ConnectionError):
                    upstream.answers[turn](self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def url(self, *answers: Answer) -> str:
        """An address that answers so."""
        self.answers = list(answers)
        return f"http://127.0.0.1:{self.server.server_port}/deaths.csv"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server on a free port."""
    server = Upstream()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def hasty(monkeypatch) -> None:
    """Retries end after two seconds instead of sixty."""
    monkeypatch.setattr(sources, "SECONDS", 4.0, raising=False)


def says(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    """A whole answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **named}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


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


def refused(location: str) -> Rejected:
    """The reason why a location is refused: it says where."""
    with pytest.raises(Rejected) as reason:
        fetch(location, Deadline(5))
    assert reason.value.where == location
    return reason.value


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


def test_a_redirect_is_followed_and_remembered_under_the_stable_address(upstream):
    """Upstream's file names change daily, the address in the YAML does not."""
    url = upstream.url(says(302, Location="/deaths-2023-03-10.csv"), says(body=BODY, ETag='"a"'))
    assert fetch(url, Deadline(5)) == Fetched(BODY, Validators(url, '"a"'))


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


@pytest.mark.xfail(strict=True, reason="each byte of a header starts the wait anew")
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


def test_a_body_shorter_than_announced_is_transient(upstream, hasty):
    """The connection broke: the next attempt may get it whole."""
    with pytest.raises(Transient):
        fetch(upstream.url(breaks_off), Deadline(0.8))


def test_a_body_that_broke_off_is_fetched_again(upstream):
    """Half of it, then all of it."""
    assert fetch(upstream.url(breaks_off, says(body=BODY)), Deadline(20)).body == BODY


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
    monkeypatch.setattr(sources, "COMPRESSED_CAP", 1 << 20)
    fits, over = b"x" * (1 << 20), b"x" * ((1 << 20) + 1)
    assert fetch(upstream.url(says(body=fits)), Deadline(5)).body == fits
    (tmp_path / "a.csv").write_bytes(over)
    for location in (upstream.url(says(body=over)), str(tmp_path / "a.csv")):
        reason = refused(location)
        assert (reason.rule, reason.expected, reason.found) == ("size", "at most 1 MiB", "more")


def test_a_gzip_that_swells_over_the_cap_is_rejected_without_unpacking_it(tmp_path, monkeypatch):
    """64 MiB of zeros in 64 KiB: memory stays near the cap of one MiB."""
    monkeypatch.setattr(sources, "PLAIN_CAP", 1 << 20)
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
    monkeypatch.setattr(sources, "PLAIN_CAP", 1000)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(bytes(1000)))
    assert fetch(str(path), Deadline()).body == bytes(1000)
    path.write_bytes(gzip.compress(bytes(1001)))
    assert refused(str(path)).rule == "size"


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
