"""The local cloud: started for as long as a command needs it, or reused while one is running."""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vigil.errors import VigilError
from vigil.local import services
from vigil.local.processes import Processes, Show, alive
from vigil.settings import home

WAIT_SECONDS = 90.0


@dataclass(frozen=True)
class Up:
    """A local cloud that answers."""

    pid: int
    env: dict[str, str]
    functions: dict[str, int]  # step -> port

    @property
    def has_bus(self) -> bool:
        """Whether messages go anywhere."""
        return bool(self.functions)


def silent(_service: str, _line: str) -> None:
    """Show nothing; the log files have it."""


@contextmanager
def local_cloud(
    *,
    functions: bool = False,
    mlflow: bool = False,
    mirror: str | None = None,
    show: Show = silent,
) -> Iterator[Up]:
    """Borrow the local cloud of VIGIL_HOME, or start one; clients find it by the environment."""
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        with (folder / "lock").open("a+") as lock, (folder / "users").open("a+") as users:
            if _take(lock, fcntl.LOCK_EX):
                plan = services.plan(folder, functions=functions, mlflow=mlflow, mirror=mirror)
                own = _own(folder, lock, plan, show)
                with own as up, _variables(up.env), _lent(folder, users):
                    yield up
                return
            fcntl.flock(users, fcntl.LOCK_SH)
            if (borrowed := running(folder)) is not None:
                _check(borrowed, functions=functions, mirror=mirror)
                with _variables(borrowed.env):
                    yield borrowed
                return
        time.sleep(0.1)
    raise VigilError(f"the local cloud in {folder} is held, but does not answer: see {folder}/logs")


def running(folder: Path) -> Up | None:
    """The local cloud that runs there, if one does."""
    try:
        up = Up(**json.loads((folder / "cloud.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    return up if alive(up.pid) else None


@contextmanager
def _own(folder: Path, lock: IO[str], plan: services.Plan, show: Show) -> Iterator[Up]:
    state = folder / "cloud.json"
    state.unlink(missing_ok=True)
    with Processes(folder / "logs", show, lock) as processes:
        processes.start([*plan.services, *plan.functions], plan.env)
        # Google's clients take seconds to import: do that while the processes start.
        from vigil.local import resources  # noqa: PLC0415

        with _variables(plan.env):
            storage, *others = plan.services  # storage answers long before BigQuery does
            processes.wait_for([storage])
            resources.make_storage()
            processes.wait_for(others)
            resources.make_warehouses(restricted=True)
            if plan.functions:
                from vigil.local import topics  # noqa: PLC0415

                topics.make(plan.functions)
        processes.wait_for(plan.functions)
        up = Up(os.getpid(), plan.env, {one.name: one.port for one in plan.functions})
        _write(state, json.dumps(up.__dict__))
        try:
            yield up
        finally:
            state.unlink(missing_ok=True)


def _take(file: IO[str], how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _lent(folder: Path, users: IO[str]) -> Iterator[None]:
    """At the end nobody new may borrow, and those who have finish; Ctrl-C waits for nobody."""
    interrupted = False
    try:
        yield
    except KeyboardInterrupt:
        interrupted = True
        raise
    finally:
        if not interrupted:
            (folder / "cloud.json").unlink(missing_ok=True)
            fcntl.flock(users, fcntl.LOCK_EX)


def _check(up: Up, *, functions: bool, mirror: str | None) -> None:
    if functions and not up.functions:
        raise VigilError("the local cloud that is running has no functions: end that command first")
    if mirror and up.env.get("VIGIL_MIRROR") != mirror:
        raise VigilError("the local cloud that is running has another --mirror: end it first")


@contextmanager
def _variables(env: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _write(file: Path, text: str) -> None:
    """Whole or not at all."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)
