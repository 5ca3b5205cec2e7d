"""Settings, read once from the environment at the root; docs/settings.md lists them all."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vigil.errors import Misconfigured

PAGE = "docs/settings.md"


@dataclass(frozen=True)
class Settings:
    """Where the cloud is: Google's, or the stand-ins on this machine."""

    project: str
    warehouse: str  # the BigQuery dataset
    raw_bucket: str
    models_bucket: str
    reports_bucket: str
    restricted_warehouse: str  # of personal data
    restricted_bucket: str
    hash_key: bytes | None  # the secret that people are hashed with
    bigquery_api: str | None  # a stand-in's address; None is Google's own
    bigquery_storage_api: str | None
    home: Path
    mlflow: str | None  # where MLflow answers; without it nothing is registered
    revision: str  # of the code, as git names it
    mirror: str | None  # a folder or URL that holds <dataset>/<source>.csv for every source
    views: str = "vigil_views"  # the BigQuery dataset that people query
    looker_host: str = "lookerstudio.google.com"
    looker_template: str | None = None  # a report that the link copies
    region: str = "europe-west1"  # where Cloud Scheduler's jobs are
    step_seconds: float = 480.0  # an HTTP push waits 600 s: stop well before the platform does

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read the environment; a missing setting names itself and its page in the docs."""
        project = env.get("VIGIL_PROJECT")
        if not project:
            raise Misconfigured(f"VIGIL_PROJECT is not set: see {PAGE}")
        return cls(
            project=project,
            warehouse=env.get("VIGIL_WAREHOUSE", "vigil"),
            raw_bucket=env.get("VIGIL_RAW_BUCKET", f"{project}-vigil-raw"),
            models_bucket=env.get("VIGIL_MODELS_BUCKET", f"{project}-vigil-models"),
            reports_bucket=env.get("VIGIL_REPORTS_BUCKET", f"{project}-vigil-reports"),
            restricted_warehouse=env.get(
                "VIGIL_RESTRICTED_WAREHOUSE", f"{env.get('VIGIL_WAREHOUSE', 'vigil')}_restricted"
            ),
            restricted_bucket=env.get("VIGIL_RESTRICTED_BUCKET", f"{project}-vigil-restricted"),
            hash_key=env["VIGIL_HASH_KEY"].encode() if env.get("VIGIL_HASH_KEY") else None,
            bigquery_api=env.get("BIGQUERY_EMULATOR_HOST"),
            bigquery_storage_api=env.get("VIGIL_BIGQUERY_STORAGE_HOST"),
            home=home(env),
            mlflow=env.get("MLFLOW_TRACKING_URI") or None,
            revision=env.get("VIGIL_REVISION", "unknown"),
            mirror=whole(env.get("VIGIL_MIRROR")),
            views=env.get("VIGIL_VIEWS", f"{env.get('VIGIL_WAREHOUSE', 'vigil')}_views"),
            looker_host=env.get("VIGIL_LOOKER_HOST", cls.looker_host),
            looker_template=env.get("VIGIL_LOOKER_TEMPLATE") or None,
            region=env.get("VIGIL_REGION", cls.region),
            step_seconds=float(env.get("VIGIL_STEP_SECONDS", cls.step_seconds)),
        )


def whole(mirror: str | None) -> str | None:
    """A folder as a whole path, so that it is the same from everywhere; an address as it is."""
    return str(Path(mirror).resolve()) if mirror and "://" not in mirror else mirror


def home(env: Mapping[str, str] = os.environ) -> Path:
    """The folder of the local cloud's state."""
    return Path(env.get("VIGIL_HOME", ".vigil")).resolve()
