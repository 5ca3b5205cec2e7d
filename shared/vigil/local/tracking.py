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

from mlflow.cli import cli

EMPTY = Path(sys.prefix) / "share" / "vigil"


def migrate(database: Path) -> None:
    """Bring the tables up to the installed MLflow, unless that has been done."""
    done = database.with_suffix(".migrated")
    with database.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if database.exists() and done.exists() and done.read_text() == version("mlflow"):
            return
        if database.exists():
            _upgrade(database)
        else:
            copyfile(_empty(), database)
        done.write_text(version("mlflow"))


def _empty() -> Path:
    """A migrated database without a run, made once for an installation: it takes seconds."""
    kept = EMPTY / f"mlflow-{version('mlflow')}.db"
    if not kept.exists():
        EMPTY.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_suffix(f".{os.getpid()}")
        _upgrade(fresh)
        fresh.replace(kept)
    return kept


def _upgrade(database: Path) -> None:
    cli.main(["db", "upgrade", f"sqlite:///{database}"], standalone_mode=False)


def main() -> None:
    """Migrate, then serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", required=True)
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--artifacts", required=True)
    said = parser.parse_args()
    migrate(said.database)
    where = ["--host", "127.0.0.1", "--port", said.port, "--workers", "1"]
    store = ["--backend-store-uri", f"sqlite:///{said.database}"]
    files = ["--serve-artifacts", "--artifacts-destination", said.artifacts]
    cli.main(["server", *where, *store, *files])


if __name__ == "__main__":
    main()
