"""A version as MLflow loads it: this script and the files of a bundle, never a pickle."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from vigil import champion, panel
from vigil.bundle import Bundle
from vigil.champion import Champion
from vigil.classify.classifier import Classifier
from vigil.classify.frame import frame
from vigil.datasets import Dataset

COLUMNS = pa.schema(
    [
        *((name, pa.string()) for name in ("source", "target", "series")),
        ("date", pa.date32()),
        ("value", pa.float64()),
    ]
)
DIGITS = 15  # of a number in JSON


def forecasts(model: Champion, observations: pd.DataFrame) -> pd.DataFrame:
    """A row for every series, day and week ahead, with its quantiles."""
    rows = observations[COLUMNS.names].assign(
        date=lambda said: pd.to_datetime(said["date"]),
        value=lambda said: said["value"].astype(float),
    )
    known = panel.from_rows(pa.Table.from_pandas(rows, COLUMNS, preserve_index=False))
    parts = [part.served for part in model.forecast(known) if part.rows.num_rows]
    said = [one.drop_columns(["serves", "phase"]).to_pandas() for one in parts]
    return pd.concat(said, ignore_index=True) if said else pd.DataFrame()


def classified(model: Classifier, records: pd.DataFrame) -> pd.DataFrame:
    """A row a record, in their order; a person's visits are counted in what is given."""
    asked = frame(model.dataset, _rows(model.dataset, records))
    said = model.scored(asked, asked)
    return pd.DataFrame(
        {
            "probability": said.probability,
            "positive": said.positive,
            "answers": said.answers.to_pandas(),
            "drivers": said.drivers.to_pandas(),
        }
    ).set_index(records.index)


def _rows(dataset: Dataset, records: pd.DataFrame) -> pa.Table:
    """As the table records has them: whom they are of, and what is said, as JSON."""
    typed = {
        name: _typed(records[name], kind)
        for name, kind in dataset.fields.items()
        if name in records
    }
    lines = pd.DataFrame(typed).to_json(orient="records", lines=True, double_precision=DIGITS)
    return pa.table(
        {
            "record": [str(at) for at in range(len(records))],
            "person": _people(dataset, records),
            "fields": [line for line in lines.splitlines() if line],  # none is a blank one
        }
    )


def _typed(values: pd.Series, kind: str) -> pd.Series:
    """Numbers or texts, whatever pandas made of the column; blanks stay blank."""
    if kind == "text":
        return values.convert_dtypes().astype(object).map(str, na_action="ignore")
    return pd.to_numeric(values)


def _people(dataset: Dataset, records: pd.DataFrame) -> pa.Array:
    """As text, if they are named."""
    for source in dataset.sources.values():
        if source.person in records:
            return pa.array(_typed(records[source.person], "text"), pa.string(), from_pandas=True)
    return pa.nulls(len(records), pa.string())


ANSWERS: Mapping[str, Callable[[Any, pd.DataFrame], pd.DataFrame]] = {
    "forecast": forecasts,
    "classify": classified,
}


class Version(PythonModel):  # type: ignore[misc]  # MLflow is untyped here
    """What is known in; forecasts, or answers, out."""

    def load_context(self, context: Any) -> None:
        """Load the bundle, if it is the one of the digest."""
        folder = Path(context.artifacts["bundle"])
        self.model = champion.load(Bundle.read(folder, context.model_config["digest"]))

    def predict(self, model_input: pd.DataFrame, params: Any = None) -> Any:  # noqa: ARG002
        """By the task of the dataset."""
        return ANSWERS[self.model.dataset.task](self.model, pd.DataFrame(model_input))


set_model(Version())
