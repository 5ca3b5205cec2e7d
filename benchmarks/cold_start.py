"""How long each function takes to start, in an environment of its requirements.txt and no more.

    python -m benchmarks.cold_start [--json] [--rounds 7]

The peer has functions-framework and google-cloud-bigquery, in the same versions, and imports just
these. A start is a fresh process until functions-framework has its app, as the platform makes it.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FUNCTIONS = ("predict", "ingest", "train")
PEER, PEER_NEEDS = "peer", ("functions-framework", "google-cloud-bigquery")
PEER_MAIN = """
import functions_framework
from google.cloud import bigquery


@functions_framework.http
def peer(request):
    return bigquery.__version__
"""
ABSENT = {"pandas", "scikit_learn", "mlflow", "mlflow_skinny"}  # in predict's environment
BOUND = 2.5  # times the peer
START = """
import os, sys
from functions_framework import create_app
create_app(sys.argv[1], sys.argv[2], "http")
os._exit(0)  # taking it all down again is no part of a start
"""


@dataclass(frozen=True)
class Function:
    """A function as it is deployed: its folder, and an environment for it alone."""

    name: str
    folder: Path

    @property
    def python(self) -> Path:
        """Of its environment."""
        return self.folder / "env" / "bin" / "python"

    @property
    def packages(self) -> Path:
        """What is installed there."""
        [found] = (self.folder / "env" / "lib").glob("python*/site-packages")
        return found

    def install(self) -> None:
        """An environment that holds what its requirements name."""
        needs = ["-r", str(self.folder / "requirements.txt")]
        env = str(self.folder / "env")
        if uv := shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent)):
            run(uv, "venv", "--quiet", "--python", sys.executable, env)
            run(uv, "pip", "install", "--quiet", "--python", str(self.python), *needs)
        else:
            run(sys.executable, "-m", "venv", "--without-pip", env)
            run(sys.executable, "-m", "pip", "--python", env, "install", "--quiet", *needs)

    def start(self) -> float:
        """Seconds from nothing to an app that takes requests."""
        command = [self.python, "-c", START, self.name, self.folder / "main.py"]
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        began = time.perf_counter()
        subprocess.run(command, check=True, cwd=self.folder, env=env)
        return time.perf_counter() - began

    def distributions(self) -> set[str]:
        """What is installed, by name."""
        found = self.packages.glob("*.dist-info")
        return {re.sub(r"[-.]+", "_", one.name.split("-")[0]).lower() for one in found}

    def mib(self) -> float:
        """The size of what is installed, without compiled bytecode."""
        files = (one for one in self.packages.rglob("*") if one.suffix != ".pyc")
        return sum(one.lstat().st_size for one in files if one.is_file()) / (1 << 20)


def run(*command: str) -> None:
    """A program that must succeed."""
    subprocess.run(command, check=True)


def deployed(folder: Path) -> Iterator[Function]:
    """Each function with the package beside its main.py, and the peer."""
    for name in FUNCTIONS:
        shutil.copytree(ROOT / "functions" / name, folder / name)
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "shared" / "vigil", folder / name / "vigil", ignore=leave)
        yield Function(name, folder / name)
    place = folder / PEER
    place.mkdir()
    (place / "main.py").write_text(PEER_MAIN)
    locked = (ROOT / "functions" / "predict" / "requirements.txt").read_text()
    (place / "versions.txt").write_text(
        "\n".join(re.findall(r"^[^\s#]+==[^\s;]+", locked, re.MULTILINE))
    )
    (place / "requirements.txt").write_text("\n".join(["-c versions.txt", *PEER_NEEDS]))
    yield Function(PEER, place)


def measure(functions: Mapping[str, Function], rounds: int) -> dict[str, float]:
    """The median of so many starts each, one after the other in turn; the first is for no one."""
    taken: dict[str, list[float]] = {name: [] for name in functions}
    for number in range(rounds + 1):
        for name, function in functions.items():
            seconds = function.start()
            if number:  # the first start compiles the bytecode, which an image brings along
                taken[name].append(seconds)
    return {name: statistics.median(found) for name, found in taken.items()}


def main() -> None:
    """Build, measure, print, and fail where a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        functions = {one.name: one for one in deployed(Path(folder))}
        for one in functions.values():
            print(f"installing {one.name}", file=sys.stderr)
            one.install()
        seconds = measure(functions, max(5, options.rounds))
        rows = [
            {
                "function": name,
                "seconds": round(seconds[name], 3),
                "ratio": round(seconds[name] / seconds[PEER], 2),
                "mib": round(one.mib(), 1),
                "packages": len(one.distributions()),
            }
            for name, one in functions.items()
        ]
        found = sorted(functions["predict"].distributions() & ABSENT)
    ratio = seconds["predict"] / seconds[PEER]
    held = ratio <= BOUND and not found
    if options.json:
        print(json.dumps({"starts": rows, "bound": BOUND, "not_wanted": found, "held": held}))
    else:
        for row in rows:
            print("{function:>8} {seconds:6.3f} s {ratio:5.2f}x {mib:7.1f} MiB".format(**row))
        print(
            f"predict: {ratio:.2f}x the peer (bound {BOUND}); not wanted there: {found or 'none'}"
        )
    raise SystemExit(0 if held else 1)


if __name__ == "__main__":
    main()
