"""Layers: what a process loads when it starts, asked of real processes."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"mlflow", "sklearn", "statsforecast", "lightgbm", "scipy", "torch"}
HELP = """
import sys
from pathlib import Path
sys.argv = ["vigil", *{arguments}]
from vigil.cli import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
print(*sys.modules, sep="\\n")
"""


def loaded(code: str) -> set[str]:
    """The modules that a fresh Python has loaded after that code."""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(said.stdout.split())


def test_ingest_loads_no_model_library():
    """The function ingest starts without MLflow, boosting or scikit-learn."""
    modules = loaded("import sys, vigil.steps.ingest; print(*sys.modules)")
    assert "vigil.steps.ingest" in modules
    assert HEAVY.isdisjoint(modules)


def test_predict_loads_what_serves_and_no_more():
    """LightGBM, which takes what it finds installed; neither MLflow nor what only trains."""
    modules = loaded("import sys, vigil.steps.predict; print(*sys.modules)")
    assert "lightgbm" in modules
    assert {"mlflow", "statsforecast", "torch"}.isdisjoint(modules)


def test_the_table_of_models_loads_no_model_library():
    """What a model needs is loaded when it is fitted."""
    modules = loaded("import sys, vigil.models.table; print(*sys.modules)")
    assert "vigil.models.rules" in modules
    assert {*HEAVY, "vigil.models.boosted"}.isdisjoint(modules)


@pytest.mark.parametrize("arguments", [["--help"], ["ingest", "--help"], ["datasets", "--json"]])
def test_help_and_the_list_of_datasets_do_not_wait_for_googles_clients(arguments):
    """They answer without a cloud, so they load none."""
    modules = loaded(HELP.format(arguments=arguments))
    assert "vigil.cli" in modules
    assert not {name for name in modules if name.startswith(("google.cloud.", "grpc", "mlflow"))}


@pytest.mark.parametrize("module", ["datasets", "messages", "panel", "layouts", "quality", "paths"])
def test_the_domain_knows_no_cloud(module):
    """Bytes become observations and forecasts without a client of anything."""
    modules = loaded(f"import sys, vigil.{module}; print(*sys.modules)")
    clients = ("google.cloud.", "grpc", "requests", "vigil.cloud", "vigil.lake", "vigil.warehouse")
    assert not {name for name in modules if name.startswith(clients)}


@pytest.mark.parametrize("function", ["ingest", "predict"])
def test_a_functions_lock_is_light_hashed_and_names_no_address(function):
    """What the image gets: pinned, checked, from whatever mirror, and nothing that models need."""
    lock = (Path(__file__).parents[2] / "functions" / function / "requirements.txt").read_text()
    pins = {line.partition("==")[0] for line in lock.splitlines() if "==" in line[:60]}
    assert "functions-framework" in pins
    assert {"pandas", "mlflow", "scikit-learn", "lightgbm", "typer", "duckdb"}.isdisjoint(pins)
    assert "--hash=sha256:" in lock
    assert "://" not in lock
