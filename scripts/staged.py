"""A function as it is deployed: its zip, in a folder and an environment of its own.

    scripts/staged.py                 zip all three, install, import; print sizes and seconds
    scripts/staged.py predict         one of them

The zip holds what terraform/zips says. The environment holds what the function's requirements.txt
says and nothing else; it is kept under .vigil/staged until that file changes.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from importlib.util import cache_from_source
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ZIPS = ROOT / "terraform" / "zips"
IMPORT = "import time; t = time.perf_counter(); import main; print(time.perf_counter() - t)"
PINNED = re.compile(r"^([\w.-]+)==(\S+)(.*)", re.MULTILINE)  # and where it is needed
MIB = 1 << 20


@dataclass(frozen=True)
class Staged:
    """A function in a folder of its own."""

    name: str
    zip: Path
    folder: Path
    python: Path

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Its Python, which sees its folder and its environment."""
        return subprocess.run(
            [self.python, *arguments], cwd=self.folder, env=clean(env), check=True,
            capture_output=True, text=True,
        )  # fmt: skip


def clean(env: dict[str, str]) -> dict[str, str]:
    """An environment that leads to no other Python's packages."""
    return {"PATH": os.environ["PATH"], "VIGIL_PROJECT": "nowhere", **env}


@cache
def files() -> dict[str, dict[str, str]]:
    """Function -> name in its zip -> file, as Terraform lists it."""
    said = subprocess.run(
        ["terraform", f"-chdir={ZIPS}", "console"], input="jsonencode(local.files)", check=True,
        capture_output=True, text=True, env={**os.environ, "CHECKPOINT_DISABLE": "1"},
    )  # fmt: skip
    found: dict[str, dict[str, str]] = json.loads(json.loads(said.stdout))
    return found


def staged(name: str, folder: Path, environment: Callable[[Path, Path], Path]) -> Staged:
    """Zip a function, and unpack it where nothing else is."""
    packed = folder / f"{name}.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
        for inside, file in files()[name].items():
            zipped.write(ZIPS / file, inside)
    unpacked = folder / name
    with zipfile.ZipFile(packed) as zipped:
        zipped.extractall(unpacked)
    python = environment(unpacked / "requirements.txt", folder / f"{name}-environment")
    return Staged(name, packed, unpacked, python)


def linked(requirements: Path, folder: Path) -> Path:
    """A Python with these requirements alone, in the versions installed here: links to them."""
    venv.create(folder, symlinks=True)
    [site] = folder.glob("lib/python*/site-packages")
    for name, version, where in PINNED.findall(requirements.read_text()):
        if "sys_platform" in where:  # of others
            continue
        found = distribution(name)
        if found.version != version:
            raise SystemExit(
                f"{requirements} asks for {name} {version}, here is {found.version}: make setup"
            )
        for file in found.files or ():
            if file.parts[0] != "..":
                _link(Path(str(found.locate_file(file))), site / file)
    return folder / "bin" / "python"


def _link(file: Path, link: Path) -> None:
    """To a file, and to its byte code where that is there."""
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(file)
    if file.suffix == ".py" and (code := Path(cache_from_source(file))).exists():
        (link.parent / "__pycache__").mkdir(exist_ok=True)
        Path(cache_from_source(link)).symlink_to(code)


def installed(requirements: Path, _folder: Path) -> Path:
    """A Python with exactly these requirements; made once for each version of them."""
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    folder = ROOT / ".vigil" / "staged" / digest
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _install(requirements, folder)
        (folder / "ready").touch()
    return python


def _install(requirements: Path, folder: Path) -> None:
    """With uv where there is one, else with pip, which takes minutes."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv:
        make = [uv, "venv", "--quiet", "--python", sys.executable, folder]
        install = [uv, "pip", "install", "--python", folder / "bin" / "python"]
    else:
        make = [sys.executable, "-m", "venv", folder]
        install = [folder / "bin" / "python", "-m", "pip", "install"]
    env = {**os.environ, "UV_SYSTEM_CERTS": "1"}  # a company may have an authority of its own
    subprocess.run(make, check=True, env=env)
    what = ["--quiet", "--require-hashes", "--requirement", requirements]
    subprocess.run([*install, *what], check=True, env=env)


def size(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def described(one: Staged) -> str:
    """A row of the table in docs/deploy.md."""
    packages = size(one.python.parents[1] / "lib")
    one.run("-c", IMPORT)  # writes byte code, as the platform's build does
    seconds = min(float(one.run("-c", IMPORT).stdout.splitlines()[-1]) for _ in range(3))
    kib = one.zip.stat().st_size / 1024
    return f"| `{one.name}` | {kib:.0f} KiB | {packages / MIB:.0f} MiB | {seconds:.1f} s |"


def main() -> None:
    """Stage the functions, and say what they weigh."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["ingest", "train", "predict"])
    folder = ROOT / ".vigil" / "staged" / time.strftime("%H%M%S")
    folder.mkdir(parents=True)
    print("| function | zip | packages | import |\n|---|---|---|---|")
    for name in parser.parse_args().names:
        print(described(staged(name, folder, installed)))
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
