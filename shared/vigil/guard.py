"""Which machines a download may connect to: public ones, and the one that a person wrote down."""

import ipaddress
import socket
import threading
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.connection import HTTPConnection

from vigil.deadline import Deadline
from vigil.errors import Rejected

type Address = IPv4Address | IPv6Address

PATIENCE = 30.0  # seconds for a connection, and for each of its silences
PORTS = {"http": 80, "https": 443}
METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog"})
METADATA = frozenset({IPv6Address("fd20:ce::254"), IPv6Address("fd00:ec2::254")})
UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")


def host_of(url: str) -> str:
    """The host that an address names, as hosts are compared."""
    return (urlsplit(url).hostname or "").lower().rstrip(".")


def origin(url: str) -> tuple[str, int]:
    """The host and port that an address names."""
    parts = urlsplit(url)
    return host_of(url), parts.port or PORTS[parts.scheme.lower()]


def literal(host: str) -> Address | None:
    """The IP address that a host is, if it is one and no name."""
    try:
        return _unwrapped(ipaddress.ip_address(host.strip("[]").partition("%")[0]))
    except ValueError:
        return None


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
        return address.ipv4_mapped or address
    return address


def is_public(address: Address) -> bool:
    """Whether anybody on the internet means the same machine by it."""
    unicast = address.version == 4 or address in UNICAST
    return unicast and address.is_global and not address.is_multicast


def is_near(address: Address) -> bool:
    """Whether a mirror of one's own may be there: private or loopback, never link-local."""
    near = address.is_private or address.is_loopback
    return near and not address.is_link_local and address not in METADATA


class Guard(HTTPAdapter):
    """Connects only to addresses that it has judged, and hangs up at the deadline."""

    def __init__(self, location: str, budget: Deadline) -> None:
        super().__init__()
        self.location, self.budget = location, budget
        self.lines: list[socket.socket] = []
        self.bell = threading.Timer(budget.left(), self._hang_up)
        self.bell.daemon = True
        self.bell.start()

    def check(self, url: str) -> None:
        """Refuse what needs no look-up to be judged, also on the way through a proxy."""
        host, port = origin(url)
        address = literal(host)
        if host in METADATA_NAMES or (address and not self._may(address, host, port)):
            raise self._refusal(f"{host}:{port}")

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection to one of the host's addresses, none of which is looked up again."""
        failure = OSError(f"{host} has no address")
        for family, kind, protocol, address in self._addresses(host, port):
            line = socket.socket(family, kind, protocol)
            try:
                line.settimeout(self.budget.left(PATIENCE))
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                line.connect(address)
            except OSError as error:
                line.close()
                failure = error
            else:
                return line
        raise failure

    def _addresses(self, host: str, port: int) -> list[tuple[Any, Any, int, Any]]:
        """All addresses of a host; one that may not be connected to refuses the host."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError:
            raise self._refusal(f"{host}, which no machine can be called") from None
        for *_, (text, *_) in found:
            address = literal(str(text))
            if not address or not self._may(address, host, port):
                raise self._refusal(f"{host}, which is {text}")
        return [(family, kind, protocol, to) for family, kind, protocol, _, to in found]

    def _may(self, address: Address, host: str, port: int) -> bool:
        return is_public(address) or (is_near(address) and self._is_own(host, port))

    def _is_own(self, host: str, port: int) -> bool:
        """Whether the location itself, written by a person, names this very machine."""
        host = host.strip("[]").lower().rstrip(".")
        named = host == "localhost" or literal(host) is not None
        return named and (host, port) == origin(self.location)

    def _refusal(self, found: str) -> Rejected:
        return Rejected(
            self.location,
            rule="address",
            expected="a public address",
            found=found,
            remedy="A mirror in a private network has to be named by its IP address and port.",
        )

    def watch(self, line: socket.socket) -> None:
        """Hang up this connection at the deadline, whatever it waits for then."""
        self.lines.append(line.dup())  # TLS takes the socket itself away
        self.budget.left()  # the bell may have rung

    def _hang_up(self) -> None:
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """A pool of guarded connections; a proxy's own address is not judged."""
        pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
        if not issubclass(pool.ConnectionCls, Guarded):
            more = {"guard": self, "direct": not select_proxy(request.url, proxies)}
            pool.ConnectionCls = type("One", (Guarded, pool.ConnectionCls), more)
        return pool

    def close(self) -> None:
        """End the watch, and the connections."""
        self.bell.cancel()
        self.bell.join()
        for line in self.lines:
            line.close()
        super().close()


class Guarded(HTTPConnection):
    """A connection that asks its guard."""

    guard: Guard
    direct: bool

    def _new_conn(self) -> socket.socket:
        host, port = self._dns_host, self.port
        line = self.guard.connect(host, port) if self.direct else super()._new_conn()
        self.guard.watch(line)
        return line
