"""The long tests, part by part: `make soak`, or one of them with `make soak PART=machine`.

    scripts/soak.py [--list] [PART]

A part that was green is not run again at the same commit, so that a run that was stopped goes on
where it was; naming the part runs it again. Ends with the time of each part, and with 1 when one
of them failed.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".vigil" / "soak.json"


@dataclass(frozen=True)
class Part:
    """Tests that belong together, and what they ask of the product."""

    says: str
    command: tuple[str, ...]

    def run(self) -> bool:
        """Whether all of it holds."""
        env = {**os.environ, "VIGIL_SOAK": "1", "PYTHONPATH": "tests"}
        command = [sys.executable, "-m", *self.command]
        return not subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def pytest(says: str, *arguments: str) -> Part:
    """Tests by file and name, side by side."""
    return Part(
        says, ("pytest", "-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder", *arguments)
    )


FAULTS = "tests/faults/test_"
TRAININGS = ("train", "train_commands", "rebuild", "registry")
PARTS = {
    "machine": Part(
        "300 sequences of deliveries and faults, and as many more as eight minutes allow",
        ("pytest", f"{FAULTS}state_machine.py"),
    ),
    "kills": pytest(
        "every fault row at every point, for series and for records",
        f"{FAULTS}kills.py", f"{FAULTS}training.py", f"{FAULTS}mirror.py",
    ),
    "messages": pytest(
        "every fault row of messages, upstream and the cloud",
        *(f"{FAULTS}{name}.py" for name in ("messages", "upstream", "cloud", "injection")),
    ),
    "days": pytest("a backfill of 1,100 days, killed on its way", f"{FAULTS}time.py"),
    "orders": pytest(
        "four vintages in all 24 orders", "tests/integration/test_vintages_in_the_warehouse.py"
    ),
    "racers": pytest("twelve racers, 20 rounds", "tests/integration/test_commit.py"),
    "history": pytest(
        "60 days of forecasts, stored scores against the engine's; what is known later",
        "tests/integration/test_scored_history.py",
        "tests/unit/test_euro_hub.py", "tests/unit/test_promotion.py",
    ),
    "data": pytest(
        "an erasure killed at every point, storage killed in every change, whole files, all pages",
        "tests/integration/test_erase.py", "tests/integration/test_local_storage.py",
        "tests/unit/test_real_datasets.py", "tests/report/test_browser.py",
    ),
    "trainings": pytest(
        "both tasks from a first training to a rollback, lost models, the registry",
        *(f"tests/integration/test_{name}.py" for name in TRAININGS),
    ),
    "pubsub": pytest(
        "poison, and floods of 10,000, with both Pub/Sub servers",
        "tests/end_to_end/test_dead_letters.py",
    ),
    "local": pytest(
        "the demo and the local cloud",
        "tests/end_to_end/test_demo.py", "tests/end_to_end/test_local_cloud.py",
    ),
    "zips": pytest("each function from its zip alone", "tests/terraform/test_staged.py"),
    "mutations": Part("a mistake in each of Terraform's files", ("terraform.mutations",)),
}  # fmt: skip


def main() -> int:
    """Run what is asked for and not known to be green."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", nargs="?", choices=PARTS)
    parser.add_argument("--list", action="store_true", help="say what the parts are")
    options = parser.parse_args()
    if options.list:
        print(*(f"{name:10} {part.says}" for name, part in PARTS.items()), sep="\n")
        return 0
    known, here = _known(), _commit()
    chosen = [options.part] if options.part else [*PARTS]
    for name in chosen:
        if name in known and not options.part:
            continue
        print(f"\n=== {name}: {PARTS[name].says}", flush=True)
        began = time.monotonic()
        green = PARTS[name].run()
        known[name] = {"green": green, "seconds": round(time.monotonic() - began)}
        _remember(here, known)
    return _told({name: known[name] for name in chosen})


def _told(parts: dict[str, dict[str, int]]) -> int:
    print("\npart        seconds")
    for name, one in parts.items():
        print(f"{name:10} {one['seconds']:8}  {'green' if one['green'] else 'FAILED'}")
    print(f"{'all':10} {sum(one['seconds'] for one in parts.values()):8}")
    return 0 if all(one["green"] for one in parts.values()) else 1


def _commit() -> str:
    """The commit of the checkout; nothing where something is not committed."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return "" if "dirty" in said else said.strip()


def _known() -> dict[str, dict[str, int]]:
    """The parts that were green at this commit."""
    if not STATE.exists() or not (here := _commit()):
        return {}
    said = json.loads(STATE.read_text(encoding="utf-8"))
    parts = said["parts"] if said["commit"] == here else {}
    return {name: one for name, one in parts.items() if one["green"] and name in PARTS}


def _remember(commit: str, parts: dict[str, dict[str, int]]) -> None:
    STATE.parent.mkdir(exist_ok=True)
    STATE.write_text(json.dumps({"commit": commit, "parts": parts}), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
