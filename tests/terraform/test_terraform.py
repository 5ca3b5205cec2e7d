"""What Terraform itself says of the files: form, arguments, and the plan's own assertions."""

import json
import re
import shutil
from pathlib import Path

import pytest
from scripts.provider_schema import used

from terraform.conftest import ROOT, Terraform
from terraform.offline import SCHEMAS
from vigil.local import services

FOLDER = ROOT / "terraform"
CACHES = shutil.ignore_patterns("__pycache__", ".terraform", ".build")


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


def test_every_right_that_is_given_is_in_the_list_of_grants() -> None:
    """Rights are asserted on that list: one that is not in it would be nobody's business."""
    text = "\n".join(file.read_text() for file in FOLDER.glob("*.tf"))
    given = set(
        re.findall(r'^resource "(google_\w+_iam_(?!audit)\w+)" "(\w+)"', text, re.MULTILINE)
    )
    other = r"\b(?:user_by_email|group_by_email|iam_member|special_group|domain) +="
    assert len(re.findall(other, text)) == 1  # of the datasets, which have a way of their own
    listed = (FOLDER / "grants.tf").read_text()
    assert given == {(kind, name) for kind, name in given if f"{kind}.{name}" in listed}
    assert "google_bigquery_dataset_access.role" in listed
    assert {kind.rpartition("_iam_")[2] for kind, _ in given} == {"member"}, (
        "a binding or a policy takes away what others were given"
    )


def test_the_public_is_named_nowhere() -> None:
    """Also where the variables of the tests make no such resource."""
    for file in FOLDER.rglob("*.tf"):
        assert not re.search(r"allUsers|allAuthenticatedUsers", file.read_text()), file.name


def test_every_function_of_the_local_cloud_is_one_of_googles() -> None:
    """The same stages, the same names of topics and jobs, the same message."""
    text = (FOLDER / "datasets.tf").read_text()
    assert json.loads(re.search(r"stages +=( \[.*\])", text)[1]) == list(services.STEPS)


def test_every_setting_that_a_function_is_given_is_one_that_it_reads() -> None:
    """A misspelt one would leave the default, silently."""
    text = (FOLDER / "functions.tf").read_text()
    given = set(re.findall(r"^ +(VIGIL_\w+) +=|\"(VIGIL_\w+)\"", text, re.MULTILINE))
    names = {name for pair in given for name in pair if name}
    documented = set(re.findall(r"`(VIGIL_\w+)`", (ROOT / "docs" / "settings.md").read_text()))
    assert {"VIGIL_PROJECT", "VIGIL_HASH_KEY"} <= names
    assert names <= documented


SIXTH = """
mock_provider "google" {}
mock_provider "archive" {}
variables {
  project      = "vigil-test"
  alert_email  = "vigil@example.org"
  state_bucket = "state"
}
run "sixth" {
  command = plan
  assert {
    condition = alltrue([
      for job in ["vigil-ingest-er-visits", "vigil-train-er-visits", "vigil-predict-er-visits"] :
      google_cloud_scheduler_job.tick[job].schedule != ""
    ])
    error_message = "The sixth dataset has no jobs."
  }
  assert {
    condition     = length(local.datasets) == 6
    error_message = "The functions do not know of the sixth dataset."
  }
  assert {
    condition     = contains(keys(output.zips["ingest"]), "vigil/datasets/er_visits.yaml")
    error_message = "The sixth dataset is in no zip."
  }
}
"""


def test_a_sixth_dataset_is_in_the_plan(environment: dict[str, str], tmp_path: Path) -> None:
    """One YAML file, and no line of Terraform's."""
    for folder in ("terraform", "shared", "functions"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=CACHES)
    shutil.rmtree(tmp_path / "terraform" / "tests")
    datasets = tmp_path / "shared" / "vigil" / "datasets"
    shutil.copy(datasets / "owid.yaml", datasets / "er_visits.yaml")
    own = {**environment, "TF_DATA_DIR": str(tmp_path / "data")}
    copied = Terraform(tmp_path / "terraform", own).init()
    (tmp_path / "terraform" / "tests").mkdir()
    (tmp_path / "terraform" / "tests" / "sixth.tftest.hcl").write_text(SIXTH)
    said = copied("test", "-no-color")
    assert said.returncode == 0, said.stdout + said.stderr
