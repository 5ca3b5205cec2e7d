"""The guard: which machines a download may connect to, asked of real sockets."""

import socket
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from upstream import BODY, Upstream, refused, says, started

from vigil import guard, sources
from vigil.deadline import Deadline
from vigil.errors import Transient
from vigil.sources import fetch

PRIVATE = ["10.0.0.5", "127.0.0.1", "192.168.1.1", "fd12::1", "::1", "172.16.0.1"]
REFUSED_ALWAYS = [
    *("169.254.169.254", "169.254.1.1", "fe80::1", "fd20:ce::254", "fd00:ec2::254"),
    *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "224.0.0.1", "ff02::1", "100.64.0.1"),
]
PUBLIC = ["8.8.8.8", "185.199.108.133", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server on a free port."""
    with started() as server:
        yield server


@pytest.fixture
def tried(monkeypatch) -> list[object]:
    """The addresses that somebody tries to connect to."""
    tried: list[object] = []
    connect = socket.socket.connect

    class Socket(socket.socket):
        def connect(self, address: object) -> None:
            tried.append(address)
            connect(self, address)

    monkeypatch.setattr(socket, "socket", Socket)
    return tried


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Every name means these addresses; the names that were asked for."""
    asked: list[str] = []

    def look_up(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        kinds = {4: socket.AF_INET, 6: socket.AF_INET6}
        return [
            (kinds[ip_address(one).version], socket.SOCK_STREAM, 6, "", (one, port))
            for one in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_public_private_and_forbidden_addresses_are_told_apart():
    """Also those that IPv6 wraps."""
    for kind, public, near in (
        (PUBLIC, True, False),
        (PRIVATE, False, True),
        (REFUSED_ALWAYS, False, False),
    ):
        for text in kind:
            address = guard.literal(text)
            assert address is not None
            assert (guard.is_public(address), guard.is_near(address)) == (public, near), text


@pytest.mark.parametrize("address", [*PRIVATE, *REFUSED_ALWAYS])
def test_a_name_that_means_a_machine_inside_is_refused(monkeypatch, tried, address):
    """Before anything connects, also when another of its addresses is public."""
    resolving(monkeypatch, "8.8.8.8", address)
    reason = refused("http://data.example/deaths.csv")
    assert (reason.rule, reason.expected) == ("address", "a public address")
    assert reason.found == f"data.example, which is {address}"
    assert "has to be named by its IP address and port" in reason.remedy
    assert not tried


@pytest.mark.parametrize("address", REFUSED_ALWAYS)
def test_a_link_local_address_is_refused_though_it_is_written_down(tried, address):
    """No dataset lies in a machine's own metadata."""
    host = f"[{address}]" if ":" in address else address
    assert refused(f"http://{host}/computeMetadata/v1/").rule == "address"
    assert not tried


@pytest.mark.parametrize(
    "host", ["metadata.google.internal", "METADATA.google.internal.", "metadata", "metadata.goog"]
)
def test_the_metadata_server_is_refused_by_name(monkeypatch, tried, host):
    """Whatever the name means here, and also for a proxy that looks it up."""
    asked = resolving(monkeypatch, "8.8.8.8")
    for proxy in ("", "http://127.0.0.1:9"):
        monkeypatch.setenv("http_proxy", proxy)
        assert refused(f"http://{host}/computeMetadata/v1/").rule == "address"
    assert not tried
    assert not asked


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "localhost.localdomain"])
def test_other_ways_to_write_a_machine_inside_are_refused(monkeypatch, tried, host):
    """Only a plain address, or localhost, says clearly what a person means."""
    if host == "localhost.localdomain":
        resolving(monkeypatch, "127.0.0.1")
    assert refused(f"http://{host}/deaths.csv").rule == "address"
    assert not tried


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_a_mirror_that_is_named_by_its_address_is_read(upstream, host):
    """The operator wrote it down."""
    url = upstream.url(says(body=BODY)).replace("127.0.0.1", host)
    assert fetch(url, Deadline(5)).body == BODY


def test_it_connects_to_the_address_that_was_judged(upstream, monkeypatch, tried):
    """A name is looked up once: a second answer could be another one."""
    url = upstream.url(says(body=BODY)).replace("127.0.0.1", "data.example")
    asked = resolving(monkeypatch, "127.0.0.1")
    monkeypatch.setattr(guard, "is_public", lambda address: str(address) == "127.0.0.1")
    assert fetch(url, Deadline(5)).body == BODY
    assert asked == ["data.example"]
    assert tried == [("127.0.0.1", upstream.server.server_port)]


def test_of_several_addresses_the_first_that_answers_is_taken(upstream, monkeypatch, tried):
    """A machine without IPv6, say."""
    url = upstream.url(says(body=BODY)).replace("127.0.0.1", "data.example")
    resolving(monkeypatch, "127.0.0.2", "127.0.0.1")
    monkeypatch.setattr(guard, "is_public", lambda _: True)
    assert fetch(url, Deadline(5)).body == BODY
    assert len(tried) == 2


def test_a_name_that_means_nothing_may_mean_something_later(monkeypatch):
    """DNS is down at times."""
    monkeypatch.setattr(sources, "SECONDS", 1.0)

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Transient, match=r"Name or service not known|deadline"):
        fetch("http://data.example/deaths.csv", Deadline(0.8))


def test_a_proxy_is_asked_though_it_is_inside(upstream, monkeypatch, tried):
    """Its address is the business of whoever configured it; it looks the names up."""
    asked = resolving(monkeypatch, "127.0.0.1")
    monkeypatch.setenv("http_proxy", upstream.url(says(body=BODY)))
    assert fetch("http://data.example/deaths.csv", Deadline(5)).body == BODY
    assert upstream.asked[0]["Host"] == "data.example"
    assert asked == ["127.0.0.1"]
    assert tried == [("127.0.0.1", upstream.server.server_port)]


def test_certificates_are_checked_against_the_name(upstream, tmp_path, monkeypatch):
    """TLS on a guarded connection: a bundle of one's own is honoured, another name is refused."""
    key, bundle = tmp_path / "key.pem", tmp_path / "bundle.pem"
    names = "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    kind = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    command = f"openssl req -x509 {kind} {names} -keyout {key} -out {bundle}"
    subprocess.run(command.split(), check=True, capture_output=True)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    url = upstream.tls(key, bundle, says(body=BODY))
    assert fetch(url.replace("127.0.0.1", "localhost"), Deadline(5)).body == BODY
    monkeypatch.setattr(sources, "SECONDS", 1.0)
    with pytest.raises(Transient, match="certificate"):
        fetch(url, Deadline(5))
