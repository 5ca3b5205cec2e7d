"""A local function's process has of the heavy libraries what its image has, and no more."""

import subprocess
import sys
from pathlib import Path

import pytest

from vigil.local.function import left_out
from vigil.local.services import functions_folder


@pytest.mark.parametrize(
    ("step", "without"),
    [("ingest", ["pandas", "sklearn"]), ("predict", ["pandas", "sklearn"]), ("train", ["sklearn"])],
)
def test_what_a_function_goes_without_is_what_its_requirements_do_not_name(step, without):
    """By its lock file, as Cloud Build installs it."""
    assert left_out((functions_folder() / step / "requirements.txt").read_text()) == without


def test_what_is_left_out_cannot_be_imported(tmp_path: Path):
    """A function that needs it fails here as it would there."""
    (tmp_path / "requirements.txt").write_text("pandas==3.1.1 \\\n    --hash=sha256:0\n")
    (tmp_path / "main.py").write_text("import pandas\nimport sklearn\n")
    command = [sys.executable, "-m", "vigil.local.function", "--target", "main"]
    command += ["--source", str(tmp_path / "main.py")]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError: sklearn is left out here" in said.stderr
