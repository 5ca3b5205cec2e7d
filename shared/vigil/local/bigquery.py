"""BigQuery's stand-in: local-bigquery on DuckDB, with its extensions put in place first.

Without a network DuckDB cannot fetch extensions; PyPI carries them, and a home of our own,
shared by every local cloud of this installation, holds them.
"""

import argparse
import fcntl
import gc
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import uvicorn

from vigil.local import answers, catalog, schemas, translations
from vigil.local.translation_store import TranslationStore

HOME = Path(sys.prefix) / "share" / "vigil" / "duckdb"
RESULTS, MOST = "_results", 100  # where large results lie, and how many
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
    gc.set_threshold(200_000, 20, 100)  # trees of statements are many small objects
    HOME.mkdir(parents=True, exist_ok=True)
    os.environ["HOME"] = str(HOME)  # before DuckDB looks
    sys.modules["pandas"] = None  # type: ignore[assignment]  # Google's client can do without it
    put_extensions_in_place()
    # They read HOME when imported.
    from local_bigquery import cli  # noqa: PLC0415
    from local_bigquery.engine import database, results  # noqa: PLC0415
    from local_bigquery.jobs import query, runner, store  # noqa: PLC0415

    memory = translations.remember(TranslationStore(HOME / "translations.sqlite"))
    keep: answers.Keep = partial(keep_at_once, store)
    if plain := options.memory or options.file:
        keep = keep_plainly(database, store, Path(options.dir) if options.file else None)
        keep_children_short(runner)
        forget_results(results, database)
    catalog.quicken(database, query, plain=plain)
    answers.quicken(memory, keep)
    if plain:
        schemas.serve(memory, HOME)
        connect_early(database, Path(options.dir), options.project)
    answer_quickly(cli)
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


def keep_at_once(store: ModuleType, _project: str, _job: str, make: Callable[[], Any]) -> None:
    """A job, as local-bigquery keeps them."""
    store.save(make())


def keep_plainly(database: ModuleType, store: ModuleType, folder: Path | None) -> answers.Keep:
    """Plain tables of DuckDB in place of DuckLake's files: a third of the time.

    Without a folder they are gone with the process. What is returned keeps a job.
    """
    jobs: dict[tuple[str, str], Any] = {}  # a job, or how it is made

    def save(job: Any) -> Any:
        jobs[job.jobReference.projectId, job.jobReference.jobId] = job
        return job

    def load(project: str, job: str) -> Any:
        found = jobs.get((project, job))
        return found() if callable(found) else found

    def later(project: str, job: str, make: Any) -> None:
        jobs[project, job] = make

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
    store.load = load  # type: ignore[attr-defined]
    return later


def answer_quickly(cli: ModuleType) -> None:
    """No line in a log for each request, and no look for who asks: nobody has an identity here."""
    from local_bigquery.app import app  # noqa: PLC0415  it reads HOME
    from starlette.middleware.base import BaseHTTPMiddleware  # noqa: PLC0415

    kept = [one for one in app.user_middleware if one.cls is not BaseHTTPMiddleware]
    app.user_middleware = kept
    cli.uvicorn = SimpleNamespace(run=partial(uvicorn.run, access_log=False))  # type: ignore[attr-defined]


def connect_early(database: ModuleType, folder: Path, project: str) -> None:
    """DuckDB takes half a second to begin: it does so while the server does."""
    from local_bigquery.settings import settings  # noqa: PLC0415  it reads HOME

    settings.data_dir, settings.default_project_id = folder, project
    functions = [one for one in database.FUNCTIONS if one.stem != "geography"]
    database.FUNCTIONS = functions  # type: ignore[attr-defined]
    threading.Thread(target=database.connection, daemon=True).start()


def keep_children_short(runner: ModuleType) -> None:
    """Each statement of a script is a job that nobody asks for: a fifth of the time went there."""
    original = runner._done

    def done(job: Any, statistics: Any, error: Any = None) -> Any:
        return job if statistics.parentJobId else original(job, statistics, error)

    runner._done = done  # type: ignore[attr-defined]


def forget_results(results: ModuleType, database: ModuleType) -> None:
    """Every large result is a table, and every statement looks at all tables: keep the last few."""
    original, kept = results.materialise, deque[str]()

    def materialise(cursor: Any, query: str, name: str, *args: Any) -> None:
        original(cursor, query, name, *args)
        if f'"{RESULTS}"' in name:
            kept.append(name)
        if len(kept) > MOST:
            database.execute(f"DROP TABLE IF EXISTS {kept.popleft()}")

    results.materialise = materialise  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
