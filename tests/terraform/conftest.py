"""Terraform: with the real providers where a registry answers, else with mere schemas."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from terraform.offline import attached

ROOT = Path(__file__).parents[2]
REGISTRY = "https://registry.terraform.io/.well-known/terraform.json"


@dataclass(frozen=True)
class Terraform:
    """The command in a folder, with what it needs to find its providers."""

    folder: Path
    env: dict[str, str]

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it; whether it succeeded is for the test to say."""
        command = ["terraform", f"-chdir={self.folder}", *arguments]
        return subprocess.run(
            command, check=False, env=self.env, capture_output=True, text=True, timeout=300
        )

    def init(self) -> "Terraform":
        """The same, initialised."""
        said = self("init", "-backend=false", "-input=false", "-no-color")
        assert said.returncode == 0, said.stderr
        return self


def registry_answers() -> bool:
    """Whether the providers themselves can be had."""
    try:
        return requests.get(REGISTRY, timeout=5).ok
    except requests.RequestException:
        return False


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What a Terraform process needs around it: Terraform is there, or these tests are skipped."""
    if shutil.which("terraform") is None:
        pytest.skip("no terraform: install it (https://developer.hashicorp.com/terraform/install)")
    own = {
        "TF_DATA_DIR": str(tmp_path_factory.mktemp("terraform")),
        "TF_CLI_CONFIG_FILE": os.devnull,
        "GOGC": "800",  # there is memory: a sixth of its time is spent on freeing some
    }
    with ExitStack() as stack:
        providers = {} if registry_answers() else stack.enter_context(attached())
        yield {**os.environ, **own, **providers}


@pytest.fixture(scope="session")
def terraform(environment: dict[str, str]) -> Terraform:
    """Terraform in the project's folder."""
    return Terraform(ROOT / "terraform", environment).init()
