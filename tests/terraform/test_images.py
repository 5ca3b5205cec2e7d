"""The two images, as far as that can be seen without building them."""

import re

import pytest

from terraform.conftest import ROOT

IMAGES = ROOT / "images"


def pins(file: str) -> dict[str, str]:
    """Package -> version."""
    lines = [
        line.split()[0] for line in (ROOT / file).read_text().splitlines() if "==" in line[:60]
    ]
    return dict(line.split("==") for line in lines)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("vigil-mlflow-123456789.europe-west1.run.app", True),
        ("vigil-mlflow-abcdefghij-ew.a.run.app", True),
        ("example.org", False),
        ("vigil-mlflow-1.europe-west1.run.app.example.org", False),
    ],
)
def test_mlflow_answers_to_its_own_addresses_and_to_no_others(host: str, *, allowed: bool) -> None:
    """By MLflow's own rule. Cloud Run spells an address in two ways, by number and by hash."""
    from mlflow.server.security_utils import is_allowed_host_header  # MLflow's server takes seconds

    text = (ROOT / "terraform" / "mlflow.tf").read_text()
    [hosts] = re.findall(r'"--allowed-hosts", "([^"]+)"', text)
    assert is_allowed_host_header(hosts.split(","), host) is allowed


def test_images_hold_the_versions_that_the_tests_ran_with() -> None:
    """The server is the one that the client was tested with; a long training is a function's."""
    tested, server = pins("requirements/dev.txt"), pins("images/mlflow/requirements.txt")
    assert server["mlflow"] == tested["mlflow"]
    assert "psycopg2-binary" in server
    trains = pins("images/train/requirements.txt")
    assert pins("functions/train/requirements.txt").items() <= trains.items() <= tested.items()


@pytest.mark.parametrize("name", ["mlflow", "train"])
def test_an_image_is_pinned_hashed_and_runs_as_nobody_special(name: str) -> None:
    """Versions of its bases, hashes of its packages, a user of its own."""
    text = (IMAGES / name / "Dockerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert all(re.search(r":\d+\.\d+\.\d+", base) for base in bases)
    assert "--require-hashes" in text
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE) not in ([], ["root"])
    lock = (IMAGES / name / "requirements.txt").read_text()
    assert lock.count("--hash=sha256:") >= len(pins(f"images/{name}/requirements.txt"))
    assert "://" not in lock
