"""The model card: what a person should know of a dataset's model, and of one training of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vigil.datasets import Dataset

KINDS = {
    "known": "Each origin was forecast from what was known on its day.",
    "pseudo": (
        "There are no vintages from those days: each origin was forecast from the first vintage,"
        " cut off where it would have ended on that day. Later revisions are in it, so real scores"
        " may be worse."
    ),
}
VERDICT = {True: "promoted", False: "refused"}


def of_dataset(dataset: Dataset) -> str:
    """Of the registered model: what it is for, what it is not, and how it is used."""
    told = ", ".join(f"{name} ({one.unit})" for name, one in dataset.targets.items())
    steps = {"week": "days and weeks", "day": "days"}[dataset.grain]
    return f"""# {dataset.title}: forecasts

**What.** Distributions (23 quantiles) of {told}, for each series, up to {dataset.horizon} days
ahead, in {steps}. Data: {dataset.producer}, {dataset.licence}. {dataset.homepage}

**For.** Planning, and a public record of how good forecasts were. **Not for** decisions about
a person, nor for measures, places or horizons that are not in the data.

**Versions.** One a training. `champion` is the one that serves, `challenger` the last one that was
tried and does not. This is a mirror: what serves is decided and recorded in BigQuery (`heads`,
`promotions`), and changed with `vigil promote` or `vigil rollback`, never here.

**Use.** Observations as known, a row a value, with the columns `source`, `target`, `series`,
`date`, `value`; give at least half a year of them.

    import mlflow, pandas
    model = mlflow.pyfunc.load_model("models:/vigil-{dataset.name}@champion")
    forecasts = model.predict(pandas.read_csv("observations.csv"))

No pickle is read. The model's files are checked against their digest before they are loaded.
"""


def of_training(
    dataset: Dataset, said: Mapping[str, Any], headlines: Mapping[str, Mapping[str, Any]]
) -> str:
    """Of one version: what it learnt from, how it did, what was decided, and where it is weak."""
    source = f"{dataset.producer}, {dataset.licence}."
    return "\n\n".join(
        [
            f"# {dataset.title}: {said['version']}",
            f"`{said['recipe']}`, fitted to {said['rows']:,} values known at {said['as_of']}.",
            _scores(headlines),
            *dict.fromkeys(KINDS[row["vintage_kind"]] for row in headlines.values()),
            "## Decided",
            "\n".join(_decided(one) for one in said["decisions"]),
            "## Data",
            _table(("measure", "last day", "series"), _measures(said["measures"])),
            f"{source} Vintage `{said['vintage']}`, digest `{said['data_digest']}`.",
            "## Where it is weak",
            _weak(headlines),
            f"Code `{said['code']}`, revision `{said['revision']}`.",
        ]
    )


def _scores(headlines: Mapping[str, Mapping[str, Any]]) -> str:
    if not headlines:
        return "It was judged on no origin."
    head = ("measure", "WIS", "of seasonal naive's", "in the 50%", "80%", "95% interval", "numbers")
    rows = [
        (
            name,
            f"{row['wis']:.4g}",
            f"{row['relative_wis']:.2f}",
            *(f"{row[f'coverage{share}']:.0%}" for share in (50, 80, 95)),
            f"{row['n']:,}",
        )
        for name, row in headlines.items()
    ]
    return _table(head, rows)


def _weak(headlines: Mapping[str, Mapping[str, Any]]) -> str:
    """Said by the scores themselves, before the reader has to look for it."""
    found = [
        f"- {name}: no better than seasonal naive" for name, row in headlines.items()
        if row["relative_wis"] >= 1
    ]  # fmt: skip
    found += [
        f"- {name}: the 95% interval held {row['coverage95']:.0%} of what came"
        for name, row in headlines.items()
        if row["coverage95"] < 0.9
    ]
    found.append("- Anything that the past of these series has not shown: a new wave's first days,")
    return "\n".join(found) + " a change in what is counted, a source that falls silent."


def _measures(measures: Mapping[str, Mapping[str, Any]]) -> Iterable[Sequence[str]]:
    for name, one in measures.items():
        yield name, str(one["reference_date"]), f"{one['series']:,}"


def _decided(one: Mapping[str, Any]) -> str:
    return f"- {one['kind']}: **{VERDICT[one['promoted']]}**. {one['reason']}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown; numbers stand to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
