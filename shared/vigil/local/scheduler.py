"""The scheduler of one machine: what Cloud Scheduler does, from the same dataset files."""

import fcntl
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vigil.cloud import Cloud
from vigil.deadline import Deadline
from vigil.errors import VigilError
from vigil.jobs import Job, Standing, jobs, next_time
from vigil.local.up import local_cloud, running
from vigil.messages import Tick

Publish = Callable[[str, Tick], object]
OK = "ok"


@dataclass(frozen=True)
class LocalScheduler:
    """The jobs of a local cloud's home; a small file there says which are paused."""

    home: Path

    def look(self) -> list[Standing]:
        """Every job; without `vigil up` nobody sends any."""
        said, now = self._read(), datetime.now(UTC)
        looping = running(self.home) is not None
        return [_standing(job, said.get(job.name, {}), now, looping=looping) for job in jobs()]

    def run(self, job: Job) -> None:
        """Send its Tick now, as the loop would."""
        up = running(self.home)
        if up is None or not up.has_bus:
            raise VigilError("nobody is listening: start `vigil up` in another terminal")
        with local_cloud():
            publish = Cloud.from_env(Deadline()).bus.publish
            status = self.send(job, datetime.now(UTC), publish)
        if status != OK:
            raise VigilError(f"{job.name}: {status}")

    def pause(self, job: Job) -> None:
        """The loop sends it no more, nor the next one, until it is resumed."""
        self._note(job, paused=True)

    def resume(self, job: Job) -> None:
        """The loop sends it when it is due next."""
        self._note(job, paused=False)

    def paused(self, job: Job) -> bool:
        """Whether it is."""
        return bool(self._read().get(job.name, {}).get("paused"))

    def send(self, job: Job, moment: datetime, publish: Publish) -> str:
        """One attempt, noted; one that fails is followed by the next slot's, as in the cloud."""
        status = OK
        try:
            publish(job.step, Tick(job.dataset, moment, declared=False))
        except Exception as error:  # noqa: BLE001  whatever it is, the loop goes on
            status = f"{type(error).__name__}: {error}"
        self._note(job, last_attempt=moment.isoformat(), last_status=status)
        return status

    @property
    def file(self) -> Path:
        """What is paused, and what became of the last attempts."""
        return self.home / "scheduler.json"

    def _read(self) -> dict[str, Any]:
        try:
            said: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return said

    def _note(self, job: Job, **news: object) -> None:
        """The loop and commands write by turns, each a whole file."""
        self.home.mkdir(parents=True, exist_ok=True)
        with _locked(self.file.with_suffix(".lock")):
            said = self._read()
            said[job.name] = said.get(job.name, {}) | news
            fresh = self.file.with_suffix(".new")
            fresh.write_text(json.dumps(said, indent=1), encoding="utf-8")
            fresh.replace(self.file)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _standing(job: Job, said: dict[str, Any], now: datetime, *, looping: bool) -> Standing:
    state = "paused" if said.get("paused") else "enabled" if looping else "stopped"
    due = next_time(job, now) if state == "enabled" else None
    last = said.get("last_attempt")
    return Standing(job, state, due, last and datetime.fromisoformat(last), said.get("last_status"))


def run(scheduler: LocalScheduler, publish: Publish, stop: threading.Event) -> None:
    """Publish every Tick when it is due, unless it is paused, until told to stop."""
    due = {job: next_time(job, datetime.now(UTC)) for job in jobs()}
    while due and not stop.is_set():
        job, moment = min(due.items(), key=lambda item: item[1])
        wait = (moment - datetime.now(UTC)).total_seconds()
        if stop.wait(min(max(wait, 0), 60)):
            return
        if datetime.now(UTC) >= moment:
            if not scheduler.paused(job):
                scheduler.send(job, moment, publish)
            due[job] = next_time(job, moment)
