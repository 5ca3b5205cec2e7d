"""The card of a dataset's forecasts: what they tell, how they did, where they are weak."""

from collections.abc import Iterator, Mapping
from typing import Any

from vigil import card
from vigil.datasets import Dataset

KINDS = {
    "known": "Each origin was forecast from what was known on its day.",
    "pseudo": (
        "There are no vintages from those days: each origin was forecast from the first vintage,"
        " cut off where it would have ended on that day. Later revisions are in it, so real scores"
        " may be worse."
    ),
}


def about(dataset: Dataset) -> str:
    """What forecasts are for, and how they are made."""
    told = ", ".join(f"{name} ({one.unit})" for name, one in dataset.targets.items())
    steps = {"week": "days and weeks", "day": "days"}[dataset.grain]
    what = f"""\
**What.** Distributions (23 quantiles) of {told}, for each series, up to {dataset.horizon}
days ahead, in {steps}."""
    purpose = """\
**For.** Planning, and a public record of how good forecasts were. **Not for** decisions
about a person, nor for measures, places or horizons that are not in the data."""
    use = f"""\
**Use.** Observations as known, a row a value, with the columns `source`, `target`, `series`,
`date`, `value`; give at least half a year of them.

    import mlflow, pandas
    model = mlflow.pyfunc.load_model("models:/vigil-{dataset.name}@champion")
    forecasts = model.predict(pandas.read_csv("observations.csv"))"""
    return card.of_dataset(dataset, "forecasts", what, purpose, use)


def of_training(
    dataset: Dataset, said: Mapping[str, Any], headlines: Mapping[str, Mapping[str, Any]]
) -> str:
    """The card of a version, from its scores over all horizons."""
    kinds = dict.fromkeys(KINDS[row["vintage_kind"]] for row in headlines.values())
    fitted = f"`{said['recipe']}`, fitted to {said['rows']:,} values known at {said['as_of']}."
    measures = [
        (name, str(one["reference_date"]), f"{one['series']:,}")
        for name, one in said["measures"].items()
    ]
    data = card.table(("measure", "last day", "series"), measures)
    return card.of_training(
        dataset, said, [fitted, _scores(headlines), *kinds], data, _weak(headlines)
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
    return card.table(head, rows)


def _weak(headlines: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Said by the scores themselves, before the reader has to look for it."""
    for name, row in headlines.items():
        if row["relative_wis"] >= 1:
            yield f"{name}: no better than seasonal naive"
    for name, row in headlines.items():
        if row["coverage95"] < 0.9:
            yield f"{name}: the 95% interval held {row['coverage95']:.0%} of what came"
    yield (
        "Anything that the past of these series has not shown: a new wave's first days,"
        " a change in what is counted, a source that falls silent."
    )
