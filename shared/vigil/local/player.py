"""Plays a replay: each day's files appear, its Ticks go out, and what the steps say is awaited."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from vigil.cloud import Cloud
from vigil.ledger import run_id
from vigil.local.events import Ear
from vigil.local.replays import Replay
from vigil.messages import Tick
from vigil.origins import end_of

SECONDS = 120.0  # for one step
AFTER = timedelta(hours=3)  # a training, after the day's forecast
DECIDED = (
    "SELECT promoted, recipe, version, reason FROM promotions "
    "WHERE dataset = @dataset AND as_of = @as_of AND decided_by = 'train'"
)


@dataclass(frozen=True)
class Player:
    """A replay, the cloud that it is played to, and an ear for what the functions say."""

    replay: Replay
    upstream: Path
    cloud: Cloud
    ear: Ear

    def day(self, day: date) -> None:
        """Upstream publishes; ingest takes it in, predict hears of it from ingest."""
        self.replay.publish(day, self.upstream)
        tick = Tick(self.replay.dataset, end_of(day))
        self.cloud.bus.publish("ingest", tick)
        self._wait("ingest", tick)
        self._wait("predict", tick)

    def train(self, day: date) -> list[dict[str, Any]]:
        """A training at the end of a day, and what it decided; a new champion forecasts at once."""
        tick = Tick(self.replay.dataset, end_of(day) + AFTER)
        self.cloud.bus.publish("train", tick)
        self._wait("train", tick)
        rows = self.cloud.warehouse.rows(DECIDED, dataset=tick.dataset, as_of=tick.as_of)
        if any(row["promoted"] for row in rows):
            self._wait("predict", tick)
        return rows

    def _wait(self, step: str, tick: Tick) -> Mapping[str, Any]:
        return self.ear.wait(run_id(step, tick.dataset, tick.as_of), SECONDS)
