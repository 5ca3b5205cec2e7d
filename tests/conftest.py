"""What many tests need: the real files, where they are, and a local cloud to work in."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from vigil import log

settings.register_profile("vigil", deadline=None)  # a busy machine is no failure
settings.load_profile("vigil")

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
REAL = Path(os.environ.get("VIGIL_REAL_DATA", Path(__file__).parents[2] / "shared" / "data"))
JHU = {
    "confirmed": REAL / "jhu_csse" / "time_series_covid19_confirmed_global.csv.gz",
    "deaths": REAL / "jhu_csse" / "time_series_covid19_deaths_global.csv.gz",
}
FRANCE = {
    "indicators": REAL
    / "france_spf"
    / "table-indicateurs-open-data-france-2023-06-30-17h59.csv.gz",
    "screening": REAL / "france_spf" / "sp-fra-jour-2022-08-05-19h01.csv.gz",
    "departements": REAL / "france_spf" / "covid-hospit-incid-2023-03-31-18h01.csv.gz",
}
MOBILITY = {
    f"y{year}": REAL / "google_mobility_pt" / f"{year}_PT_Region_Mobility_Report.csv.gz"
    for year in (2020, 2021)
}
OWID = REAL / "owid_covid" / "owid-covid-data_2022-01-20.csv.gz"
STAYS = REAL / "los_av" / "train_sample_1000.csv.gz"
FILES = {
    "jhu_global": JHU,
    "france_deaths": FRANCE,
    "portugal_mobility": MOBILITY,
    "owid": {"owid": OWID},
    "hospital_stay": {"admissions": STAYS},
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many sequences the state machine runs."""
    parser.addoption("--runs", type=int, default=300, help="sequences of the state machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that nobody waits for them at the end.

    Tests on real files are skipped where there are none, and say so.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    if not REAL.is_dir():
        for item in items:
            if item.get_closest_marker("real"):
                item.add_marker(pytest.mark.skip(reason=f"no real files: {REAL} is not there"))


@pytest.fixture(autouse=True)
def _quiet_logs() -> None:
    log.to(None)


@pytest.fixture(autouse=True, scope="module")
def _own_code() -> Iterator[None]:
    """A model that brings its code along must not lend it to the tests after it."""
    before = [*sys.path]
    yield
    sys.path[:] = before


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Storage and BigQuery stand-ins, for the whole session."""
    from vigil.local.up import local_cloud as start

    os.environ["VIGIL_HOME"] = str(tmp_path_factory.mktemp("cloud"))
    os.environ.setdefault("VIGIL_BIGQUERY", "memory")  # on the disk it takes three times as long
    with start():
        yield


@pytest.fixture
def cloud(local_cloud: None, monkeypatch: pytest.MonkeyPatch) -> "Cloud":  # noqa: F821
    """An empty warehouse and an empty raw bucket of its own."""
    from vigil.cloud import Cloud
    from vigil.local import resources

    name = f"t{uuid4().hex[:8]}"
    monkeypatch.setenv("VIGIL_WAREHOUSE", name)
    monkeypatch.setenv("VIGIL_RAW_BUCKET", f"raw-{name}")
    monkeypatch.setenv("VIGIL_MODELS_BUCKET", f"models-{name}")
    monkeypatch.setenv("VIGIL_REPORTS_BUCKET", f"reports-{name}")
    resources.make([], restricted=False)
    return Cloud.from_env()
