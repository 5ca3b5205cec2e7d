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
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import uvicorn

from vigil.local import answers, catalog, schemas, translations
from vigil.local.translation_store import TranslationStore

HOME = Path(sys.prefix) / "share" / "vigil" / "duckdb"
RESULTS, MOST = "_results", 100  # where large results lie, and how many
EXTENSIONS = ("ducklake", "icu", "spatial", "httpfs")
# What would load a library is left out.
SERVER: dict[str, Any] = {"access_log": False, "ws": "none", "loop": "asyncio"}


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
    leave_out_clients()
    put_extensions_in_place()
    # They read HOME when imported.
    load_app = loaded_later("local_bigquery")
    from local_bigquery.engine import database  # noqa: PLC0415

    if plain := options.memory or options.file:
        attach_plainly(database, Path(options.dir) if options.file else None)
        connect_early(database, Path(options.dir), options.project)
    load_app()
    from local_bigquery import cli  # noqa: PLC0415
    from local_bigquery.engine import results  # noqa: PLC0415
    from local_bigquery.jobs import query, runner, store  # noqa: PLC0415

    memory = translations.remember(TranslationStore(HOME / "translations.sqlite"))
    keep: answers.Keep = partial(keep_at_once, store)
    if plain:
        keep = keep_in_memory(store)
        keep_children_short(runner)
        forget_results(results, database)
        schemas.serve(memory, HOME)
    catalog.quicken(database, query, plain=plain)
    answers.quicken(memory, keep)
    answer_quickly(cli)
    end_at_once(database)
    where = ["--host", "127.0.0.1", "--port", options.port, "--grpc-port", options.grpc_port]
    cli.main(["serve", *where, "--project", options.project, "--data-dir", options.dir])


def leave_out_clients() -> None:
    """A server needs the types of Google's client and not the client, nor pandas: 0.4 s to load."""
    nothing: Any = SimpleNamespace(BigQueryReadClient=object, BigQueryWriteClient=object)
    sys.modules["google.cloud.bigquery_storage_v1.client"] = nothing
    sys.modules["pandas"] = None  # type: ignore[assignment]


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


def keep_in_memory(store: ModuleType) -> answers.Keep:
    """Jobs as long as the process lasts. What is returned keeps one."""
    jobs: dict[tuple[str, str], Any] = {}  # a job, or how it is made

    def save(job: Any) -> Any:
        jobs[job.jobReference.projectId, job.jobReference.jobId] = job
        return job

    def load(project: str, job: str) -> Any:
        found = jobs.get((project, job))
        return found() if callable(found) else found

    def later(project: str, job: str, make: Any) -> None:
        jobs[project, job] = make

    store.save = save  # type: ignore[attr-defined]
    store.load = load  # type: ignore[attr-defined]
    return later


def attach_plainly(database: ModuleType, folder: Path | None) -> None:
    """Plain tables of DuckDB in place of DuckLake's files: a third of the time.

    Without a folder they are gone with the process.
    """

    def attach(connection: Any, project: str) -> None:
        where, how = ":memory:", ""
        if folder:
            where, how = str(folder / f"{project}.duckdb"), " (STORAGE_VERSION 'latest')"
        name = database.quote(project)
        connection.execute(f"ATTACH IF NOT EXISTS '{where}' AS {name}{how}")
        connection.execute("SET threads = 1")  # statements are many and small
        database._attached.add(project)

    database._attach = attach  # type: ignore[attr-defined]


def answer_quickly(cli: ModuleType) -> None:
    """No line in a log for each request, and no look for who asks: nobody has an identity here."""
    from local_bigquery.app import app  # noqa: PLC0415  it reads HOME
    from starlette.middleware.base import BaseHTTPMiddleware  # noqa: PLC0415

    kept = [one for one in app.user_middleware if one.cls is not BaseHTTPMiddleware]
    app.user_middleware = kept
    cli.uvicorn = SimpleNamespace(run=partial(uvicorn.run, **SERVER))  # type: ignore[attr-defined]


def loaded_later(name: str) -> Callable[[], None]:
    """A package whose modules can be loaded before itself; what is returned loads it."""
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(name)
    sys.modules[name] = package = module_from_spec(spec)
    return partial(spec.loader.exec_module, package)


def end_at_once(database: ModuleType) -> None:
    """When told to: uvicorn looks ten times a second, and as long for who is connected."""

    def end(*_: object) -> None:
        if database._connect.cache_info().currsize:
            database.connection().close()
        os._exit(0)

    uvicorn.Server.handle_exit = end  # type: ignore[method-assign,assignment]


def connect_early(database: ModuleType, folder: Path, project: str) -> None:
    """DuckDB takes half a second to begin: it does so while the server is loaded."""
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
