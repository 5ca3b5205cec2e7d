"""MLflow's client: silent, quick to give up, and clear about why.

MLflow reads all of this from the environment of the process, some of it while it is imported,
and takes none of it by argument: it holds for every thread and every server of the process.
"""

import logging
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import google.auth.transport.requests
import requests
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.oauth2 import id_token

from vigil.errors import Misconfigured, Transient

SETTINGS = {
    # Two tries of 15 s: a server that starts from nothing answers the second one.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
for _name, _value in SETTINGS.items():
    os.environ.setdefault(_name, _value)
TOKEN = "MLFLOW_TRACKING_TOKEN"  # noqa: S105  the name of a variable

# Everybody takes MLflow from here: its settings are made before it is imported.
from mlflow import MlflowClient, pyfunc  # noqa: E402
from mlflow.artifacts import download_artifacts  # noqa: E402
from mlflow.data.code_dataset_source import CodeDatasetSource  # noqa: E402
from mlflow.data.meta_dataset import MetaDataset  # noqa: E402
from mlflow.entities import (  # noqa: E402
    DatasetInput,
    InputTag,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
)
from mlflow.entities.model_registry import ModelVersion  # noqa: E402
from mlflow.exceptions import MlflowException, RestException  # noqa: E402
from mlflow.models import Model, ModelSignature  # noqa: E402
from mlflow.tracking.request_header.databricks_request_header_provider import (  # noqa: E402
    DatabricksRequestHeaderProvider,
)
from mlflow.types import ColSpec, DataType, Schema  # noqa: E402
from mlflow.types.schema import AnyType  # noqa: E402

__all__ = [
    "TOKEN", "AnyType", "CodeDatasetSource", "ColSpec", "DataType", "DatasetInput",
    "Forbidden", "InputTag", "LoggedModelOutput", "LoggedModelStatus", "MetaDataset",
    "Metric", "MlflowClient", "Model", "ModelSignature", "ModelVersion", "Param", "Schema",
    "Unreachable", "download_artifacts", "forgiven", "identity", "patiently", "pyfunc", "trouble",
]  # fmt: skip

DENIED = (401, 403)
PAUSES = (0.1, 0.3, 0.9, 2.7)  # seconds at most
REMEDY = (
    "Let the service account that trains invoke it (roles/run.invoker on the service); "
    "docs/registry.md says how"
)
# At every request it would look through all of sys.path for what is there at Databricks alone:
# a third of an upload's time.
DatabricksRequestHeaderProvider.in_context = lambda _: False
logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # what matters is raised


class Unreachable(Transient):
    """MLflow is down, slow, or says no; the next training writes what is missing there."""


class Forbidden(Misconfigured):
    """MLflow does not know who asks, or does not let them."""


def identity(uri: str) -> str | None:
    """Who asks: a token for that address from Google, and for it alone; None without TLS."""
    if urlsplit(uri).scheme != "https":
        return None
    try:
        request = google.auth.transport.requests.Request()
        return str(id_token.fetch_id_token(request, uri))
    except DefaultCredentialsError as reason:
        raise Forbidden(
            f"MLflow at {uri}: no identity to ask with ({reason}). {REMEDY}"
        ) from reason
    except GoogleAuthError as reason:
        raise Unreachable(f"MLflow at {uri}: no token to be had ({_short(reason)})") from reason


@contextmanager
def trouble(uri: str) -> Iterator[None]:
    """What MLflow's client raises, as errors that say what to do."""
    try:
        yield
    except Unreachable:
        raise
    except Transient as reason:  # no time left
        raise Unreachable(f"MLflow at {uri}: {reason}") from reason
    except (MlflowException, requests.RequestException) as reason:
        if refused(reason):
            raise Forbidden(f"MLflow at {uri} refuses us: {_short(reason)}. {REMEDY}") from reason
        raise Unreachable(f"MLflow at {uri}: {_short(reason)}") from reason


def refused(error: Exception) -> bool:
    """Whether that is a 401 or 403, of MLflow or of what stands before it."""
    found = [getattr(getattr(error, "response", None), "status_code", None)]
    if isinstance(error, RestException):  # Google's own form has no code that MLflow would know
        inner = error.json.get("error")
        found.append(inner.get("code") if isinstance(inner, dict) else error.json.get("code"))
    if isinstance(error, MlflowException):
        found.append(error.get_http_status_code())
    return any(code in DENIED for code in found)


@contextmanager
def forgiven(code: str) -> Iterator[None]:
    """That a twin was faster is no trouble."""
    try:
        yield
    except MlflowException as reason:
        if reason.error_code != code:
            raise


def patiently(code: str, work: Callable[[], object]) -> None:
    """Do it, and again after a while if twins were in the way: the whiles differ."""
    for longest in PAUSES:
        try:
            work()
        except MlflowException as reason:
            if reason.error_code != code:
                raise
            time.sleep(random.uniform(longest / 2, longest))  # noqa: S311  no secret
        else:
            return
    work()


def _short(reason: Exception) -> str:
    return str(reason).splitlines()[0][:300] if str(reason) else type(reason).__name__
