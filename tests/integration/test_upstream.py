"""Sources over HTTP: what has not changed costs nothing, what is stale is refused."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tiny import write_dataset, write_visits

from vigil.cloud import Cloud
from vigil.errors import Rejected
from vigil.messages import Tick, parse_moment
from vigil.steps.ingest import ingest


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A mirror over HTTP that answers 304 to whoever has the file; the file is returned."""
    write_dataset(tmp_path / "datasets")
    file = write_visits(tmp_path / "mirror" / "tiny" / "visits.csv")

    class Mirror(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = (tmp_path / "mirror" / self.path.lstrip("/")).read_bytes()
            tag = f'"{sha256(body).hexdigest()}"'
            known = self.headers.get("If-None-Match") == tag
            self.send_response(304 if known else 200)
            self.send_header("ETag", tag)
            self.send_header("Content-Length", "0" if known else str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if known else body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.setenv("VIGIL_MIRROR", f"http://127.0.0.1:{server.server_port}")
    yield file
    server.shutdown()


def tick(day: str) -> Tick:
    """A Tick for the end of a day."""
    return Tick("tiny", parse_moment(day, "test"))


def test_an_unchanged_file_is_not_downloaded_again(upstream: Path, cloud: Cloud) -> None:
    """The arrival keeps upstream's ETag; the next look costs no byte, and leaves its trace."""
    for day in ("2024-04-08", "2024-04-09"):
        ingest(tick(day), Cloud.from_env())
    sql = "SELECT status, bytes FROM runs ORDER BY started_at"
    first, second = cloud.warehouse.rows(sql)
    assert (first["status"], first["bytes"]) == ("done", upstream.stat().st_size)
    assert (second["status"], second["bytes"]) == ("unchanged", 0)
    head = cloud.warehouse.head("tiny")
    assert (head.arrivals, head.checked_at) == (2, tick("2024-04-09").as_of)
    write_visits(upstream, first=9.0)
    ingest(tick("2024-04-10"), Cloud.from_env())
    assert cloud.warehouse.rows(sql)[-1]["status"] == "done"


def test_a_redelivery_uses_what_the_first_attempt_fetched(upstream: Path, cloud: Cloud) -> None:
    """One moment, one content: upstream may change between two attempts at one message."""
    ingest(tick("2024-04-08"), Cloud.from_env())
    write_visits(upstream, first=9.0)
    ingest(tick("2024-04-08"), Cloud.from_env())
    assert len(cloud.warehouse.rows("SELECT vintage FROM vintages")) == 1


def test_a_stale_download_is_refused(upstream: Path, cloud: Cloud) -> None:
    """A source that stopped without saying so: nothing is taken in, the finding says since when."""
    with pytest.raises(Rejected, match="the last date is 2024-04-06"):
        ingest(Tick("tiny", datetime(2024, 6, 1, tzinfo=UTC)), Cloud.from_env())
    assert cloud.warehouse.rows("SELECT * FROM observations LIMIT 1") == []
    [finding] = cloud.warehouse.rows("SELECT rule, severity FROM findings")
    assert finding == {"rule": "stale", "severity": "error"}
