"""The card of a classifier: what it answers, how it did, for whom it does worse."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from vigil import card
from vigil.classify.classifier import question
from vigil.datasets import Classification, Dataset

SPLITS = {
    "crossed": "cross-validation, a person's records kept together",
    "grouped": "a fifth of the people held out",
    "random": "a fifth of the records held out, whoever they are of",
}
SCORES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "brier": "Brier",
    "log_loss": "log loss",
    "accuracy": "accuracy",
    "f1": "F1",
    "covered": "in the 90% set",
}
FAR, LEAST = 0.05, 100  # a difference that is worth telling, and of so many records
HELD = 0.88  # of outcomes in the sets, at least
Row = Mapping[str, Any]


def about(dataset: Dataset) -> str:
    """What probabilities are for, and how they are made."""
    asked = question(dataset)
    what = f"""\
**What.** An answer to: {asked.question}? The calibrated probability of a yes; yes or
no at the threshold that stated costs set ({_costs(asked)}); the answers that hold
for nine records in ten (`yes`, `no` or `either`); the five features that move it most."""
    purpose = """\
**For.** Planning, and a second look by those who know the case. **Not for** deciding about a
person by itself, nor for places or groups that are not in the data. Records stay in the restricted
dataset: what is shown here is of ten or more, nothing of a single person."""
    fields = ", ".join(f"`{name}`" for name in dataset.fields)
    use = f"""\
**Use.** Records, a row each, with the columns {fields}; what
is not known is blank or left out. A person's earlier records may stand among them.

    import mlflow, pandas
    model = mlflow.pyfunc.load_model("models:/vigil-{dataset.name}@champion")
    said = model.predict(pandas.read_csv("records.csv"))"""
    return card.of_dataset(dataset, "yes or no", what, purpose, use)


def of_training(
    dataset: Dataset, said: Row, headlines: Mapping[str, Row], rows: Iterable[Row]
) -> str:
    """The card of a version, from its scores."""
    own = [row for row in rows if row["model"] == said["recipe"]]
    whole = headlines.get(said["recipe"])
    fitted = f"`{said['recipe']}`, fitted to {said['rows']:,} records known at {said['as_of']}."
    how = [fitted, *(_how(dataset, headlines, whole, own) if whole else ["It was not judged."])]
    data = f"Of all records {whole['share']:.0%} yes." if whole else ""
    weak = _weak(headlines, dataset.baseline, own)
    return card.of_training(dataset, said, how, data, weak)


def _how(
    dataset: Dataset, headlines: Mapping[str, Row], whole: Row, own: Sequence[Row]
) -> Iterator[str]:
    """Beside the others, by split, at the threshold, by group."""
    asked = question(dataset)
    yield f"{asked.question}? Scores of the {SPLITS['crossed']}."
    yield card.table(
        ("model", *SCORES.values()), [(name, *_scores(row)) for name, row in headlines.items()]
    )
    splits = [row for row in own if not row["field"]]
    yield card.table(
        ("split", *SCORES.values()), [(SPLITS[row["split"]], *_scores(row)) for row in splits]
    )
    yield _confused(whole, asked)
    for field in asked.groups:
        groups = [row for row in own if row["field"] == field and row["split"] == "crossed"]
        if groups:
            yield card.table((field, *GROUP), [_group(row) for row in groups])


GROUP = ("records", "yes", "said", "AUC", "Brier", "found", "false alarms")


def _group(row: Row) -> tuple[str, ...]:
    shares = (row["share"], row["mean_probability"])
    scores = (row["auc"], row["brier"])
    errors = (row.get("found"), row.get("false_alarms"))
    return (
        row["value"] or "blank",
        f"{row['n']:,}",
        *(_number(one, ".0%") for one in shares),
        *(_number(one, ".3f") for one in scores),
        *(_number(one, ".0%") for one in errors),
    )


def _confused(row: Row, asked: Classification) -> str:
    """What yes and no came to."""
    if row["true_positives"] is None:
        return f"At the threshold ({_costs(asked)}): a count is under ten, so none is shown."
    return f"At the threshold ({_costs(asked)}):\n\n" + card.table(
        ("", "it was yes", "it was no"),
        [
            ("yes was said", _number(row["true_positives"]), _number(row["false_positives"])),
            ("no was said", _number(row["false_negatives"]), _number(row["true_negatives"])),
        ],
    )


def _weak(headlines: Mapping[str, Row], baseline: str, own: Sequence[Row]) -> Iterator[str]:
    """Said by the scores themselves, before the reader has to look for it."""
    crossed = [row for row in own if row["split"] == "crossed"]
    for row in crossed:
        yield from _doubts(row)
    rival = headlines.get(baseline)
    whole = next((row for row in crossed if not row["field"]), None)
    if rival and whole and whole["brier"] >= rival["brier"]:
        yield f"No better than {baseline}."
    yield (
        "Anything that the records have not shown: a place that is new, other admissions than"
        " these, a code that means something else from now on."
    )


def _doubts(row: Row) -> Iterator[str]:
    """Of all records or of a group: probabilities that were off, sets that held too little."""
    if row["n"] < LEAST:
        return
    where = f"{row['field']} {row['value'] or 'blank'}" if row["field"] else "All records"
    said, came = row["mean_probability"], row["share"]
    if said is not None and abs(said - came) > FAR:
        yield f"{where}: {said:.0%} was said on average, {came:.0%} came"
    if row["covered"] is not None and row["covered"] < HELD:
        yield f"{where}: the 90% sets held {row['covered']:.0%} of the outcomes"


def _scores(row: Row) -> Iterator[str]:
    return (_number(row[name], ".0%" if name == "covered" else ".4f") for name in SCORES)


def _number(value: float | None, form: str = ",") -> str:
    """Nothing where there is none."""
    return "" if value is None or math.isnan(value) else format(value, form)


def _costs(asked: Classification) -> str:
    costs = asked.costs
    return f"missed {costs.missed:g}, false alarm {costs.false_alarm:g}: {costs.threshold:.2f}"
