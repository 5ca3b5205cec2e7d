"""`make demo` without the make: what a newcomer sees first."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

VIGIL = str(Path(sys.executable).with_name("vigil"))


@pytest.mark.soak
def test_the_demo_replays_a_year_and_ends_on_what_came_of_it(tmp_path: Path) -> None:
    """Through Pub/Sub and all three functions; afterwards the commands work on its home."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VIGIL_")}
    env = {**clean, "VIGIL_HOME": str(tmp_path), "COLUMNS": "120"}
    run = subprocess.run(
        [VIGIL, "demo"], env=env, capture_output=True, text=True, check=False, timeout=500
    )
    assert run.returncode == 0, run.stderr
    said = run.stdout
    assert len(re.findall(r"^20\d\d-\d\d  \d vintages?,", said, re.MULTILINE)) == 13  # months
    assert "is promoted (first)" in said
    assert "▒ 50% band" in said
    assert "Skill against seasonal naive: +" in said
    report = (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    assert "Hospital admissions with a fever, in a simulated country" in report
    [line] = [line for line in said.splitlines() if line.startswith("  export ")]
    own = {**clean, **dict(one.split("=") for one in shlex.split(line)[1:])}
    queries = [line.strip() for line in said.splitlines() if "vigil query" in line]
    assert len(queries) == 3
    for query in queries:
        asked = [VIGIL, *shlex.split(query)[1:], "--json"]
        found = subprocess.run(asked, env=own, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
        assert found.stdout.strip() != "[]"
