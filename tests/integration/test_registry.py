"""The registry against MLflow's own server: one version a training, whatever happens."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from itertools import count
from pathlib import Path

import admitted
import mlflow
import mlflow_server
import pandas as pd
import pytest
from mlflow_server import Server
from training import KNOWN, dossier

from faults.proxy import Handler, Proxy, answer
from vigil import champion, exhibits, packing
from vigil.classify.frame import frame
from vigil.deadline import Deadline
from vigil.exhibits import Exhibits
from vigil.registry import Registry
from vigil.tracking import Forbidden, MlflowClient, Unreachable

LOADS = Path(__file__).with_name("loads_a_model.py")
PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(1, 6))
NUMBERS = count(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps its files."""
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture(scope="module")
def servers(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Two that start at once on a database that nobody has made."""
    fresh = ("--kept", str(tmp_path_factory.mktemp("kept")))  # no database lies there yet
    start = partial(mlflow_server.started, folder, *fresh)
    with start() as one, start() as other:
        yield [one, other]


@pytest.fixture(scope="module")
def server(servers: list[Server]) -> Iterator[Server]:
    """One for all tests; each has a dataset of its own."""
    servers[0].wait()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", servers[0].uri)
        yield servers[0]


@pytest.fixture(scope="module", autouse=True)
def pictures() -> Iterator[None]:
    """Drawn once: those of all forecasts here are the same."""
    figures = packing.FIGURES["forecast"]
    kept = cache(lambda: figures(dossier(), Exhibits(dossier()).judged.rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(packing.FIGURES, "forecast", lambda *_: kept())
        patch.setattr(packing, "png", cache(packing.png))
        yield


@pytest.fixture
def name() -> str:
    """A dataset's name that no other test has."""
    return f"epidemic{next(NUMBERS)}"


def at(uri: str, token: str | None = None) -> Registry:
    """A registry, as a training has it."""
    return Registry(uri, Deadline(480), lambda: token)


def trained(name: str, version: str = "20211010-1a2b3c4d"):
    """The dossier of a training of that dataset."""
    return replace(dossier(version), dataset=name)


def observations() -> pd.DataFrame:
    """What is known, as anybody would have it: counts, days as text."""
    parts = []
    for key, grid in KNOWN.items():
        wide = pd.DataFrame(grid.values.astype(int), grid.dates.astype(str), grid.series)
        rows = wide.rename_axis("date").reset_index().melt("date", var_name="series")
        parts.append(rows.assign(source=key.source, target=key.target))
    return pd.concat(parts, ignore_index=True)


def runs(uri: str, name: str):
    """All runs of a dataset's experiment."""
    client = MlflowClient(uri, uri)
    return client.search_runs([client.get_experiment_by_name(f"vigil-{name}").experiment_id])


def test_a_training_becomes_a_run_and_a_version_with_all_there_is_to_see(server, name):
    """Parameters, metrics, tags, data, plots, the backtest, a card, signature and example."""
    at(server.uri).publish(trained(name))
    client = MlflowClient(server.uri, server.uri)
    [run] = runs(server.uri, name)
    assert run.info.status == "FINISHED"
    assert run.data.params["grain"] == "week"
    assert {"deaths.relative_wis", "cases.wis.w01"} <= run.data.metrics.keys()
    assert run.data.tags["mlflow.source.git.commit"] == "63ab632"
    assert run.inputs.dataset_inputs[0].dataset.digest == "d" * exhibits.DIGEST
    files = {each.path for each in client.list_artifacts(run.info.run_id)}
    pictures = {"fan.png", "wis_by_horizon.png", "pit.png", "importance.png"}
    assert files == {*pictures, "backtest.parquet", "summary.csv", "card.md"}
    version = client.get_model_version(f"vigil-{name}", "1")
    assert version.run_id == run.info.run_id
    assert version.description == run.data.tags["mlflow.note.content"]
    assert version.tags["vigil.decision"] == "refresh promoted"
    assert "@champion" in client.get_registered_model(f"vigil-{name}").description
    about = mlflow.models.get_model_info(f"models:/vigil-{name}/1")
    assert about.signature.inputs.input_names() == ["source", "target", "series", "date", "value"]
    assert about.saved_input_example_info is not None


def test_publishing_again_changes_nothing(server, name):
    """A redelivery, a retry, or the next training that heals: asked again, done already."""
    for _ in range(3):
        at(server.uri).publish(trained(name))
    assert at(server.uri).published(name) == {"20211010-1a2b3c4d": "1"}
    assert len(runs(server.uri, name)) == 1


@pytest.mark.soak
def test_twins_that_race_leave_one_version_of_each_training(server, name):
    """Four at once, two of each of two trainings: MLflow has no compare-and-swap."""
    versions = ["20211010-aaaaaaaa", "20211017-bbbbbbbb"]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: at(server.uri).publish(trained(name, one)), versions * 2))
    client = MlflowClient(server.uri, server.uri)
    found = client.search_model_versions(f"name = 'vigil-{name}'")
    assert sorted(each.tags["vigil.version"] for each in found) == versions
    kept = {
        run.info.run_id for run in runs(server.uri, name) if "vigil.orphan" not in run.data.tags
    }
    assert kept == {each.run_id for each in found}


def test_twins_that_both_registered_become_one_and_the_first_stays(server, name):
    """What a race may leave for a moment; an orphan's tag that a twin set wrongly is taken away."""
    at(server.uri).publish(trained(name))
    client = MlflowClient(server.uri, server.uri)
    first = client.get_model_version(f"vigil-{name}", "1")
    model = first.source.rpartition("/")[2]
    client.create_model_version(first.name, first.source, tags=first.tags, model_id=model)
    client.set_tag(first.run_id, "vigil.orphan", "true")
    assert at(server.uri).published(name) == {"20211010-1a2b3c4d": "1"}
    at(server.uri).publish(trained(name))
    assert [one.version for one in client.search_model_versions(f"name = 'vigil-{name}'")] == ["1"]
    assert "vigil.orphan" not in runs(server.uri, name)[0].data.tags


def test_row_11_a_run_whose_process_died_is_tagged_an_orphan(server, name):
    """It began, and never ended; the next attempt makes a whole one."""
    client = MlflowClient(server.uri, server.uri)
    experiment = client.create_experiment(f"vigil-{name}")
    dead = client.create_run(experiment, tags={"vigil.version": "20211010-1a2b3c4d"}).info.run_id
    at(server.uri).publish(trained(name))
    orphans = {run.info.run_id for run in runs(server.uri, name) if "vigil.orphan" in run.data.tags}
    assert orphans == {dead}
    assert at(server.uri).published(name) == {"20211010-1a2b3c4d": "1"}


def test_an_experiment_that_somebody_deleted_is_taken_back(server, name):
    """A click in the UI must not stop the mirror for good."""
    client = MlflowClient(server.uri, server.uri)
    client.delete_experiment(client.create_experiment(f"vigil-{name}"))
    at(server.uri).publish(trained(name))
    assert client.get_experiment_by_name(f"vigil-{name}").lifecycle_stage == "active"


def test_row_12_aliases_follow_what_was_committed(server, name):
    """Set, moved, and taken away: an alias names the version that serves, or nothing."""
    registry = at(server.uri)
    for version in ("20211010-aaaaaaaa", "20211017-bbbbbbbb"):
        registry.publish(trained(name, version))
    client = MlflowClient(server.uri, server.uri)

    def aliases(champion, challenger=None):
        registry.alias(name, champion, challenger)
        return client.get_registered_model(f"vigil-{name}").aliases

    first = aliases("20211010-aaaaaaaa", "20211017-bbbbbbbb")
    assert first == {"champion": "1", "challenger": "2"}
    assert aliases("20211017-bbbbbbbb") == {"champion": "2"}
    assert aliases("20300101-notthere") == {}


def test_aliases_of_a_dataset_without_versions_are_no_trouble(server, name):
    """The baseline serves, and nothing was ever published."""
    at(server.uri).alias(name, None, None)
    assert at(server.uri).published(name) == {}


def loads(uri: str, model: str, rows: Path) -> dict:
    """Load and predict in a fresh process in which no pickle can be read."""
    command = [sys.executable, str(LOADS), model, str(rows)]
    env = {"MLFLOW_TRACKING_URI": uri, "PATH": "/usr/bin", "HOME": str(rows.parent)}
    said = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert said.returncode == 0, said.stderr[-3000:]
    return json.loads(said.stdout.splitlines()[-1])


def test_anybody_can_load_the_champion_and_predict_without_a_pickle(server, name, tmp_path):
    """From a CSV, in a process that has MLflow alone: the code travels with the model."""
    registry = at(server.uri)
    registry.publish(trained(name))
    registry.alias(name, "20211010-1a2b3c4d", None)
    observations().to_csv(tmp_path / "observations.csv", index=False)
    said = loads(server.uri, f"models:/vigil-{name}@champion", tmp_path / "observations.csv")
    parts = champion.load(trained(name).bundle).forecast(KNOWN)
    assert said["rows"] == sum(part.served.num_rows for part in parts)
    assert said["first"]["q500"] == pytest.approx(parts[0].served["q500"][0].as_py())
    assert {"source", "target", "series", "period", "horizon", "q010", "mean"} <= {*said["columns"]}
    assert "/code/vigil/" in said["package"]


@pytest.mark.soak
def test_a_classifier_is_shown_and_loaded_in_the_same_way(server, name, tmp_path):
    """The same experiment, run, version and alias; asked with a hospital's file, no pickle."""
    told, registry = replace(admitted.dossier(), dataset=name), at(server.uri)
    registry.publish(told)
    registry.alias(name, told.version, None)
    client = MlflowClient(server.uri, server.uri)
    [run] = runs(server.uri, name)
    assert {"auc", "base_rate.brier", "grouped.logistic.auc", "Age.other.n"} <= {*run.data.metrics}
    files = {each.path for each in client.list_artifacts(run.info.run_id)}
    assert {"roc.png", "reliability.png", "assessments.csv", "card.md"} <= files
    version = client.get_model_version_by_alias(f"vigil-{name}", "champion")
    assert version.tags["vigil.skill"] == run.data.tags["vigil.skill"]
    admitted.file().to_csv(tmp_path / "admissions.csv", index=False)
    said = loads(server.uri, f"models:/vigil-{name}@champion", tmp_path / "admissions.csv")
    asked = frame(admitted.TOLD, admitted.records())
    own = champion.load(told.bundle).scored(asked, asked).probability
    assert said["rows"] == len(own)
    assert said["first"]["probability"] == pytest.approx(own[0])


def test_no_artifact_is_a_pickle(server, name, folder):
    """By name and by first bytes, of everything that the server keeps."""
    at(server.uri).publish(trained(name))
    files = [each for each in (folder / "artifacts").rglob("*") if each.is_file()]
    assert len(files) > 50
    assert not [each for each in files if each.suffix in {".pkl", ".pickle", ".joblib"}]
    assert not [each for each in files if each.read_bytes()[:2] in PICKLES]


@pytest.mark.soak
def test_a_flipped_bit_in_the_model_is_found_before_it_is_loaded(server, name, folder):
    """The bundle is checked against the digest that was written down with it."""
    at(server.uri).publish(trained(name))
    version = MlflowClient(server.uri, server.uri).get_model_version(f"vigil-{name}", "1")
    model = version.source.rpartition("/")[2]
    [file] = (folder / "artifacts").rglob(f"{model}/**/bundle/00-line.json")
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    file.write_bytes(body)
    with pytest.raises(Exception, match="expected the files that the manifest lists"):
        mlflow.pyfunc.load_model(f"models:/vigil-{name}/1")


def test_row_30_a_server_that_refuses_fails_at_once_and_is_not_asked_again():
    """Nobody listens: a warning within seconds, and none of the later calls waits."""
    registry = at("http://127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(Unreachable, match=r"MLflow at http://127\.0\.0\.1:9"):
        registry.publish(trained("lost"))
    assert time.monotonic() - started < 5
    started = time.monotonic()
    with pytest.raises(Unreachable):
        registry.alias("lost", None, None)
    assert time.monotonic() - started < 0.1


@pytest.mark.soak
@pytest.mark.slow
def test_row_30_a_black_hole_fails_in_less_than_40_seconds(server, name, monkeypatch):
    """The server is stopped, its socket still takes connections: nobody will ever answer."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "15")
    server.signal(signal.SIGSTOP)
    try:
        registry, started = at(server.uri), time.monotonic()
        with pytest.raises(Unreachable):
            registry.publish(trained(name))
        assert time.monotonic() - started < 40
        with pytest.raises(Unreachable):
            registry.published(name)
        assert time.monotonic() - started < 40
    finally:
        server.signal(signal.SIGCONT)
    at(server.uri).publish(trained(name))
    assert list(at(server.uri).published(name)) == ["20211010-1a2b3c4d"]


@pytest.mark.soak
def test_row_30_silence_in_the_middle_of_the_uploads_costs_one_wait_not_one_a_file(
    server, name, monkeypatch
):
    """A hundred files wait for nobody once the first has failed."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    proxy = Proxy(server.uri)
    proxy.rule("PUT", "artifacts", silent(4), times=1000)
    started = time.monotonic()
    with pytest.raises(Unreachable):
        at(proxy.url).publish(trained(name))
    assert time.monotonic() - started < 20


def silent(seconds: float):
    """Nothing is said for so long, and nothing is done."""

    def act(_forward):
        time.sleep(seconds)

    return act


def guarded(uri: str, good: str, status: int = 401) -> Proxy:
    """What stands before MLflow in the cloud: who has another token than *good* is refused."""

    class Guard(Handler):
        def _any(self) -> None:
            if self.headers.get("Authorization") == f"Bearer {good}":
                return super()._any()
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response_only(status)
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"<html>")
            return None

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815

    proxy = Proxy(uri)
    proxy.RequestHandlerClass = Guard
    return proxy


@pytest.mark.parametrize("status", [401, 403])
def test_row_31_an_expired_token_is_refreshed_once(server, name, monkeypatch, status):
    """The second token is good: nobody hears of the first."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "of before")
    tokens = iter(["expired", "good"])
    registry = Registry(
        guarded(server.uri, "good", status).url, Deadline(480), lambda: next(tokens)
    )
    assert registry.published(name) == {}


@pytest.mark.parametrize("status", [401, 403])
def test_row_31_who_is_not_let_in_is_told_what_to_do(server, name, monkeypatch, status):
    """A configuration error of its own kind, after one new token, with a remedy."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "of before")
    asked = []

    def token() -> str:
        asked.append("for a token")
        return "never good"

    with pytest.raises(Forbidden, match=r"roles/run\.invoker"):
        Registry(guarded(server.uri, "good", status).url, Deadline(480), token).publish(
            trained(name)
        )
    assert len(asked) == 2


def test_row_31_a_refusal_on_google_s_own_form_is_understood(server, name):
    """JSON without a code of MLflow's."""
    proxy = Proxy(server.uri)
    proxy.rule("GET", "", answer(403), times=5)
    proxy.rule("POST", "", answer(403), times=5)
    with pytest.raises(Forbidden):
        at(proxy.url).published(name)


def test_no_time_left_is_trouble_with_mlflow_not_with_the_training(server, name):
    """The step goes on; the next training writes what is missing."""
    with pytest.raises(Unreachable, match="deadline"):
        Registry(server.uri, Deadline(0), lambda: None).publish(trained(name))


@pytest.mark.slow
def test_row_51_two_servers_that_start_at_once_on_a_fresh_database_both_come_up(
    servers, folder, name
):
    """One of them makes the tables, the other waits; both see the same versions."""
    for each in servers:
        each.wait()
    one, other = servers
    at(one.uri).publish(trained(name))
    assert at(other.uri).published(name) == {"20211010-1a2b3c4d": "1"}
    log = "\n".join(file.read_text() for file in folder.glob("*.log"))
    assert log.count("Creating initial MLflow database tables") == 1
