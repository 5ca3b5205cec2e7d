"""The demo: a year of a small dataset through Pub/Sub and the three real functions, at speed."""

import os
import shutil
import time
from datetime import date
from itertools import groupby
from pathlib import Path

from vigil import screen
from vigil.cloud import Cloud
from vigil.deadline import Deadline
from vigil.errors import VigilError
from vigil.local import recap
from vigil.local.events import Ear
from vigil.local.player import Player
from vigil.local.replays import Replay, europe_2021, simulated_fever
from vigil.local.up import local_cloud, running
from vigil.settings import home

SECONDS = 1800.0  # for all of it


def run(data: Path | None) -> None:
    """Everything from an empty folder to a year of forecasts, scored."""
    replay = europe_2021.replay(data) if data else simulated_fever.replay()
    folder, started = home() / "demo", time.monotonic()
    if running(folder):
        raise VigilError(f"a demo is running in {folder}: end it first")
    _empty(folder, replay)
    recap.say(f"A replay at speed: {replay.said}.")
    ear, upstream = Ear(), folder / "upstream"
    with local_cloud(functions=True, mirror=str(upstream), show=ear.hear):
        recap.say(f"{time.monotonic() - started:.0f} s: the local cloud and its functions are up.")
        cloud = Cloud.from_env(Deadline(SECONDS))
        _play(Player(replay, upstream, cloud, ear))
        recap.forecast(replay, cloud)
        recap.skill(replay, cloud)
        recap.further(replay, folder, recap.report(replay, cloud, folder))
    recap.say(f"{time.monotonic() - started:.0f} s in all.")


def _empty(folder: Path, replay: Replay) -> None:
    """A home of its own, with the dataset's file."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "datasets").mkdir(parents=True)
    shutil.copy(replay.file, folder / "datasets")
    os.environ |= {
        "VIGIL_HOME": str(folder),
        "VIGIL_DATASETS": str(folder / "datasets"),
    }


def _play(player: Player) -> None:
    """Week by week; a line a month says what happened, and one each training."""
    for month, days in groupby(player.replay.days, key=lambda day: f"{day:%Y-%m}"):
        played = list(days)
        for day in played:
            _day(player, day)
        recap.month(month, played, player.replay, player.cloud)


def _day(player: Player, day: date) -> None:
    with screen.busy(f"{day}: published upstream, taken in, forecast"):
        player.day(day)
    if day in player.replay.trainings:
        with screen.busy(f"{day}: training"):
            decided = player.train(day)
        for row in decided:
            recap.say(f"         {row['reason']}")
