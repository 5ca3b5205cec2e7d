"""A training as files: the evidence for people to look at, and the model for them to load."""

import ast
import shutil
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from vigil import curves, plots
from vigil.canvas import png
from vigil.classify.classifier import question
from vigil.datasets import Dataset
from vigil.exhibits import Exhibits
from vigil.forecasts import QUANTILES
from vigil.tracking import AnyType, ColSpec, DataType, Model, ModelSignature, Schema, pyfunc

BUNDLE = "artifacts/bundle"  # where MLflow keeps it within a model
PACKAGE = Path(__file__).parent
NEEDED = (  # by pyfunc.py and all that it loads
    *("mlflow-skinny", "pandas", "pyarrow", "numpy"),
    *("lightgbm", "holidays", "pydantic", "pyyaml", "croniter"),
)
FIGURES = {"forecast": plots.all_of, "classify": curves.all_of}
TEXT, ANY = DataType.string, AnyType()  # any: MLflow refuses whole numbers where it wants doubles
ASKED = {"source": TEXT, "target": TEXT, "series": TEXT, "date": ANY, "value": ANY}
TOLD = {
    "forecast": {
        **dict.fromkeys(("source", "target", "series", "period"), TEXT),
        "reference_date": DataType.datetime,
        "horizon": DataType.long,
        "target_date": DataType.datetime,
        **dict.fromkeys((*QUANTILES, "mean"), DataType.double),
        "model": TEXT,
    },
    "classify": {
        "probability": DataType.double,
        "positive": DataType.boolean,
        "answers": TEXT,
        "drivers": TEXT,
    },
}
MADE_UP = {"integer": 1, "number": 1.0, "text": "made up"}  # of nobody


def write_evidence(shown: Exhibits, folder: Path) -> None:
    """The scores, the card, and the plots."""
    folder.mkdir()
    (folder / "card.md").write_text(shown.card, encoding="utf-8")
    for name, table in shown.judged.tables.items():
        _write(table, folder / name)
    for name, figure in FIGURES[shown.task](shown.dossier, shown.judged.rows).items():
        (folder / f"{name}.png").write_bytes(png(figure))


def _write(table: pa.Table, file: Path) -> None:
    if file.suffix == ".csv":
        csv.write_csv(table, file)
    else:
        pq.write_table(table, file, compression="zstd")


def write_model(shown: Exhibits, folder: Path, run: str, model: str) -> None:
    """As code and checked files: MLflow would keep a Python object as a pickle."""
    bundle = folder.with_name("bundle")
    shown.dossier.bundle.write(bundle)
    pyfunc.save_model(
        folder,
        python_model=str(PACKAGE / "pyfunc.py"),
        artifacts={"bundle": str(bundle)},
        model_config={"digest": shown.dossier.bundle.digest},
        code_paths=[str(_code(folder.with_name("code") / PACKAGE.name))],
        pip_requirements=[f"{name}=={version(name)}" for name in NEEDED],
        signature=signature(shown.champion.dataset),
        input_example=EXAMPLES[shown.task](shown),
        mlflow_model=Model(run_id=run, model_id=model, model_uuid=model),
    )


def _code(folder: Path) -> Path:
    """What pyfunc.py needs of this package: every file is a request to MLflow."""
    for file in imported_files(PACKAGE / "pyfunc.py"):
        target = folder / file.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return folder


def imported_files(script: Path) -> set[Path]:
    """The files of this package that a script of it imports, they import, and so on.

    Of a folder all of it: models are imported by the names of their recipes.
    """
    found, new = set[Path](), {script, PACKAGE / "__init__.py"}
    while new:
        found |= new
        modules = {name for file in new if file.suffix == ".py" for name in _names(file)}
        new = {file for name in modules for file in _files(name)} - found
    return found


def _names(file: Path) -> Iterator[str]:
    """The names of modules, and of what is in them, since that may be a module, too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{each.name}" for each in node.names)
            yield node.module


def _files(module: str) -> set[Path]:
    """The file of a module of this package, or all files of the folder that it is in."""
    top, *within = module.split(".")
    if top != PACKAGE.name or not within:
        return set()
    place = PACKAGE / within[0]
    if place.is_dir():
        return {file for file in place.rglob("*") if file.is_file() and file.suffix != ".pyc"}
    return {file} if (file := place.with_suffix(".py")).is_file() else set()


def signature(dataset: Dataset) -> ModelSignature:
    """What a version is asked with, and what it tells."""
    asked = _schema(ASKED) if dataset.task == "forecast" else _records(dataset)
    return ModelSignature(asked, _schema(TOLD[dataset.task]))


def _schema(columns: Mapping[str, DataType | AnyType]) -> Schema:
    return Schema([ColSpec(kind, name) for name, kind in columns.items()])


def _records(dataset: Dataset) -> Schema:
    """Any type: pandas reads a column of blanks as numbers, whatever it is a column of."""
    needed, names = set[str](), dict[str, None]()
    outcome = question(dataset).outcome.field  # whoever asks does not know it
    for source in dataset.sources.values():
        given = [*source.fields, *(name for name in (source.record, source.person) if name)]
        names |= dict.fromkeys(given)
        needed |= {*source.fields} - {*source.optional, outcome}
    return Schema([ColSpec(ANY, name, required=name in needed) for name in names])


def observations(shown: Exhibits) -> pd.DataFrame:
    """What the largest series of each measure told, as observations: totals where they are."""
    told = shown.dossier.fan.select(["source", "target", "series", "date", "actual"]).to_pandas()
    told = told.rename(columns={"actual": "value"}).dropna().reset_index(drop=True)
    for target, own in told.groupby("target").groups.items():
        if shown.champion.dataset.targets[target].cumulative:
            told.loc[own, "value"] = told.loc[own].groupby(["source", "series"])["value"].cumsum()
    return told.assign(date=told["date"].astype(str))


def made_up(shown: Exhibits) -> pd.DataFrame:
    """A record of nobody: the type of each field, not a value that anybody has."""
    dataset = shown.champion.dataset
    record = {name: MADE_UP[kind] for name, kind in dataset.fields.items()}
    del record[question(dataset).outcome.field]  # not known yet
    return pd.DataFrame([record])


EXAMPLES = {"forecast": observations, "classify": made_up}
