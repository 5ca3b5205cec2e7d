"""Layers: what a process loads when it starts, asked of real processes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
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
    """Neither MLflow nor what only trains: LightGBM's library is found without its package."""
    modules = loaded("import sys, vigil.steps.predict; print(*sys.modules)")
    assert "vigil.models.boosters" in modules
    assert {*HEAVY, "vigil.registry"}.isdisjoint(modules)


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


ONE_MACHINE = {"mlflow", "typer", "duckdb", "scikit-learn", "statsforecast", "pytest"}
PEOPLE = {
    "pandas",
    "matplotlib",
    "mlflow-skinny",
}  # what trains shows people; cold starts pay for it
MODELS = {"lightgbm", "holidays"}
PINS = {  # function -> what it needs of that, and what its image must not hold
    "ingest": (set(), ONE_MACHINE | PEOPLE | MODELS),
    "predict": (MODELS, ONE_MACHINE | PEOPLE),
    "train": (MODELS | PEOPLE, ONE_MACHINE),
}


def pins(lock: str) -> dict[str, str]:
    """Package -> version."""
    lines = [line.split() for line in (ROOT / lock).read_text().splitlines() if "==" in line[:60]]
    return dict(line[0].split("==") for line in lines)


@pytest.mark.parametrize("function", PINS)
def test_a_functions_lock_holds_what_it_needs_and_no_more(function):
    """Each image by itself: what another function needs would slow its start."""
    needed, absent = PINS[function]
    found = pins(f"functions/{function}/requirements.txt")
    assert {"functions-framework", *needed} <= found.keys()
    assert absent.isdisjoint(found)


@pytest.mark.parametrize("function", PINS)
def test_a_functions_lock_is_hashed_and_names_no_address(function):
    """Pinned, checked, from whatever mirror."""
    lock = (ROOT / "functions" / function / "requirements.txt").read_text()
    assert lock.count("--hash=sha256:") >= len(pins(f"functions/{function}/requirements.txt"))
    assert "://" not in lock


@pytest.mark.parametrize("function", PINS)
def test_a_function_runs_with_the_versions_that_the_tests_ran_with(function):
    """MLflow's client is that of the server, too."""
    tested = pins("requirements/dev.txt")
    own = pins(f"functions/{function}/requirements.txt")
    assert own.items() <= tested.items()
    assert tested["mlflow-skinny"] == tested["mlflow"]
