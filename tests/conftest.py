"""What many tests need: the real files, where they are, and a local cloud to work in."""

import fcntl
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from sizes import LONG, SOAK
from vigil import log

settings.register_profile("vigil", deadline=None)  # a busy machine is no failure
settings.load_profile("vigil")

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
gc.set_threshold(200_000, 20, 100)  # among a million objects a look for garbage is dear
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


WORLDS = {  # fault tests whose files share a world, and one of them its school
    "school": ("training", "mirror", "time"),
    "world": ("kills", "messages", "upstream", "cloud", "injection", "harness"),
}
TOGETHER = {
    f"tests/faults/test_{name}.py": world for world, names in WORLDS.items() for name in names
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files with slow tests come first, the slowest before all, so that nobody waits for them.

    Tests on real files are skipped where there are none, and say so. Those marked `soak` are
    run by `make soak` alone.
    """
    long = {item for item in items if item.get_closest_marker("soak")}
    config.stash[LONG] = {item.path for item in long}
    items[:] = items if SOAK else [item for item in items if item not in long]
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, item.path.stem != "test_state_machine"))
    if not REAL.is_dir():
        for item in items:
            if item.get_closest_marker("real"):
                item.add_marker(pytest.mark.skip(reason=f"no real files: {REAL} is not there"))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a seventh of the time a worker waits for something."""
    return (os.process_cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> object:  # noqa: F821
    """A file's tests stay with one worker, for they share what is made once for the file."""
    from xdist.scheduler import LoadFileScheduling

    class Files(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return TOGETHER.get(file, file)

    return Files(config, log)


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


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:  # noqa: F821
    """A real Chromium, one for all pages."""
    from chromium import Browser, needed

    needed()
    one = Browser()
    yield one
    one.driver.quit()


@contextmanager
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One worker at a time: the first that makes tables translates them for the others."""
    with (tmp_path_factory.getbasetemp().parent / "alone.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def warehouse(local_cloud: None, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Made once: to make one takes seconds, and every statement longer the more there are."""
    with alone(tmp_path_factory):
        return _made(f"t{uuid4().hex[:8]}")


@pytest.fixture(scope="session")
def restricted_warehouse(warehouse: str) -> str:
    """The one of personal data beside it."""
    return _made(f"{warehouse}_restricted")


@pytest.fixture
def cloud(warehouse: str, monkeypatch: pytest.MonkeyPatch) -> "Cloud":  # noqa: F821
    """An empty warehouse, and empty buckets of its own."""
    from vigil.cloud import Cloud
    from vigil.local import resources

    monkeypatch.setenv("VIGIL_WAREHOUSE", warehouse)
    for kind in ("RAW", "MODELS", "REPORTS", "RESTRICTED"):
        monkeypatch.setenv(f"VIGIL_{kind}_BUCKET", f"{kind.lower()}-{uuid4().hex[:8]}")
    cloud = Cloud.from_env()
    settings = cloud.settings
    buckets = [settings.raw_bucket, settings.models_bucket, settings.reports_bucket]
    resources.make_buckets(cloud.lake.store.client, buckets)
    _empty(cloud)
    return cloud


@pytest.fixture
def restricted(cloud: "Cloud", restricted_warehouse: str) -> "Cloud":  # noqa: F821
    """The restricted part of it, empty, too."""
    from vigil.local import resources

    found = cloud.restricted
    assert found.settings.warehouse == restricted_warehouse
    client, bucket = found.lake.store.client, found.settings.raw_bucket
    resources.make_buckets(client, [bucket])
    resources.make_expiry(client, bucket)
    _empty(found)
    return found


def _made(name: str) -> str:
    from vigil.cloud import Cloud
    from vigil.local import resources

    resources.make_tables(Cloud.from_env().warehouse.client, name)
    return name


def _empty(cloud: "Cloud") -> None:  # noqa: F821
    """Thirty times as fast as another warehouse."""
    from vigil import tables

    emptied = [f"DELETE FROM `{name}` WHERE TRUE" for name in tables.names()]
    cloud.warehouse.rows(";\n".join(emptied))
