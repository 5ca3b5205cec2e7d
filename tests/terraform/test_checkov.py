"""What checkov says of Terraform's files, and our reasons for what stays as it is."""

import json
import os
import subprocess

import pytest
import yaml

from terraform.conftest import ROOT

CHECKOV = ROOT / ".vigil" / "tools" / "bin" / "checkov"
SKIPS = ROOT / "terraform" / "checkov.yaml"


@pytest.mark.slow
@pytest.mark.skipif(not CHECKOV.exists(), reason="no checkov: `make tools` installs it")
def test_every_finding_has_a_reason_and_every_reason_a_finding() -> None:
    """The list of skips is that of the findings: none is new, none is over."""
    where = ["--directory", ROOT / "terraform"]
    how = ["--framework", "terraform", "--skip-download", "--quiet", "--output", "json"]
    said = subprocess.run(
        [CHECKOV, *where, *how], check=False, capture_output=True, text=True,
        env={**os.environ, "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    found = json.loads(said.stdout)
    failed = {one["check_id"] for one in found["results"]["failed_checks"]}
    assert found["summary"]["passed"] > 50
    assert failed == set(yaml.safe_load(SKIPS.read_text())["skip-check"])
