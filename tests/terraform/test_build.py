"""The build files: their form, the order of their steps, their substitutions, their shell."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from terraform.conftest import ROOT

FILES = ("cloudbuild.yaml", "cloudbuild.pull.yaml", "cloudbuild.release.yaml")
GIVEN = {"PROJECT_ID", "COMMIT_SHA"}  # by Cloud Build
SCRIPTS = [ROOT / "scripts" / name for name in ("lock", "setup", "revisions", "tools")]
SHELL = [*SCRIPTS, ROOT / "images" / "mlflow" / "start", ROOT / ".ci" / "run"]


def build(name: str) -> dict:
    """A build file."""
    return yaml.safe_load((ROOT / name).read_text())


def scripts(name: str) -> dict[str, str]:
    """Step -> its shell."""
    return {step["id"]: step["script"] for step in build(name)["steps"] if "script" in step}


def substitutions(trigger: str) -> set[str]:
    """What the trigger of that name sets."""
    text = (ROOT / "terraform" / "build.tf").read_text()
    block = re.search(rf"^    {trigger} = \{{\n((?:      _.*\n)+)", text, re.MULTILINE)
    assert block, trigger
    return set(re.findall(r"^ +(_\w+)", block[1], re.MULTILINE))


@pytest.mark.parametrize("name", FILES)
def test_a_build_file_has_the_form_that_cloud_build_reads(name: str) -> None:
    """Against its published JSON schema."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.cloudbuild"]
    said = subprocess.run([*command, ROOT / name], check=False, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("name", FILES)
def test_a_step_waits_for_steps_before_it(name: str) -> None:
    """A misspelt name would fail the build; a missing waitFor would wait for everything."""
    before: set[str] = set()
    for step in build(name)["steps"]:
        assert set(step["waitFor"]) <= before | {"-"}, step["id"]
        before.add(step["id"])


def test_nothing_is_deployed_before_it_is_tested() -> None:
    """What changes anything comes after the tests, the audit and the images."""
    waits = {step["id"]: set(step["waitFor"]) - {"-"} for step in build(FILES[0])["steps"]}

    def before(step: str) -> set[str]:
        return waits[step].union(*(before(one) for one in waits[step]))

    for step in ("push", "migrate", "plan", "apply", "smoke", "verdict"):
        assert {"test", "audit", "images"} <= before(step), step
    assert before("verdict") >= {"apply", "smoke"}


@pytest.mark.parametrize(("name", "trigger"), [(FILES[0], "push"), (FILES[1], "pull")])
def test_every_substitution_is_declared_set_and_used(name: str, trigger: str) -> None:
    """In the file, by the trigger, in a step."""
    text = (ROOT / name).read_text()
    used = set(re.findall(r"\$\{?(_[A-Z_]+)", text.partition("steps:")[2]))
    used |= {"_REGION"} if "scripts/revisions" in text else set()  # which reads it
    declared = set(build(name)["substitutions"])
    assert used == declared == substitutions(trigger)


@pytest.mark.parametrize("name", FILES)
def test_a_build_keeps_its_rules(name: str) -> None:
    """Logs in Cloud Logging, images by version, scripts that stop at the first failure."""
    said = build(name)
    assert said["options"]["logging"] == "CLOUD_LOGGING_ONLY"
    assert said["options"]["automapSubstitutions"] is True
    unpinned = [step["name"] for step in said["steps"] if ":" not in step["name"]]
    assert set(unpinned) <= {"gcr.io/cloud-builders/docker"}  # Google's own, with no versions
    for step, script in scripts(name).items():
        assert re.match(r"#!/bin/(ba)?sh\nset -e?uo? ?", script), step


@pytest.mark.parametrize("name", FILES)
def test_a_pull_request_applies_nothing(name: str) -> None:
    """Only the build of the main branch can become the account that changes things."""
    changes = ("terraform apply", " apply ", "docker push", "gcloud", "IMPERSONATE")
    found = [word for word in changes if any(word in text for text in scripts(name).values())]
    assert bool(found) == (name == "cloudbuild.yaml")


def shell_files(folder: Path) -> list[Path]:
    """All shell there is: files, and the steps' scripts as files."""
    found = list(SHELL)
    for name in FILES:
        for step, script in scripts(name).items():
            file = folder / f"{name}.{step}.sh"
            file.write_text(script)
            found.append(file)
    return found


def test_shell_is_without_fault(tmp_path: Path) -> None:
    """As shellcheck reads it: unquoted words, commands whose failure nobody sees."""
    beside = Path(sys.executable).with_name("shellcheck")
    checker = str(beside) if beside.exists() else shutil.which("shellcheck")
    if checker is None:
        pytest.skip("no shellcheck: install it (https://www.shellcheck.net)")
    said = subprocess.run(
        [checker, *shell_files(tmp_path)], check=False, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stdout
