"""A training as files: the evidence for people to look at, and the model for them to load."""

from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from vigil import plots
from vigil.exhibits import Exhibits
from vigil.forecasts import QUANTILES
from vigil.tracking import AnyType, ColSpec, DataType, Model, ModelSignature, Schema, pyfunc

BUNDLE = "artifacts/bundle"  # where MLflow keeps it within a model
PACKAGE = Path(__file__).parent
NEEDED = (  # by pyfunc.py and all that it loads
    *("mlflow-skinny", "pandas", "pyarrow", "numpy"),
    *("lightgbm", "holidays", "pydantic", "pyyaml", "croniter"),
)
TEXT, ANY = DataType.string, AnyType()  # any: MLflow refuses whole numbers where it wants doubles
ASKED = {"source": TEXT, "target": TEXT, "series": TEXT, "date": ANY, "value": ANY}
TOLD = {
    **dict.fromkeys(("source", "target", "series", "period"), TEXT),
    "reference_date": DataType.datetime,
    "horizon": DataType.long,
    "target_date": DataType.datetime,
    **dict.fromkeys((*QUANTILES, "mean"), DataType.double),
    "model": TEXT,
}
SIGNATURE = ModelSignature(
    *(Schema([ColSpec(kind, name) for name, kind in columns.items()]) for columns in (ASKED, TOLD))
)


def write_evidence(shown: Exhibits, folder: Path) -> None:
    """The backtest, what it says in short, the card, and the plots."""
    folder.mkdir()
    dossier = shown.dossier
    (folder / "card.md").write_text(shown.card, encoding="utf-8")
    pq.write_table(dossier.scores, folder / "backtest.parquet", compression="zstd")
    rows = [{**row, "horizon": str(row["horizon"])} for row in shown.rows]
    csv.write_csv(pa.Table.from_pylist(rows), folder / "summary.csv")
    for name, figure in plots.all_of(dossier, shown.rows, shown.champion.dataset.grain).items():
        (folder / f"{name}.png").write_bytes(plots.png(figure))


def write_model(shown: Exhibits, folder: Path, run: str, model: str) -> None:
    """As code and checked files: MLflow would keep a Python object as a pickle."""
    bundle = folder.with_name("bundle")
    shown.dossier.bundle.write(bundle)
    pyfunc.save_model(
        folder,
        python_model=str(PACKAGE / "pyfunc.py"),
        artifacts={"bundle": str(bundle)},
        model_config={"digest": shown.dossier.bundle.digest},
        code_paths=[str(PACKAGE)],
        pip_requirements=[f"{name}=={version(name)}" for name in NEEDED],
        signature=SIGNATURE,
        input_example=example(shown),
        mlflow_model=Model(run_id=run, model_id=model, model_uuid=model),
    )


def example(shown: Exhibits) -> pd.DataFrame:
    """What the largest series of each measure told, as observations: totals where they are."""
    told = shown.dossier.fan.select(["source", "target", "series", "date", "actual"]).to_pandas()
    told = told.rename(columns={"actual": "value"}).dropna().reset_index(drop=True)
    for target, own in told.groupby("target").groups.items():
        if shown.champion.dataset.targets[target].cumulative:
            told.loc[own, "value"] = told.loc[own].groupby(["source", "series"])["value"].cumsum()
    return told.assign(date=told["date"].astype(str))
