"""The local cloud in the foreground: one line per event, in colour on a terminal."""

import threading
from functools import partial

from rich.text import Text

from vigil import screen
from vigil.cloud import Cloud
from vigil.deadline import Deadline
from vigil.errors import VigilError
from vigil.local import scheduler
from vigil.local.events import event
from vigil.local.processes import stop_on_signals
from vigil.local.up import Up, local_cloud, running
from vigil.messages import Tick
from vigil.settings import home, whole

COLOURS = {
    "ingest": "green",
    "train": "blue",
    "predict": "magenta",
    "scheduler": "yellow",
    "vigil": "bold",
}
SEVERITIES = {"ERROR": "red", "WARNING": "yellow"}
TROUBLE = ("error", "traceback", "exception", "critical")
WORTH = ("status", "seconds", "as_of")


def show(service: str, line: str) -> None:
    """One event, one line; of the stand-ins only trouble is shown, their log files hold all."""
    found = event(line)
    if found is None:
        if service not in COLOURS and not any(word in line.lower() for word in TROUBLE):
            return
        found = {"message": line}
    text = Text(f"{service:>9} ", style=COLOURS.get(service, "cyan"))
    parts = [found.get("step"), found.get("dataset"), found["message"]]
    parts += [f"{name}={found[name]}" for name in WORTH if name in found]
    said = " ".join(str(part) for part in parts if part)
    text.append(said, style=SEVERITIES.get(str(found.get("severity")), ""))
    screen.out.print(text, soft_wrap=True)


def run(*, mirror: str | None, mlflow: bool) -> None:
    """Start everything, say where it is, and wait for Ctrl-C."""
    stop_on_signals()
    if running(home()):
        raise VigilError(f"a local cloud is running in {home()} already")
    stop = threading.Event()
    try:
        with (
            screen.busy("starting the local cloud"),
            local_cloud(functions=True, mlflow=mlflow, mirror=whole(mirror), show=show) as up,
        ):
            _hello(up)
            publish = partial(_publish, Cloud.from_env(Deadline(float("inf"))))
            jobs = scheduler.LocalScheduler(home())
            loop = threading.Thread(
                target=scheduler.run, args=(jobs, publish, stop), name="scheduler", daemon=True
            )
            try:  # from here on a signal may come at any line
                loop.start()
                threading.Event().wait()
            finally:
                stop.set()
    except KeyboardInterrupt:
        screen.out.print("ended")


def ui() -> None:
    """MLflow's own pages, for as long as somebody looks."""
    stop_on_signals()
    try:
        with screen.busy("starting MLflow"), local_cloud(mlflow=True) as up:
            uri = up.env.get("MLFLOW_TRACKING_URI")
            if uri is None:
                raise VigilError("the local cloud that is running has no MLflow: end it first")
            screen.out.print(f"MLflow is at {uri}; Ctrl-C ends it.", highlight=False)
            threading.Event().wait()
    except KeyboardInterrupt:
        screen.out.print("ended")


def _publish(cloud: Cloud, step: str, tick: Tick) -> None:
    show("scheduler", f"Tick for {step} {tick.dataset} as of {tick.as_of}")
    Cloud(cloud.settings, Deadline()).bus.publish(step, tick)


def _hello(up: Up) -> None:
    for name, value in sorted(up.env.items()):
        show("vigil", f"{name}={value}")
    for one in scheduler.LocalScheduler(home()).look():
        said = " (paused)" if one.state == "paused" else ""
        show("scheduler", f"{one.job.step} {one.job.dataset}: {one.job.cron} {one.job.zone}{said}")
    show("vigil", "up; in another terminal: vigil tick jhu_global; vigil status. Ctrl-C ends it.")
