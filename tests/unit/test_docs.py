"""The documentation names what is there, and only what is there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from pydantic import BaseModel

from vigil import datasets, layouts, tables, views
from vigil.cli import app
from vigil.datasets import model, questions, sources
from vigil.models.table import MODELS
from vigil.verdict import EVENTS

ROOT = Path(__file__).parents[2]
PRODUCT = sorted((ROOT / "shared" / "vigil").rglob("*.py"))
COMMANDS = typer.main.get_group(app).commands
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def page(name: str) -> str:
    """The text of a page of the documentation."""
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    found = re.search(
        rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", text, re.DOTALL | re.MULTILINE
    )
    assert found, f"no section {heading!r}"
    return found[1]


def rows(text: str) -> set[str]:
    """The names that open a row of a table."""
    first_cells = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    return {name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_section_with_an_example_and_its_options(command: str) -> None:
    """Nobody has to read the code to use it."""
    said = section(page("commands"), f"vigil {command}")
    of_all = page("commands").partition("\n## ")[0]
    assert re.search(rf"^    vigil {command}", said, re.MULTILINE)
    options = {name for param in COMMANDS[command].params for name in param.opts if "--" in name}
    assert not {option for option in options if option not in of_all + said}


def test_no_command_is_documented_that_is_not_there() -> None:
    """A section for each command, and for nothing else."""
    assert set(re.findall(r"^## vigil (\w+)$", page("commands"), re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize(
    "name", sorted(file.stem for file in (ROOT / "shared/vigil/datasets").glob("*.yaml"))
)
def test_every_shipped_dataset_has_a_section_that_names_its_sources(name: str) -> None:
    """What is odd about the data stands where people look for it."""
    assert set(datasets.load(name).sources) <= rows(section(page("datasets"), name))


def variables(files: list[Path]) -> set[str]:
    """The environment variables that these files name."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    found = re.findall(r"\b(?:VIGIL_[A-Z_]*[A-Z]|[A-Z]+_EMULATOR_HOST|MLFLOW_[A-Z_]+)\b", text)
    return {*found, *re.findall(r"\bOMP_[A-Z_]+\b", text)}


def test_every_environment_variable_is_documented() -> None:
    """Also those that are only set for others, and those that tests read."""
    named = rows(page("settings"))
    assert variables(PRODUCT) <= named
    assert {name for name in named if name.startswith("VIGIL_")} <= variables(
        [*PRODUCT, *(ROOT / "tests").rglob("*.py")]
    )


def rules(file: Path) -> Iterator[str]:
    """The rules that a file's findings, marks and refusals name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        named: list[ast.expr] = []
        if node.func.id in {"Finding", "Mark"}:
            named = node.args[:1]
        if node.func.id == "Rejected":
            named = [word.value for word in node.keywords if word.arg == "rule"]
        yield from (str(one.value) for one in named if isinstance(one, ast.Constant))


def test_every_rule_is_documented_and_every_documented_rule_is_there() -> None:
    """A finding's rule leads to a page that says what to do."""
    assert {rule for file in PRODUCT for rule in rules(file)} == rows(page("quality"))


def test_every_threshold_is_named_beside_its_rule() -> None:
    """In the column of thresholds, and no others."""
    cells = re.findall(
        r"^\| `\w+` \|[^|]*\| ([^|]*) \|[^|]*\|[^|]*\|$", page("quality"), re.MULTILINE
    )
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert named == set(sources.Expect.model_fields)


def test_every_event_is_named_where_it_is_said_what_is_said_once() -> None:
    """The rules that are not compared with the content before."""
    said = page("quality").partition("**Nothing alerts twice.**")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", said)) - {"cleared"} == set(EVENTS)


FIELDS = {
    model.Dataset: "Fields of the file",
    model.Schedules: "Schedules",
    sources.Source: "A source",
    sources.Expect: "What is expected of a source",
    model.Measure: "A measure (target or covariate)",
    model.Rules: "Rules",
    questions.Classification: "A question",
    questions.Outcome: "An outcome",
    questions.Costs: "Costs",
    questions.Derived: "A derived feature",
    model.Aggregates: "Aggregates",
    model.Anomaly: "An anomaly",
    model.Known: "A finding that is known",
}


def test_every_part_of_a_dataset_file_has_a_table() -> None:
    """A new class in the model needs a table, too."""
    classes = [value for one in (model, questions, sources) for value in vars(one).values()]
    parts = {one for one in classes if isinstance(one, type) and issubclass(one, sources.Record)}
    assert parts - {sources.Record} == set(FIELDS)


@pytest.mark.parametrize(("part", "heading"), FIELDS.items(), ids=lambda one: str(one)[-20:])
def test_every_field_of_a_dataset_file_is_documented(part: type[BaseModel], heading: str) -> None:
    """Each in the table of its part, and no others."""
    assert rows(section(page("datasets"), heading)) == set(part.model_fields)


def test_every_layout_is_documented() -> None:
    """By name, in bold."""
    named = set(re.findall(r"^- \*\*(\w+)\*\*:", page("datasets"), re.MULTILINE))
    assert named == {*layouts.LAYOUTS, "records"}


def test_every_model_is_documented() -> None:
    """In the table of models, and no others."""
    assert rows(page("models")) == set(MODELS)


def shown_as(view: views.View) -> str:
    """A view's name; a function's with the names of its arguments."""
    names = [one.split()[0] for one in view.arguments.split(",")] if view.arguments else []
    return f"{view.name}({', '.join(names)})" if names else view.name


def test_every_table_and_view_is_documented() -> None:
    """Table functions with their arguments."""
    shown = [shown_as(view) for view in views.all_views()]
    assert rows(page("tables")) == {*tables.names(), *shown}


def test_every_view_there_is_is_made() -> None:
    """A SQL file that no list names would be documented by nobody."""
    assert {view.name for view in views.all_views()} == {f.stem for f in views.HERE.glob("*.sql")}


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(file: Path) -> None:
    """To a file or folder of this repository."""
    text = re.sub(r"```.*?```", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    paths = [link.partition("#")[0] for link in links if not re.match(r"https?:|mailto:|#", link)]
    assert not [path for path in paths if not (file.parent / path).exists()]


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_named_exists(name: str) -> None:
    """Written as code: in backticks, or at the beginning of a line."""
    text = (ROOT / name).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE))
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert named
    assert named <= set(targets)


def readme_block(language: str) -> str:
    """The first block of code in that language, without its indent."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^( *)```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    assert found
    return "\n".join(line.removeprefix(found[1]) for line in found[2].splitlines()) + "\n"


def test_the_dataset_of_the_readme_reads_the_file_of_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worked example works."""
    (tmp_path / "er_visits.yaml").write_text(readme_block("yaml"))
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path))
    parsed = layouts.parse(datasets.load("er_visits"), "visits", readme_block("csv").encode())
    [grid] = parsed.panel.values()
    assert grid.series == ("North/Hill",)
    assert grid.values.tolist() == [[30.0], [39.0]]
