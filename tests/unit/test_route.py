"""Routes: redirects are followed only to where they may lead."""

from collections.abc import Iterator

import pytest
from upstream import BODY, Upstream, refused, says, started

from vigil.deadline import Deadline
from vigil.local.services import free_ports
from vigil.sources import Fetched, Validators, fetch

STABLE = "http://www.data.example/r/deaths"
FILE = "http://static.data.example/deaths-2023-03-10.csv"


def leads(target: str, status: int = 302, body: bytes = b"") -> object:
    """A redirect."""
    return says(status, body, Location=target)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A server on a free port."""
    with started() as server:
        yield server


@pytest.fixture
def web(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Upstream:
    """All hosts there are, behind a proxy."""
    monkeypatch.setenv("http_proxy", upstream.url())
    return upstream


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["/deaths-2023-03-10.csv", "deaths-2023-03-10.csv", "?a=1", ""])
def test_a_redirect_within_a_host_is_followed(upstream, status, target):
    """Upstream's file names change daily, the address in the YAML does not, and is remembered."""
    url = upstream.url(leads(target, status), says(body=BODY, ETag='"a"'))
    target = target or upstream.url(*upstream.answers)  # absolute
    assert fetch(url, Deadline(5)) == Fetched(BODY, Validators(url, '"a"'))
    assert len(upstream.asked) == 2


def test_what_has_not_changed_is_not_sent_again_over_a_redirect(upstream):
    """The question for changes goes along; the stable address stays what identifies it."""
    url = upstream.url(leads("/deaths-2023-03-10.csv"), says(304))
    last = Validators(url, '"abc"')
    assert fetch(url, Deadline(5), last) == Fetched(None, last)
    assert [asked["If-None-Match"] for asked in upstream.asked] == ['"abc"'] * 2


def test_a_redirect_to_a_host_that_was_named_is_followed(web):
    """As data.gouv.fr's stable addresses lead to static.data.gouv.fr."""
    web.answers = [leads(FILE), says(body=BODY, ETag='"a"')]
    found = fetch(STABLE, Deadline(5), hosts=("static.data.example",))
    assert found == Fetched(BODY, Validators(STABLE, '"a"'))
    assert [asked["Host"] for asked in web.asked] == ["www.data.example", "static.data.example"]


@pytest.mark.parametrize(
    "target",
    [
        FILE,
        "//static.data.example/deaths.csv",
        "http://www.data.example.evil.example/",
        "http://www.data.example@static.data.example/",
        "http://data.example/",
    ],
)
def test_a_redirect_to_another_host_is_refused(web, target):
    """It is not asked anything; names are compared whole."""
    web.answers = [leads(target)]
    reason = refused(STABLE)
    assert reason.rule == "redirect"
    assert reason.expected == "redirects to www.data.example"
    assert reason.found == target.replace("//static", "http://static", int(target[0] == "/"))
    assert "add the host to its hosts" in reason.remedy
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/computeMetadata/v1/",
        "http://[::ffff:169.254.169.254]/",
        "http://metadata.google.internal/computeMetadata/v1/",
        "http://10.0.0.5/",
        "http://localhost/",
        "http://127.0.0.1/",
    ],
)
def test_row_26_a_redirect_to_a_machine_inside_is_refused(upstream, target):
    """Whoever named it: only the very origin of the location may be inside."""
    for hosts in ((), ("169.254.169.254", "metadata.google.internal", "10.0.0.5", "localhost")):
        reason = refused(upstream.url(leads(target)), hosts=hosts)
        assert reason.rule == ("redirect" if "localhost" in target and not hosts else "address")
    assert len(upstream.asked) == 2


def test_the_same_host_on_another_port_is_another_machine(upstream):
    """A mirror on this machine is no way to the other servers on it."""
    [port] = free_ports(1)
    url = upstream.url(leads(f"http://127.0.0.1:{port}/"))
    assert refused(url).found == f"127.0.0.1:{port}"


def test_redirects_that_never_end_are_refused(upstream):
    """Five are followed."""
    reason = refused(upstream.url(leads("/again")))
    assert (reason.rule, reason.expected, reason.found) == (
        "redirect",
        "at most 5 redirects",
        "more",
    )
    assert len(upstream.asked) == 6


@pytest.mark.parametrize("target", ["ftp://www.data.example/", "file:///etc/passwd", "data:,x"])
def test_a_redirect_out_of_the_web_is_refused(web, target):
    """Whatever else a library could read."""
    web.answers = [leads(target)]
    assert refused(STABLE).expected == "redirects to http or https"


@pytest.mark.parametrize("target", ["http://[", "http://www.data.example:x/", "http://\xff/"])
def test_a_redirect_to_nowhere_is_refused(web, target):
    """For good: it says so every time."""
    web.answers = [leads(target)]
    assert refused(STABLE).rule in {"redirect", "address"}
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    "location", ["http://", "http://[", "http://data.example:x/", "http://a..b/"]
)
def test_an_address_that_is_none_is_refused(location):
    """Also when a person has written it."""
    assert refused(location).rule == "address"


def test_the_body_of_a_redirect_is_not_read(upstream):
    """It could be anything, of any length."""
    endless = says(302, b"", Location="/file", Content_Length=str(1 << 40))
    assert fetch(upstream.url(endless, says(body=BODY)), Deadline(5)).body == BODY
