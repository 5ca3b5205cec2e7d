"""BigQuery's stand-in: local-bigquery on DuckDB, with its extensions put in place first.

Without a network DuckDB cannot fetch extensions; PyPI carries them, and a home of our own,
shared by every local cloud of this installation, holds them.
"""

import argparse
import fcntl
import logging
import os
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from vigil.local import catalog, translations

HOME = Path(sys.prefix) / "share" / "vigil" / "duckdb"
RESULTS = 100
EXTENSIONS = ("ducklake", "icu", "spatial", "httpfs")


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--port", "--grpc-port", "--project", "--dir"):
        parser.add_argument(option, required=True)
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--memory", action="store_true", help="keep no table on the disk")
    kinds.add_argument("--file", action="store_true", help="keep all tables in one file")
    options = parser.parse_args()
    HOME.mkdir(parents=True, exist_ok=True)
    os.environ["HOME"] = str(HOME)  # before DuckDB looks
    put_extensions_in_place()
    logging.getLogger("uvicorn.access").disabled = True
    # They read HOME when imported.
    from local_bigquery import cli  # noqa: PLC0415
    from local_bigquery.engine import database  # noqa: PLC0415
    from local_bigquery.jobs import query, runner, store  # noqa: PLC0415

    translations.remember()
    if plain := options.memory or options.file:
        keep_plainly(database, store, Path(options.dir) if options.file else None)
        keep_children_short(runner)
    catalog.quicken(database, query, plain=plain)
    where = ["--host", "127.0.0.1", "--port", options.port, "--grpc-port", options.grpc_port]
    cli.main(["serve", *where, "--project", options.project, "--data-dir", options.dir])


def put_extensions_in_place() -> None:
    """Once for an installation, whoever comes first."""
    import duckdb  # noqa: PLC0415  after HOME is set

    done = HOME / f"extensions-{duckdb.__version__}"
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            import duckdb_extensions  # noqa: PLC0415  needed once

            for name in EXTENSIONS:
                duckdb_extensions.import_extension(name)
            done.touch()


def keep_plainly(database: ModuleType, store: ModuleType, folder: Path | None) -> None:
    """Plain tables of DuckDB in place of DuckLake's files: a third of the time.

    Without a folder they are gone with the process.
    """
    jobs: dict[tuple[str, str], Any] = {}

    def save(job: Any) -> Any:
        jobs[job.jobReference.projectId, job.jobReference.jobId] = job
        return job

    def attach(connection: Any, project: str) -> None:
        where, how = ":memory:", ""
        if folder:
            where, how = str(folder / f"{project}.duckdb"), " (STORAGE_VERSION 'latest')"
        name = database.quote(project)
        connection.execute(f"ATTACH IF NOT EXISTS '{where}' AS {name}{how}")
        connection.execute("SET threads = 1")  # statements are many and small
        database._attached.add(project)

    database._attach = attach  # type: ignore[attr-defined]
    store.save = save  # type: ignore[attr-defined]
    store.load = lambda project, job: jobs.get((project, job))  # type: ignore[attr-defined]
    threading.Thread(target=forget_results, args=(database,), daemon=True).start()


def keep_children_short(runner: ModuleType) -> None:
    """Each statement of a script is a job that nobody asks for: a fifth of the time went there."""
    original = runner._done

    def done(job: Any, statistics: Any, error: Any = None) -> Any:
        return job if statistics.parentJobId else original(job, statistics, error)

    runner._done = done  # type: ignore[attr-defined]


def forget_results(database: ModuleType) -> None:
    """Every result is a table, and every statement looks at all tables: keep the last few."""
    while True:
        time.sleep(5)
        for (name,) in database.fetch(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'emulator' "
            f"AND schema_name = '_results' ORDER BY table_oid DESC OFFSET {RESULTS}"
        ):
            database.execute(f"DROP TABLE IF EXISTS {database.quote('emulator', '_results', name)}")


if __name__ == "__main__":
    main()
