"""The peer's environment and its runs: other pins than ours, so another Python."""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from vigil.errors import Misconfigured
from vigil.panel import Grid

LOCK = Path(__file__).with_name("peer.txt")
SCRIPT = Path(__file__).with_name("peer_mlforecast.py")


def write_numbers(file: Path, grid: Grid) -> None:
    """Daily numbers as the peer reads them, into a file that ends in .npz."""
    np.savez(file, dates=grid.dates, series=np.array(grid.series), values=grid.values)


def peer_environment(folder: Path, lock: Path = LOCK) -> Path:
    """The peer's Python: built once for each lock, in a folder of its own below that one."""
    home = folder.absolute() / f"peer-{sha256(lock.read_bytes()).hexdigest()[:12]}"
    python, ready = home / "bin" / "python", home / "ready"
    if not ready.exists():
        shutil.rmtree(home, ignore_errors=True)
        _build(home, python, lock)
        ready.touch()
    return python


def run_peer(python: Path, data: Path, horizon: int) -> dict[str, Any]:
    """What the peer says of one run, in a process of its own that sees nothing of ours."""
    done = subprocess.run(
        [python, "-I", SCRIPT, data, str(horizon)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Misconfigured(f"expected the peer to run; found: {done.stderr[-2000:]}")
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def _build(home: Path, python: Path, lock: Path) -> None:
    """With uv where there is one, else with pip."""
    beside = Path(sys.executable).with_name("uv")
    uv = shutil.which("uv") or (str(beside) if beside.exists() else None)
    locked = ["--quiet", "--require-hashes", "-r", lock]
    if uv:
        _run(uv, "venv", "--quiet", "--python", sys.executable, home)
        _run(uv, "pip", "install", "--python", python, *locked)
    else:
        _run(sys.executable, "-m", "venv", home)
        _run(python, "-m", "pip", "install", *locked)


def _run(*command: str | Path) -> None:
    """Run it, or say what it said."""
    certified = {**os.environ, "UV_SYSTEM_CERTS": "1"}  # as pip does, and scripts/setup
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=certified)
    if done.returncode:
        raise Misconfigured(
            f"expected to build the peer's environment with {' '.join(map(str, command))}; "
            f"found: {done.stderr[-2000:].strip()}. It needs PyPI, or a mirror of it that uv or "
            "pip is told of (UV_INDEX_URL, PIP_INDEX_URL)"
        )
