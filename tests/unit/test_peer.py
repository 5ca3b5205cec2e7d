"""The peer of the benchmarks: an environment of its own, and words where it fails."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks import peer

from vigil.errors import Misconfigured
from vigil.panel import Grid

ROOT = Path(__file__).parents[2]


def pins(lock: Path) -> dict[str, str]:
    """The versions that a lock names."""
    lines = [line.split() for line in lock.read_text().splitlines() if "==" in line[:60]]
    return dict(line[0].split("==") for line in lines)


def test_the_peer_has_our_lightgbm_and_is_locked_like_ours():
    """What is compared is the rest; hashed, and from whatever mirror."""
    theirs, ours = pins(peer.LOCK), pins(ROOT / "requirements" / "dev.txt")
    assert theirs["lightgbm"] == ours["lightgbm"]
    assert "mlforecast" in theirs
    assert peer.LOCK.read_text().count("--hash=sha256:") >= len(theirs)
    assert "://" not in peer.LOCK.read_text()


def test_an_environment_is_built_once_for_each_lock(tmp_path):
    """One that was left half built is built anew; another lock has another one beside it."""
    lock = tmp_path / "none.txt"
    lock.write_text("# nothing\n")
    python = peer.peer_environment(tmp_path, lock)
    where = subprocess.check_output([python, "-c", "import sys; print(sys.prefix)"], text=True)
    assert Path(where.strip()) == python.parents[1]
    kept = python.parents[1] / "kept"
    kept.touch()
    assert peer.peer_environment(tmp_path, lock) == python
    assert kept.exists()
    (python.parents[1] / "ready").unlink()
    assert peer.peer_environment(tmp_path, lock) == python
    assert not kept.exists()
    lock.write_text("# nothing else\n")
    assert peer.peer_environment(tmp_path, lock) != python


def test_an_environment_that_cannot_be_built_says_why_and_what_to_do(tmp_path):
    """Again at each attempt: it never counts as built."""
    lock = tmp_path / "unhashed.txt"
    lock.write_text("lightgbm==4.7.0\n")
    for _ in range(2):
        with pytest.raises(Misconfigured, match=r"(?s)hash.*It needs PyPI, or a mirror"):
            peer.peer_environment(tmp_path, lock)


def test_a_peer_that_fails_is_quoted(tmp_path):
    """In an environment without it, the line that says so."""
    days = np.arange("2021-01-01", "2021-01-03", dtype="datetime64[D]")
    peer.write_numbers(tmp_path / "n.npz", Grid(days, ("a",), np.ones((2, 1))))
    with pytest.raises(Misconfigured, match="No module named 'mlforecast'"):
        peer.run_peer(Path(sys.executable), tmp_path / "n.npz", 1)
