"""Settings: what the environment says, and what follows when it says nothing."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from vigil.cloud import Cloud
from vigil.deadline import Deadline
from vigil.errors import Misconfigured
from vigil.settings import Settings, home


@pytest.mark.parametrize("env", [{}, {"VIGIL_PROJECT": ""}])
def test_a_missing_project_names_itself_and_its_page(env):
    """The one setting that has no default."""
    with pytest.raises(Misconfigured, match=r"^VIGIL_PROJECT is not set: see docs/settings\.md$"):
        Settings.from_env(env)


def test_a_project_is_enough():
    """Google's own services, the dataset `vigil`, buckets named after the project, no key."""
    assert Settings.from_env({"VIGIL_PROJECT": "p"}) == Settings(
        project="p",
        warehouse="vigil",
        raw_bucket="p-vigil-raw",
        models_bucket="p-vigil-models",
        reports_bucket="p-vigil-reports",
        restricted_warehouse="vigil_restricted",
        restricted_bucket="p-vigil-restricted",
        hash_key=None,
        bigquery_api=None,
        bigquery_storage_api=None,
        home=Path.cwd() / ".vigil",
        mlflow=None,
        revision="unknown",
        mirror=None,
    )


def test_every_setting_is_read_from_its_own_variable(tmp_path):
    """Each variable, each field."""
    env = {
        "VIGIL_PROJECT": "p",
        "VIGIL_WAREHOUSE": "w",
        "VIGIL_RAW_BUCKET": "b",
        "VIGIL_MODELS_BUCKET": "mb",
        "VIGIL_REPORTS_BUCKET": "pb",
        "VIGIL_VIEWS": "people",
        "VIGIL_LOOKER_HOST": "looker.example",
        "VIGIL_LOOKER_TEMPLATE": "t",
        "VIGIL_REGION": "r",
        "VIGIL_STEP_SECONDS": "7",
        "VIGIL_RESTRICTED_WAREHOUSE": "rw",
        "VIGIL_RESTRICTED_BUCKET": "rb",
        "VIGIL_HASH_KEY": "a secret",
        "BIGQUERY_EMULATOR_HOST": "http://localhost:1",
        "VIGIL_BIGQUERY_STORAGE_HOST": "localhost:2",
        "VIGIL_HOME": str(tmp_path),
        "MLFLOW_TRACKING_URI": "http://localhost:3",
        "VIGIL_REVISION": "abc123",
        "VIGIL_MIRROR": "https://example.org",
    }
    assert Settings.from_env(env) == Settings(
        project="p",
        warehouse="w",
        raw_bucket="b",
        models_bucket="mb",
        reports_bucket="pb",
        restricted_warehouse="rw",
        restricted_bucket="rb",
        hash_key=b"a secret",
        bigquery_api="http://localhost:1",
        bigquery_storage_api="localhost:2",
        home=tmp_path,
        mlflow="http://localhost:3",
        revision="abc123",
        mirror="https://example.org",
        views="people",
        looker_host="looker.example",
        looker_template="t",
        region="r",
        step_seconds=7.0,
    )


def test_the_restricted_warehouse_is_named_after_the_other():
    """One setting moves both."""
    env = {"VIGIL_PROJECT": "p", "VIGIL_WAREHOUSE": "trial"}
    assert Settings.from_env(env).restricted_warehouse == "trial_restricted"


def test_an_empty_key_is_no_key():
    """Everybody could make the same hashes."""
    assert Settings.from_env({"VIGIL_PROJECT": "p", "VIGIL_HASH_KEY": ""}).hash_key is None


def test_personal_data_go_to_the_restricted_bucket_and_warehouse():
    """All other datasets, and names that are none, stay where they were."""
    settings = Settings.from_env({"VIGIL_PROJECT": "p"})
    cloud = Cloud(settings, Deadline(60))
    restricted = cloud.of("hospital_stay")
    assert restricted.settings.raw_bucket == "p-vigil-restricted"
    assert restricted.settings.warehouse == "vigil_restricted"
    assert restricted.deadline is cloud.deadline
    assert cloud.of("jhu_global") is cloud
    assert cloud.of("no_such_dataset") is cloud


def test_the_home_is_a_whole_path(tmp_path, monkeypatch):
    """A command may change its folder later."""
    monkeypatch.chdir(tmp_path)
    assert home({"VIGIL_HOME": "state"}) == tmp_path / "state"


def test_settings_cannot_be_changed():
    """Read once, at the root."""
    with pytest.raises(FrozenInstanceError):
        Settings.from_env({"VIGIL_PROJECT": "p"}).project = "q"
