"""The model card: what a person should know of a dataset's model, and of one training of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vigil.datasets import Dataset

VERDICT = {True: "promoted", False: "refused"}


def of_dataset(dataset: Dataset, told: str, what: str, purpose: str, use: str) -> str:
    """Of the registered model: what it is for, what it is not, and how it is used."""
    return f"""# {dataset.title}: {told}

{what} Data: {dataset.producer}, {dataset.licence}. {dataset.homepage}

{purpose}

**Versions.** One a training. `champion` is the one that serves, `challenger` the last one that was
tried and does not. This is a mirror: what serves is decided and recorded in BigQuery (`heads`,
`promotions`), and changed with `vigil promote` or `vigil rollback`, never here.

{use}

No pickle is read. The model's files are checked against their digest before they are loaded.
"""


def of_training(
    dataset: Dataset, said: Mapping[str, Any], how: Iterable[str], data: str, weak: Iterable[str]
) -> str:
    """Of one version: what it learnt from, how it did, what was decided, and where it is weak."""
    return "\n\n".join(
        [
            f"# {dataset.title}: {said['version']}",
            *how,
            "## Decided",
            "\n".join(_decided(one) for one in said["decisions"]),
            "## Data",
            data,
            f"{dataset.producer}, {dataset.licence}. {_which(said)}",
            "## Where it is weak",
            "\n".join(f"- {one}" for one in weak),
            f"Code `{said['code']}`, revision `{said['revision']}`.",
        ]
    )


def _which(said: Mapping[str, Any]) -> str:
    return f"Vintage `{said['vintage']}`, digest `{said['data_digest']}`."


def _decided(one: Mapping[str, Any]) -> str:
    return f"- {one['kind']}: **{VERDICT[one['promoted']]}**. {one['reason']}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown; numbers stand to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
