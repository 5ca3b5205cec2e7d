"""The pages about Google's cloud name what is there."""

import re

from terraform.conftest import ROOT

FOLDER = ROOT / "terraform"


def page(name: str) -> str:
    """A page of the documentation."""
    return (ROOT / "docs" / f"{name}.md").read_text()


def found(pattern: str, text: str) -> set[str]:
    """All that a pattern finds."""
    return set(re.findall(pattern, text, re.MULTILINE))


def test_every_alert_has_a_section_in_the_runbook() -> None:
    """That says what it means, what to look at and what to do."""
    text = (FOLDER / "monitoring.tf").read_text()
    alerts = found(r"^      ([a-z-]+) = \{$", text) | found(r'"([a-z-]+)-\$\{name\}" => \{', text)
    parts = page("runbook").split("\n## ")[1:]
    sections = {part.partition("\n")[0]: part for part in parts}
    assert set(sections) == alerts | {"silence", "budget"}
    for name, said in sections.items():
        assert all(f"**{word}**" in said for word in ("Means", "Look at", "Do")), name


def test_every_variable_and_substitution_is_explained() -> None:
    """In docs/deploy.md."""
    variables = found(r'^variable "(\w+)"', (FOLDER / "variables.tf").read_text())
    build = (ROOT / "cloudbuild.yaml").read_text().partition("options:")[0]
    cells = found(r"^ *\| ([^|]+) \|", page("deploy"))
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert variables | found(r"^  (_\w+)", build) <= named


def test_every_identity_is_explained() -> None:
    """What it may do, in words."""
    text = (FOLDER / "iam.tf").read_text().partition("project_roles")[0]
    identities = found(r'^    (\w+) += "', text)
    assert identities == found(
        r"^\| `(\w+)` \| (?=[a-z])", page("deploy").partition("## Who may")[2].partition("\n## ")[0]
    )
