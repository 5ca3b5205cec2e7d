"""A version as MLflow loads it: this script and the files of a bundle, never a pickle."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

from vigil import champion, panel
from vigil.bundle import Bundle

COLUMNS = pa.schema(
    [
        *((name, pa.string()) for name in ("source", "target", "series")),
        ("date", pa.date32()),
        ("value", pa.float64()),
    ]
)


class Forecaster(PythonModel):  # type: ignore[misc]  # MLflow is untyped here
    """Observations as known in, forecasts out."""

    def load_context(self, context: Any) -> None:
        """Load the bundle, if it is the one of the digest."""
        folder = Path(context.artifacts["bundle"])
        self.champion = champion.load(Bundle.read(folder, context.model_config["digest"]))

    def predict(self, model_input: pd.DataFrame, params: Any = None) -> Any:  # noqa: ARG002
        """A row for every series, day and week ahead, with its quantiles."""
        rows = pd.DataFrame(model_input)[COLUMNS.names].assign(
            date=lambda said: pd.to_datetime(said["date"]),
            value=lambda said: said["value"].astype(float),
        )
        known = panel.from_rows(pa.Table.from_pandas(rows, COLUMNS, preserve_index=False))
        parts = [part.served for part in self.champion.forecast(known) if part.rows.num_rows]
        said = [one.drop_columns(["serves", "phase"]).to_pandas() for one in parts]
        return pd.concat(said, ignore_index=True) if said else pd.DataFrame()


set_model(Forecaster())
