"""Settings: what the environment says, and what follows when it says nothing."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from vigil.errors import Misconfigured
from vigil.settings import Settings, home


@pytest.mark.parametrize("env", [{}, {"VIGIL_PROJECT": ""}])
def test_a_missing_project_names_itself_and_its_page(env):
    """The one setting that has no default."""
    with pytest.raises(Misconfigured, match=r"^VIGIL_PROJECT is not set: see docs/settings\.md$"):
        Settings.from_env(env)


def test_a_project_is_enough():
    """Google's own services, the dataset `vigil`, a bucket named after the project."""
    assert Settings.from_env({"VIGIL_PROJECT": "p"}) == Settings(
        project="p",
        warehouse="vigil",
        raw_bucket="p-vigil-raw",
        bigquery_api=None,
        bigquery_storage_api=None,
        home=Path.cwd() / ".vigil",
        mirror=None,
    )


def test_every_setting_is_read_from_its_own_variable(tmp_path):
    """Seven variables, seven fields."""
    env = {
        "VIGIL_PROJECT": "p",
        "VIGIL_WAREHOUSE": "w",
        "VIGIL_RAW_BUCKET": "b",
        "BIGQUERY_EMULATOR_HOST": "http://localhost:1",
        "VIGIL_BIGQUERY_STORAGE_HOST": "localhost:2",
        "VIGIL_HOME": str(tmp_path),
        "VIGIL_MIRROR": "https://example.org",
    }
    expected = Settings(
        "p", "w", "b", "http://localhost:1", "localhost:2", tmp_path, "https://example.org"
    )
    assert Settings.from_env(env) == expected


def test_the_home_is_a_whole_path(tmp_path, monkeypatch):
    """A command may change its folder later."""
    monkeypatch.chdir(tmp_path)
    assert home({"VIGIL_HOME": "state"}) == tmp_path / "state"


def test_settings_cannot_be_changed():
    """Read once, at the root."""
    with pytest.raises(FrozenInstanceError):
        Settings.from_env({"VIGIL_PROJECT": "p"}).project = "q"
