"""`make demo` without the make: what a newcomer sees first."""

import os
import subprocess
import sys
from pathlib import Path


def test_the_demo_goes_from_a_message_to_a_forecast(tmp_path: Path) -> None:
    """One Tick through Pub/Sub (Google's emulator where there is one) and both functions."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VIGIL_")}
    env = {**clean, "VIGIL_HOME": str(tmp_path), "COLUMNS": "100"}
    command = [str(Path(sys.executable).with_name("vigil")), "demo"]
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=180)
    assert run.returncode == 0, run.stderr
    said = run.stdout
    assert "ingest: 660,654 rows committed" in said
    assert "predict: 34,680 rows committed" in said
    assert "░ 95% band" in said
    assert said.count("vigil query") == 3
    queries = [line.partition('"')[2].rstrip('"') for line in said.splitlines()[-3:]]
    for query in queries:
        asked = [command[0], "query", query, "--json"]
        own = {**env, "VIGIL_HOME": str(tmp_path / "demo")}
        found = subprocess.run(asked, env=own, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr
        assert found.stdout.strip() != "[]"
