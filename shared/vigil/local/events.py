"""What the functions say: one JSON object a line, read as it comes."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vigil.errors import VigilError

ENDS = ("done", "unchanged")


def event(line: str) -> dict[str, Any] | None:
    """The event in a line of a log, if it holds one."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "message" in found else None


@dataclass
class Ear:
    """Hears what became of each run."""

    ended: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # run -> its last word
    news: threading.Condition = field(default_factory=threading.Condition)

    def hear(self, _service: str, line: str) -> None:
        """A line of some process."""
        found = event(line)
        if found and "run_id" in found and "status" in found:
            with self.news:
                self.ended[found["run_id"]] = found
                self.news.notify_all()

    def wait(self, run_id: str, seconds: float) -> Mapping[str, Any]:
        """What the run said in the end. One that failed comes again, a refused one does not."""
        with self.news:
            if not self.news.wait_for(lambda: self._over(run_id), seconds):
                said = self.ended.get(run_id, {}).get("message", "nothing")
                raise VigilError(f"{run_id}: not done after {seconds:.0f} s; it said: {said}")
            end = self.ended[run_id]
        if end["status"] not in ENDS:
            raise VigilError(f"{run_id}: {end['status']}: {end['message']}")
        return end

    def _over(self, run_id: str) -> bool:
        return self.ended.get(run_id, {}).get("status") in (*ENDS, "refused")
