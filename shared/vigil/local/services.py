"""What the local cloud is made of: for each service its command, its environment, its address."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import vigil
from vigil.errors import Misconfigured

PROJECT = "vigil-local"
STEPS = ("ingest", "train", "predict")
MLFLOW = {  # for its server
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


@dataclass(frozen=True)
class Service:
    """A process that listens on a port of this machine."""

    name: str
    port: int
    command: list[str]
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The processes to start, and the environment that leads clients to them."""

    services: list[Service]
    functions: list[Service]
    env: dict[str, str]


def plan(home: Path, *, functions: bool, mlflow: bool, mirror: str | None) -> Plan:
    """A local cloud on free ports."""
    ports = iter(free_ports(9))
    services = [_storage(home, next(ports)), _bigquery(home, next(ports), grpc := next(ports))]
    env = {
        "VIGIL_HOME": str(home),
        "VIGIL_PROJECT": PROJECT,
        "STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{services[0].port}",
        "BIGQUERY_EMULATOR_HOST": f"http://127.0.0.1:{services[1].port}",
        "VIGIL_BIGQUERY_STORAGE_HOST": f"127.0.0.1:{grpc}",
        "OMP_WAIT_POLICY": "passive",
        "VIGIL_REVISION": revision(),
        "VIGIL_HASH_KEY": os.environ.get("VIGIL_HASH_KEY") or _hash_key(home),
        **({"VIGIL_MIRROR": mirror} if mirror else {}),
    }
    if mlflow:
        services.append(_mlflow(home, port := next(ports), env))
        env["MLFLOW_TRACKING_URI"] = f"http://127.0.0.1:{port}"
    steps = []
    if functions:
        services.append(_pubsub(port := next(ports)))
        env["PUBSUB_EMULATOR_HOST"] = f"127.0.0.1:{port}"
        steps = [_function(step, next(ports)) for step in STEPS]
    return Plan(services, steps, env)


def revision() -> str:
    """The checkout's, as git names it; changes that are not committed make it dirty."""
    if said := os.environ.get("VIGIL_REVISION"):
        return said
    folder = Path(vigil.__file__).resolve().parents[2]
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL).strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _hash_key(home: Path) -> str:
    """The key that people are hashed with on this machine, made once."""
    file = home / "hash_key"
    if not file.exists():
        fresh = file.with_suffix(".new")
        fresh.write_text(secrets.token_hex(32))
        fresh.chmod(0o600)
        fresh.replace(file)
    return file.read_text()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _storage(home: Path, port: int) -> Service:
    where = ["--port", str(port), "--dir", str(home / "storage")]
    return Service("storage", port, [sys.executable, "-m", "vigil.local.storage", *where])


def _bigquery(home: Path, port: int, grpc_port: int) -> Service:
    where = ["--port", str(port), "--grpc-port", str(grpc_port), "--dir", str(home / "bigquery")]
    command = [sys.executable, "-m", "vigil.local.bigquery", *where, "--project", PROJECT]
    if os.environ.get("VIGIL_BIGQUERY") == "memory":
        command.append("--memory")
    elif not (home / "bigquery" / f"{PROJECT}.ducklake").exists():  # a home of an older version
        command.append("--file")
    return Service("bigquery", port, command)


def _pubsub(port: int) -> Service:
    """Google's emulator where it can run, else our own server."""
    emulator = google_emulator()
    if emulator and os.environ.get("VIGIL_PUBSUB") != "own":
        # Not through gcloud: its wrapper leaves the Java process behind.
        return Service("pubsub", port, [str(emulator), "--host=127.0.0.1", f"--port={port}"])
    return Service(
        "pubsub", port, [sys.executable, "-m", "vigil.local.pubsub", "--port", str(port)]
    )


def google_emulator() -> Path | None:
    """Google's Pub/Sub emulator, which needs gcloud's files and Java."""
    gcloud = shutil.which("gcloud")
    if gcloud is None or shutil.which("java") is None:
        return None
    root = Path(gcloud).resolve().parents[1]
    script = root / "platform" / "pubsub-emulator" / "bin" / "cloud-pubsub-emulator"
    return script if script.is_file() else None


def _mlflow(home: Path, port: int, env: dict[str, str]) -> Service:
    where = ["--port", str(port), "--database", str(home / "mlflow.db")]
    command = [sys.executable, "-m", "vigil.local.tracking", *where]
    command += ["--artifacts", f"gs://{PROJECT}-vigil-models/mlflow"]
    return Service("mlflow", port, command, {**env, **MLFLOW})


def _function(step: str, port: int) -> Service:
    """A real functions-framework process, as the platform would run it."""
    main = functions_folder() / step / "main.py"
    command = [sys.executable, "-m", "vigil.local.function", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--source", str(main), "--target", step]
    return Service(step, port, [*command, "--signature-type", "http"])


def functions_folder() -> Path:
    """The functions of this checkout."""
    folder = Path(vigil.__file__).resolve().parents[2] / "functions"
    if not folder.is_dir():
        raise Misconfigured(
            f"no folder {folder}: the local cloud runs from a checkout (make setup)"
        )
    return folder
