"""MLflow's client: who asks, and what its errors become."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from mlflow.exceptions import MlflowException, RestException

from vigil import tracking
from vigil.errors import Misconfigured, Transient


def test_no_identity_leaves_without_tls(monkeypatch):
    """A token on http would be anybody's; the local server asks for none."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")
    assert tracking.identity("http://127.0.0.1:5000") is None


class Metadata(BaseHTTPRequestHandler):
    """Google's metadata server, as far as it hands out identities: claims that nobody signed."""

    def do_GET(self) -> None:
        """Who one is, or a token for the address that is asked for."""
        audience = parse_qs(urlsplit(self.path).query).get("audience")
        claims = [{"alg": "none"}, {"aud": audience, "exp": time.time() + 3600}]
        parts = [urlsafe_b64encode(json.dumps(one).encode()).decode() for one in claims]
        who = json.dumps({"email": "train@example.org"})
        self.send_response(200)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", "text/plain" if audience else "application/json")
        self.end_headers()
        self.wfile.write((".".join([*parts, "c2ln"]) if audience else who).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_an_identity_is_for_the_address_that_is_asked_and_for_no_other():
    """Another service that is shown the token cannot use it here."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Metadata)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    own = ("GCE_METADATA_HOST", "GCE_METADATA_IP", "GCE_METADATA_ROOT")
    env = {**os.environ, **dict.fromkeys(own, f"127.0.0.1:{server.server_port}")}
    env.pop("GOOGLE_APPLICATION_CREDENTIALS", None)
    code = "from vigil import tracking; print(tracking.identity('https://mlflow.example.org'))"
    token = subprocess.check_output([sys.executable, "-c", code], env=env, text=True)
    claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["aud"] == ["https://mlflow.example.org"]


def test_a_missing_identity_names_its_remedy(monkeypatch):
    """A person has to act: waiting helps nobody."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")
    with pytest.raises(tracking.Forbidden, match=r"docs/registry\.md"):
        tracking.identity("https://mlflow.example.org")


def test_errors_have_the_two_fates():
    """Trouble passes; a refusal needs a person."""
    assert issubclass(tracking.Unreachable, Transient)
    assert issubclass(tracking.Forbidden, Misconfigured)


def response(status: int) -> requests.HTTPError:
    """An error of an upload."""
    answer = requests.Response()
    answer.status_code = status
    return requests.HTTPError(response=answer)


REFUSED = [
    RestException({"error_code": "PERMISSION_DENIED", "message": "no"}),
    RestException({"error": {"code": 403, "message": "Google's own form"}}),
    response(401),
    response(403),
]


@pytest.mark.parametrize("error", REFUSED, ids=str)
def test_a_refusal_is_told_in_every_form(error):
    """Of MLflow, of the gate before it, of an upload."""
    with pytest.raises(tracking.Forbidden), tracking.trouble("https://mlflow.example.org"):
        raise error


@pytest.mark.parametrize("error", [response(503), MlflowException("timeout"), Transient("late")])
def test_all_other_trouble_passes(error):
    """The next training writes what is missing."""
    with pytest.raises(tracking.Unreachable), tracking.trouble("https://mlflow.example.org"):
        raise error


@pytest.mark.parametrize(("code", "tries"), [("BAD_REQUEST", 5), ("RESOURCE_DOES_NOT_EXIST", 1)])
def test_what_twins_were_in_the_way_of_is_done_again(monkeypatch, code, tries):
    """That error a few times, in the end it is raised; any other at once."""
    monkeypatch.setattr(tracking, "PAUSES", (0.0,) * 4)
    done = []

    def trips() -> None:
        done.append(1)
        raise RestException({"error_code": "BAD_REQUEST", "message": "UNIQUE constraint failed"})

    with pytest.raises(MlflowException):
        tracking.patiently(code, trips)
    assert len(done) == tries


def test_an_error_of_our_own_is_not_hidden():
    """A bug is no trouble with MLflow."""
    with pytest.raises(KeyError), tracking.trouble("https://mlflow.example.org"):
        raise KeyError("a bug")


def test_settings_hold_unless_somebody_chose_others():
    """Quiet and quick by default, before MLflow is imported."""
    shown = "print(*map(os.environ.get, tracking.SETTINGS))"
    code = f"import os, vigil.registry; from vigil import tracking; {shown}"
    own = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "7"}
    clean = {n: v for n, v in os.environ.items() if n not in tracking.SETTINGS}
    said = subprocess.check_output([sys.executable, "-c", code], env={**clean, **own}, text=True)
    assert said.split() == list({**tracking.SETTINGS, **own}.values())


def test_mlflow_is_taken_from_the_one_place_that_makes_its_settings():
    """The script that travels with a model is loaded by MLflow itself."""
    said = {file.name: file.read_text() for file in Path(tracking.__file__).parent.glob("*.py")}
    found = {
        name
        for name, text in said.items()
        if re.search(r"^(from|import) mlflow", text, re.MULTILINE)
    }
    assert found == {"tracking.py", "pyfunc.py"}
