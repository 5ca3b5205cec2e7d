"""MLflow's server on this machine: its database is migrated first, once, and by one process.

A server that finds no tables makes them itself, two of them on two machines at once and in each
other's way; one that finds old tables does not start. In Google's cloud a job migrates them.
"""

import argparse
import fcntl
import os
import sys
from importlib.metadata import version
from pathlib import Path
from shutil import copyfile

import uvicorn
from mlflow import server
from mlflow.cli import cli

KEPT = Path(sys.prefix) / "share" / "vigil"  # of this installation


def migrate(database: Path, kept: Path) -> None:
    """Bring the tables up to the installed MLflow, unless that has been done."""
    done = database.with_suffix(".migrated")
    with database.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if database.exists() and done.exists() and done.read_text() == version("mlflow"):
            return
        if database.exists():
            _upgrade(database)
        else:
            copyfile(_empty(kept), database)
        done.write_text(version("mlflow"))


def _empty(folder: Path) -> Path:
    """A migrated database without a run, made once and copied then: making it takes seconds."""
    database = folder / f"mlflow-{version('mlflow')}.db"
    if not database.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = database.with_suffix(f".{os.getpid()}")
        _upgrade(fresh)
        fresh.replace(database)
    return database


def _upgrade(database: Path) -> None:
    cli.main(["db", "upgrade", f"sqlite:///{database}"], standalone_mode=False)


def main() -> None:
    """Migrate, then serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", required=True)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--artifacts", required=True)
    parser.add_argument("--kept", type=Path, default=KEPT, help="where an empty database is kept")
    said = parser.parse_args()
    migrate(said.database, said.kept)
    where = ["--host", "127.0.0.1", "--port", said.port, "--workers", "1"]
    store = ["--backend-store-uri", f"sqlite:///{said.database}"]
    files = ["--serve-artifacts", "--artifacts-destination", said.artifacts]
    server._exec_cmd = _here
    cli.main(["server", *where, *store, *files])


class _Ended:
    """What MLflow waits for: the server it started has run in this process, and ended."""

    pid = 0

    def poll(self) -> int:
        return 0

    wait = poll


def _here(command: list[str], *, extra_env: dict[str, str], **_: object) -> _Ended:
    """Run `python -m uvicorn ...` in this process: two more would import all of MLflow again."""
    os.environ.update(extra_env)
    uvicorn.main(["--no-access-log", *command[3:]], standalone_mode=False)
    return _Ended()


if __name__ == "__main__":
    main()
