"""After a deploy: does it run, and does the commit hold on the real BigQuery.

    VIGIL_PROJECT=P VIGIL_REGION=R scripts/smoke.py DATASET [--as ACCOUNT]

Writers race for one head in a scratch dataset, where all tables and views of this revision are
made first. Then the dataset's ingest job is run as Cloud Scheduler would, and the ledger is read
until the attempt has ended well and a forecast is there.
"""

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import google.auth
from google.auth import impersonated_credentials
from google.cloud import bigquery

from vigil.commit import Commit, Head
from vigil.deadline import Deadline
from vigil.local.resources import make_tables
from vigil.settings import Settings
from vigil.warehouse import Warehouse

RACERS, ROUNDS = 6, 5
PATIENCE = 900.0  # seconds: a cold start, a download, a commit, a forecast
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
ENDED = """
    SELECT step, status, reason FROM runs
    WHERE dataset = @dataset AND started_at >= @since AND step = 'ingest' AND status != 'paused'
    ORDER BY started_at DESC LIMIT 1"""
FORECAST = "SELECT forecast FROM heads WHERE dataset = @dataset AND forecast IS NOT NULL"


class Bad(Exception):
    """The deployed system does not do what it should."""


def race(warehouse: Warehouse, dataset: str) -> None:
    """All start from the same head, again and again: each time exactly one commits."""
    for number in range(ROUNDS):
        head = warehouse.head(dataset)
        with ThreadPoolExecutor(RACERS) as racers:
            won = list(racers.map(warehouse.commit, [_moved(head) for _ in range(RACERS)]))
        if won.count(True) != 1:
            raise Bad(f"round {number}: {won.count(True)} of {RACERS} racers committed; expected 1")
    if (revision := warehouse.head(dataset).revision) != ROUNDS:
        raise Bad(f"the head is at revision {revision} after {ROUNDS} commits")


def _moved(head: Head) -> Commit:
    return Commit(head, {"checked_at": datetime.now(UTC)})


def awaited[T](ask: Callable[[], T | None], what: str, patience: float = PATIENCE) -> T:
    """The first answer that is one."""
    until = time.monotonic() + patience
    while (answer := ask()) is None:
        if time.monotonic() > until:
            raise Bad(f"no {what} after {patience:.0f} s")
        time.sleep(min(5.0, patience / 10))
    return answer


def ran(warehouse: Warehouse, dataset: str, since: datetime, patience: float = PATIENCE) -> str:
    """How the ingest of the tick ended, once it has; then a forecast has to be there."""

    def ended() -> dict[str, Any] | None:
        found = warehouse.rows(ENDED, dataset=dataset, since=since)
        return found[0] if found else None

    row = awaited(ended, "run of ingest in the ledger", patience)
    if row["status"] not in {"done", "unchanged"}:
        raise Bad(f"ingest {dataset}: {row['status']}: {row['reason']}")
    awaited(lambda: warehouse.rows(FORECAST, dataset=dataset) or None, "forecast", patience)
    return str(row["status"])


@contextmanager
def scratch(client: bigquery.Client) -> Any:
    """A warehouse of its own, with every table and view; gone afterwards."""
    name = f"vigil_smoke_{uuid4().hex[:8]}"
    try:
        make_tables(client, name)
        yield Warehouse(client, None, name, Deadline(PATIENCE))
    finally:
        for dataset in (name, f"{name}_staging"):
            client.delete_dataset(dataset, delete_contents=True, not_found_ok=True)


def credentials(account: str | None) -> Any:
    """Those of this process, or of the account that it may become."""
    own, _ = google.auth.default(scopes=[SCOPE])
    return impersonated_credentials.Credentials(own, account, [SCOPE]) if account else own


def main() -> None:
    """Race, run, wait."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("--as", dest="account")
    said = parser.parse_args()
    settings, who = Settings.from_env(), credentials(said.account)
    client = bigquery.Client(settings.project, credentials=who)
    try:
        with scratch(client) as own:
            race(own, "smoke")
        print(f"{RACERS} writers raced {ROUNDS} times: one commit each time")
        since = datetime.now(UTC)
        run_job(settings, f"vigil-ingest-{said.dataset.replace('_', '-')}", who)
        warehouse = Warehouse(client, None, settings.warehouse, Deadline(2 * PATIENCE))
        print(
            f"ingest {said.dataset}: {ran(warehouse, said.dataset, since)}, and a forecast is there"
        )
    except Bad as reason:
        sys.exit(f"smoke test: {reason}")


def run_job(settings: Settings, job: str, who: Any) -> None:
    """Let Cloud Scheduler send a Tick now."""
    from google.cloud import scheduler_v1  # noqa: PLC0415  only where there is a real one

    client = scheduler_v1.CloudSchedulerClient(credentials=who)
    client.run_job(name=client.job_path(settings.project, settings.region, job))


if __name__ == "__main__":
    main()
