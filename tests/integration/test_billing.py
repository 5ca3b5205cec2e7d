"""What queries may cost and did cost, seen between Google's client and the stand-in."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from by_hand import own_cloud

from faults.proxy import Proxy, passed, refused, rewritten
from vigil.cloud import Cloud
from vigil.ledger import attempt
from vigil.messages import Tick, parse_moment

LEAST = 10 << 20  # bytes that BigQuery bills for any query
LIMIT = '"maximumBytesBilled": "21474836480"'


@pytest.fixture(scope="module")
def seen(local_cloud: None) -> Iterator[tuple[Cloud, Proxy]]:
    """A cloud whose requests to BigQuery go through a proxy."""
    with own_cloud(), pytest.MonkeyPatch.context() as patch:
        proxy = Proxy(os.environ["BIGQUERY_EMULATOR_HOST"])
        patch.setenv("BIGQUERY_EMULATOR_HOST", proxy.url)
        yield Cloud.from_env(), proxy
        proxy.shutdown()


def billed(job: dict[str, Any]) -> dict[str, Any]:
    """The same job, as BigQuery would bill it."""
    query = {**job["statistics"]["query"], "totalBytesBilled": str(LEAST)}
    return {**job, "statistics": {**job["statistics"], "query": query}}


def worked(cloud: Cloud, moment: str) -> dict[str, Any]:
    """The ledger's row of an attempt that asks twice."""
    tick = Tick("tiny", parse_moment(moment, "test"))
    with attempt("predict", tick, lambda: cloud.warehouse) as run:
        cloud.warehouse.rows("SELECT 1")
        cloud.warehouse.rows("SELECT 2")
    sql = "SELECT cpu_seconds, billed_bytes FROM runs WHERE run_id = @run_id"
    [row] = cloud.warehouse.rows(sql, run_id=run.run_id)
    return row


def test_a_run_says_what_bigquery_billed_and_the_processor_time(seen: tuple[Cloud, Proxy]) -> None:
    """Two queries at the least that BigQuery bills for one."""
    cloud, proxy = seen
    asked = proxy.rule("GET", "/jobs/", rewritten(billed), times=2)
    row = worked(cloud, "2024-01-01")
    assert asked.hits == 2
    assert row["billed_bytes"] == 2 * LEAST
    assert row["cpu_seconds"] > 0


def test_a_bill_that_nobody_tells_stays_open_and_stops_nothing(seen: tuple[Cloud, Proxy]) -> None:
    """The attempt is done; what it cost is unknown, not nothing."""
    cloud, proxy = seen
    proxy.rule("GET", "/jobs/", refused, times=1)
    assert worked(cloud, "2024-01-02")["billed_bytes"] is None


def test_every_query_has_a_limit_also_the_job_of_a_first_head(seen: tuple[Cloud, Proxy]) -> None:
    """In the requests as they are sent: those with the limit, and all there are."""
    cloud, proxy = seen
    limited = [proxy.rule("POST", path, passed, LIMIT, times=9) for path in ("/queries", "/jobs")]
    others = [proxy.rule("POST", path, passed, times=9) for path in ("/queries", "/jobs")]
    assert cloud.warehouse.head("tiny").revision == 0
    assert [rule.hits for rule in limited] == [2, 1]  # a look before the job, and one after it
    assert [rule.hits for rule in others] == [0, 0]
