"""Do the tests of tests/terraform see a mistake? Each is made in a copy of the checkout, by itself.

    make mutations
    PYTHONPATH=tests python -m terraform.mutations public shell      those that speak of such

A mistake that no test sees is reported, and the exit code is 1.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

ROOT = Path(__file__).parents[2]
MUTATIONS = Path(__file__).with_suffix(".yaml")
TESTS = ("test_terraform.py", "test_build.py")


@dataclass(frozen=True)
class Mutation:
    """A mistake: in a file, one text becomes another; without an old one it is added at the end."""

    says: str
    file: str
    new: str
    old: str = ""


@contextmanager
def copied() -> Iterator[Path]:
    """The checkout's files, as git knows them, elsewhere."""
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    with TemporaryDirectory() as folder:
        for name in listed.strip("\0").split("\0"):
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, Path(folder) / name)
        yield Path(folder)


def seen(folder: Path) -> str | None:
    """The first test that fails there, if one does."""
    command = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", "--tb=no"]
    env = {**os.environ, "PYTHONPATH": f"{folder / 'shared'}:{folder / 'tests'}"}
    tests = [f"tests/terraform/{name}" for name in TESTS]
    said = subprocess.run(
        [*command, *tests], check=False, cwd=folder, env=env, capture_output=True, text=True
    )
    failed = [line for line in said.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].partition("::")[2].partition(" - ")[0] if failed else None


def mutated(folder: Path, mutation: Mutation) -> str | None:
    """What sees the mistake; afterwards the file is as it was."""
    file = folder / mutation.file
    before = file.read_text()
    if mutation.old not in before:
        sys.exit(f"{mutation.says}: {mutation.file} does not hold {mutation.old!r}")
    after = (
        before.replace(mutation.old, mutation.new, 1)
        if mutation.old
        else f"{before}\n{mutation.new}\n"
    )
    try:
        file.write_text(after)
        if file.suffix == ".tf":  # a test of the form is not what should see it
            subprocess.run(["terraform", "fmt", file], check=False, capture_output=True)
        return seen(folder)
    finally:
        file.write_text(before)


def main() -> None:
    """Make each mistake, and say who saw it."""
    every = [Mutation(**one) for one in yaml.safe_load(MUTATIONS.read_text())]
    words = sys.argv[1:]
    mutations = [one for one in every if not words or any(word in one.says for word in words)]
    missed = 0
    with copied() as folder:
        if (red := seen(folder)) is not None:
            sys.exit(f"{red} fails without any mistake: mend that first")
        for mutation in mutations:
            began = time.monotonic()
            test = mutated(folder, mutation)
            missed += test is None
            print(
                f"{time.monotonic() - began:5.1f} s  {mutation.says}: {test or 'NOBODY SAW IT'}",
                flush=True,
            )
    print(f"{len(mutations) - missed} of {len(mutations)} mistakes seen")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
