"""What Terraform itself says of the files: form, arguments, and the plan's own assertions."""

import json
import re

import pytest
from scripts.provider_schema import used

from terraform.conftest import ROOT, Terraform
from terraform.offline import SCHEMAS

FOLDER = ROOT / "terraform"


def test_files_are_formatted(terraform: Terraform) -> None:
    """As `terraform fmt` writes them."""
    said = terraform("fmt", "-check", "-recursive", "-diff", "-no-color")
    assert said.returncode == 0, said.stdout


def test_every_argument_is_one_that_the_provider_knows(terraform: Terraform) -> None:
    """Misspelt, missing and mistyped arguments, references to nothing."""
    said = terraform("validate", "-no-color")
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.slow
def test_the_plan_holds_what_was_promised(terraform: Terraform) -> None:
    """terraform/tests: identities, functions, tables, jobs, what variables refuse."""
    said = terraform("test", "-no-color")
    assert said.returncode == 0, said.stdout + said.stderr
    assert re.search(r"Success! \d+ passed, 0 failed", said.stdout)


def test_the_schema_at_hand_is_of_just_the_types_that_are_used() -> None:
    """scripts/provider_schema.py writes it anew."""
    said = json.loads((SCHEMAS / "google.json").read_text())
    assert {kind: set(said[kind]) for kind in used(FOLDER)} == used(FOLDER)
