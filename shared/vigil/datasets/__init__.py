"""Datasets: one YAML file each, validated with messages that name file, field and remedy."""

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from vigil.datasets.model import Aggregates, Anomaly, Dataset, Known, Measure, Rules
from vigil.datasets.names import NAME, check_name
from vigil.datasets.questions import Classification, Derived
from vigil.datasets.sources import Expect, Source
from vigil.errors import Misconfigured, Rejected

__all__ = [
    "Aggregates", "Anomaly", "Classification", "Dataset", "Derived", "Expect", "Known", "Measure",
    "Rules", "Source", "load", "names",
]  # fmt: skip

HERE = Path(__file__).parent


def folders() -> list[Path]:
    """Where dataset files are: the package, and VIGIL_DATASETS for trials of your own."""
    extra = os.environ.get("VIGIL_DATASETS")
    return [HERE, *([Path(extra)] if extra else [])]


def names() -> list[str]:
    """The names of all datasets."""
    files = {file.stem for folder in folders() for file in folder.glob("*.yaml")}
    return sorted(name for name in files if re.fullmatch(NAME, name))


def load(name: str) -> Dataset:
    """The dataset of that name; an unknown one is rejected with the list of those there are."""
    check_name(name, "dataset")
    for folder in folders():
        if (file := folder / f"{name}.yaml").is_file():
            return _read(file, file.stat().st_mtime_ns)
    raise Rejected(
        "dataset", rule="name", expected=f"one of {', '.join(names())}", found=repr(name)
    )


@cache
def _read(file: Path, _changed: int) -> Dataset:
    try:
        fields = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(fields, dict):
            raise Misconfigured(f"{file.name}: expected fields such as 'title: ...'; found none")
        if "name" in fields:
            raise Misconfigured(f"{file.name}: name: remove it, the file's name is the name")
        return Dataset.model_validate({"name": file.stem, **fields})
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file.name}: not YAML in UTF-8: {error}") from None
    except ValidationError as error:
        raise Misconfigured("\n".join(_remedies(file.name, error))) from None


def _remedies(file: str, error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        field = ".".join(str(part) for part in fault["loc"]) or "the file"
        match fault["type"]:
            case "missing":
                said = "is missing: add it (docs/datasets.md lists every field)"
            case "extra_forbidden":
                said = "is not a field: remove it, or check its spelling in docs/datasets.md"
            case _:
                said = f"{fault['msg']}; found {str(fault['input'])[:80]!r}"
        yield f"{file}: {field}: {said}"
