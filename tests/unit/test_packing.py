"""A training as files: loaded from a folder, without a server."""

import sys
from dataclasses import replace
from importlib.metadata import packages_distributions, requires
from subprocess import run

import pandas as pd
import pytest
from mlflow import pyfunc
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from training import KNOWN, champion, dossier

from vigil import fans, outcomes, packing
from vigil.exhibits import Exhibits


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The model of one training, as MLflow keeps it."""
    place = tmp_path_factory.mktemp("packed") / "model"
    packing.write_model(Exhibits(dossier()), place, "run", "m-1")
    return place


@pytest.fixture(scope="module")
def model(folder):
    """The same, loaded."""
    return pyfunc.load_model(str(folder))


def rows(**types) -> pd.DataFrame:
    """What is known, a row a value."""
    parts = []
    for key, grid in KNOWN.items():
        wide = pd.DataFrame(grid.values, grid.dates, grid.series).rename_axis("date").reset_index()
        parts.append(
            wide.melt("date", var_name="series").assign(source=key.source, target=key.target)
        )
    return pd.concat(parts, ignore_index=True).astype(types)


def test_a_plain_frame_gives_the_champions_forecasts(model):
    """Every row, with the source it is of and the model that made it."""
    found = model.predict(rows())
    parts = champion().forecast(KNOWN)
    assert len(found) == sum(part.served.num_rows for part in parts)
    assert found["q500"].iloc[0] == parts[0].served["q500"][0].as_py()
    assert list(found["source"].unique()) == ["confirmed", "dead"]
    assert list(found.columns) == [*packing.TOLD["forecast"]]


@pytest.mark.parametrize("types", [{"value": int}, {"date": str}, {"date": object}])
def test_whole_numbers_and_dates_as_text_are_taken(model, types):
    """As a CSV file gives them, whatever pandas makes of it."""
    pd.testing.assert_frame_equal(model.predict(rows(**types)), model.predict(rows()))


def test_the_input_example_can_be_asked(model):
    """It has the columns that are needed, and the model answers."""
    assert set(model.input_example.columns) == set(packing.ASKED)
    assert len(model.predict(model.input_example))


def test_nothing_known_gives_no_forecast(model):
    """An empty frame is no error."""
    assert model.predict(rows().head(0)).empty


LOADS = """
import sys
from dataclasses import replace
from mlflow import pyfunc
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
pyfunc.load_model({folder!r})
"""


def test_who_installs_the_requirements_can_load_the_model(folder):
    """Every other package is made absent, once MLflow is there."""
    pinned = (folder / "requirements.txt").read_text().split()
    there = together({canonicalize_name(Requirement(line).name) for line in pinned})
    blocked = {
        module
        for module, owners in packages_distributions().items()
        if not {canonicalize_name(one) for one in owners} & {*there, "mlflow", "vigil"}
    }
    assert {"sklearn", "pytest"} <= blocked
    run([sys.executable, "-c", LOADS.format(blocked=blocked, folder=str(folder))], check=True)


def together(names: set[str]) -> set[str]:
    """These packages, and all that they need."""
    found: set[str] = set()
    while names:
        found |= names
        wanted = (Requirement(one) for name in names for one in requires(name) or [])
        needed = (one for one in wanted if not one.marker or one.marker.evaluate({"extra": ""}))
        names = {canonicalize_name(one.name) for one in needed} - found
    return found


def test_a_training_that_was_judged_on_no_origin_is_shown_too(tmp_path):
    """Too little past for a backtest: no picture of it, and the card says so."""
    unjudged = replace(dossier("20211010-1a2b3c4d"), scores=outcomes.NOTHING, fan=fans.NOTHING)
    packing.write_evidence(Exhibits(unjudged), tmp_path / "run")
    found = {file.name for file in (tmp_path / "run").iterdir()}
    assert found == {"backtest.parquet", "summary.csv", "card.md", "importance.png"}
    assert "judged on no origin" in (tmp_path / "run" / "card.md").read_text()


def test_a_models_code_is_what_its_script_imports_and_no_more():
    """Models are imported by name: all of them come along; the local cloud does not."""
    names = {
        f"{file.relative_to(packing.PACKAGE)}"
        for file in packing.imported_files(packing.PACKAGE / "pyfunc.py")
    }
    assert {"__init__.py", "pyfunc.py", "champion.py", "models/boosted.py"} <= names
    assert not {"cli.py", "packing.py", "local/up.py", "views/__init__.py"} & names
