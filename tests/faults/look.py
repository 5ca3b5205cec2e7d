"""One look at a source that misbehaves, and what must hold after it."""

import re
import time
from dataclasses import dataclass, field
from typing import Any

from tiny import visits

from faults.delivery import Function, tick
from faults.harness import World
from faults.upstream import Answer
from vigil.messages import Tick, parse_moment
from vigil.steps.ingest import ingest

BEFORE, NOW = "2024-04-08", "2024-04-09"
NEXT = visits(days=91)


@dataclass
class Look:
    """One look at a faulty source by a dataset that has data, and what was there before it."""

    world: World
    name: str
    before: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    objects: list[str] = field(default_factory=list)

    def at(self, fault: bytes | Answer, function: Function | None = None) -> int | None:
        """The status with which a Tick is answered while upstream does that."""
        self.before, self.objects = self.shown(), self.world.raw(self.name)
        self.world.serve(self.name, fault)
        return (function or self.world.functions["ingest"]).push(tick(self.name, NOW))

    def rows(self, table: str, where: str = "TRUE") -> list[dict[str, Any]]:
        """What a table holds of the dataset."""
        sql = f"SELECT * FROM {table} AS t WHERE dataset = @d AND {where}"
        return self.world.cloud.warehouse.rows(f"{sql} ORDER BY TO_JSON_STRING(t)", d=self.name)

    def shown(self) -> dict[str, list[dict[str, Any]]]:
        """What a reader can see of the data."""
        return {table: self.rows(table) for table in ("observations", "vintages", "series")}

    def findings(self) -> list[dict[str, Any]]:
        """What this look found."""
        return self.rows("findings", f"as_of > '{NOW}'")

    @property
    def run(self) -> dict[str, Any]:
        """The one run that it left."""
        runs = [run for run in self.world.runs(self.name) if run["step"] == "ingest"]
        _, run = runs
        return run

    def refused(self, fault: bytes | Answer, rule: str, *, kept: bool = True) -> dict[str, Any]:
        """The finding that refuses it; the message is done with, the bytes are in quarantine."""
        assert self.at(fault) == 200
        assert self.shown() == self.before
        [finding] = self.findings()
        assert (finding["rule"], finding["severity"]) == (rule, "error")
        assert finding["expected"]
        assert finding["found"]
        assert finding["scope"]
        assert self.run["status"] == "refused"
        new = [name for name in self.world.raw(self.name) if name not in self.objects]
        assert [name.split("/")[0] for name in new] == (["quarantine", "raw"] if kept else [])
        return finding

    def comes_again(self, fault: Answer, function: Function, why: str) -> None:
        """The delivery fails, and works when upstream does."""
        begun = time.monotonic()
        assert self.at(fault, function) == 500
        assert time.monotonic() - begun < 12
        assert self.shown() == self.before
        assert self.findings() == []
        assert self.run["status"] == "failed"
        assert re.search(why, self.run["reason"])
        assert self.world.raw(self.name) == self.objects
        self.world.serve(self.name, NEXT)
        assert function.push(tick(self.name, NOW)) == 200
        assert len(self.rows("observations")) == 4 * 91


def known(world: World, name: str) -> None:
    """A first look that goes well, in this process: no message to predict follows it."""
    ingest(Tick(name, parse_moment(BEFORE, "test")), world.cloud)
