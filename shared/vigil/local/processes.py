"""Starting the local cloud's processes, waiting until they answer, and ending them all."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

from vigil.errors import VigilError
from vigil.local.services import Service

Show = Callable[[str, str], None]  # service, line
START_SECONDS = 60.0


@dataclass
class Processes:
    """Children in process groups of their own, all ended when this process ends, however."""

    logs: Path
    show: Show
    lock: IO[str]
    children: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def __enter__(self) -> "Processes":
        self.logs.mkdir(parents=True, exist_ok=True)
        self.undertaker = subprocess.Popen(
            [sys.executable, "-m", "vigil.local.undertaker"],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
            pass_fds=[self.lock.fileno()],  # it holds the lock until all have ended
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.undertaker.stdin:
            self.undertaker.stdin.close()
        for child in self.children.values():
            child.wait()
        self.undertaker.wait()

    def start(self, services: Iterable[Service], env: dict[str, str]) -> None:
        """Start services side by side."""
        for service in services:
            self._spawn(service, env)

    def wait_for(self, services: Iterable[Service]) -> None:
        """Wait until each of them answers."""
        for service in services:
            self._wait_for(service)

    def _spawn(self, service: Service, env: dict[str, str]) -> None:
        child = subprocess.Popen(
            service.command,
            env={**os.environ, **env, **service.env, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,  # the terminal's Ctrl-C reaches us alone; we end them in order
        )
        self.children[service.name] = child
        if self.undertaker.stdin:
            self.undertaker.stdin.write(f"{child.pid}\n")
            self.undertaker.stdin.flush()
        threading.Thread(target=self._follow, args=(service.name, child), daemon=True).start()

    def _follow(self, name: str, child: subprocess.Popen[str]) -> None:
        with (self.logs / f"{name}.log").open("a", encoding="utf-8") as file:
            for line in child.stdout or ():
                file.write(line)
                file.flush()
                self.show(name, line.rstrip("\n"))

    def _wait_for(self, service: Service) -> None:
        until = time.monotonic() + START_SECONDS
        while not answers(service.port):
            code = self.children[service.name].poll()
            if code is not None or time.monotonic() > until:
                state = f"ended with {code}" if code is not None else "does not answer"
                log = self.logs / f"{service.name}.log"
                raise VigilError(f"{service.name} {state}; its log is {log}:\n{_tail(log)}")
            time.sleep(0.05)


def answers(port: int) -> bool:
    """Whether somebody listens on that port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def alive(pid: int) -> bool:
    """Whether that process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def stop_on_signals() -> None:
    """SIGTERM and SIGHUP end a command as Ctrl-C does: by an exception that cleans up.

    SIGINT, too: a shell that starts a command in the background makes it deaf to Ctrl-C.
    """

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
