"""Time and what it does: clocks, revisions, years of vintages at once, tables made anew."""

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from tiny import visits

from faults.delivery import envelope, tick
from faults.harness import MOMENT, Tables, World, until
from sizes import sized
from vigil.jobs import Job, next_time
from vigil.local import resources

VIGIL = str(Path(sys.executable).with_name("vigil"))
DAYS = sized(test=12, soak=1100)
FROM_RAW = ("observations", "vintages", "series", "findings")


def grown(last: date, days: int) -> bytes:
    """A town's visits on so many days up to one, the first as many as the month's day."""
    lines = ["region;town;day;count"]
    for back in range(days - 1, -1, -1):
        count = last.day if back == days - 1 else 10 + back % 7
        lines.append(f"North;Town;{last - timedelta(back)};{count}")
    return ("\n".join(lines) + "\n").encode()


def vigil(world: World, *words: str, **env: str) -> subprocess.Popen[bytes]:
    """A command in this world's cloud."""
    own = {**os.environ, **world.env, **env}
    return subprocess.Popen([VIGIL, *words], env=own, stdout=subprocess.DEVNULL)


def from_raw(tables: Tables) -> Tables:
    """What the raw bucket says; forecasts, and findings about them, are what was published."""
    found = {name: tables[name] for name in FROM_RAW}
    findings = [row for row in found["findings"] if not row["run_id"].startswith("predict/")]
    return {**found, "findings": findings}


def test_row_37_a_slot_has_one_moment_whatever_the_clocks_say(world: World) -> None:
    """Year's end in Paris, told in three ways to a function whose clock stands in Kiribati."""
    name = world.dataset(grown(date(2023, 12, 31), 60))
    job = Job("france_deaths", "ingest", "0 0 * * *", "Europe/Paris")
    due = next_time(job, datetime(2023, 12, 31, 12, tzinfo=UTC))
    assert due == datetime(2023, 12, 31, 23, tzinfo=UTC)
    assert next_time(job, due) == due + timedelta(days=1)
    told = ("2023-12-31T23:00:00Z", "2024-01-01T00:00:00+01:00", "2024-01-01T13:00:00+14:00")
    with world.process("ingest", TZ="Pacific/Kiritimati") as far:
        assert [far.push(tick(name, text)) for text in told] == [200, 200, 200]
        body = envelope(b'{"dataset": "%s"}' % name.encode(), "ingest")
        body["message"]["publishTime"] = told[0]
        assert far.push(body) == 200
    [vintage] = world.tables(name)["vintages"]
    assert vintage["issued_at"] == due
    assert len([one for one in world.raw(name) if one.startswith("arrivals/")]) == 1


def test_row_38_a_late_revision(world: World, clean: Tables) -> None:
    """The correction is a vintage of its own; the old value and the old forecast stay."""
    name = world.dataset(visits())
    assert world.push("ingest", tick(name, MOMENT)) == 200
    world.forecast(name)
    world.serve(name, visits(first=7.0))
    world.publish("ingest", tick(name, "2024-04-10"))
    until(lambda: len({row["vintage"] for row in world.tables(name)["forecasts"]}) == 2)
    found = world.tables(name)
    assert len(found["vintages"]) == 2
    assert [row["value"] for row in found["observations"]] == [
        *(row["value"] for row in clean["observations"]),
        7.0,
    ]
    assert found["forecasts"][: len(clean["forecasts"])] == clean["forecasts"]
    assert len(found["forecasts"]) == 2 * len(clean["forecasts"])


@pytest.mark.slow
def test_row_39_a_backfill_of_years(world: World, tmp_path: Path) -> None:
    """Killed twice on its way, it goes on where it was; a live run in between is unaffected."""
    name, first = world.dataset(), date(2021, 3, 1)
    days = [first + timedelta(days=n) for n in range(DAYS)]
    for number, day in enumerate(days):
        (tmp_path / f"visits_{day}.csv").write_bytes(grown(day, 60 + number))
    for part in (1, 2):
        run = vigil(world, "backfill", name, str(tmp_path))
        until(lambda part=part: len(_arrivals(world, name)) > part * DAYS / 3, 600)
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
        assert len(_arrivals(world, name)) < DAYS
    live = days[-1] + timedelta(days=1)
    world.serve(name, grown(live, 61 + DAYS))
    assert world.push("ingest", tick(name, str(live))) == 200
    assert world.forecast(name)["forecasts"]
    assert vigil(world, "backfill", name, str(tmp_path)).wait(timeout=1200) == 0
    found = world.cloud.warehouse.head(name)
    assert found.arrivals == DAYS + 1
    for day in (*days[:: DAYS // 3], live):
        panel = world.cloud.warehouse.panel(name, datetime.combine(day, datetime.max.time(), UTC))
        [grid] = panel.values()
        assert grid.dates[-1] == np.datetime64(day)
        assert grid.values[0, 0] == day.day


def _arrivals(world: World, dataset: str) -> list[str]:
    return world.cloud.lake.arrivals(dataset)


def _columns_added(world: World, warehouse: str) -> None:
    """What a later version's migration does: to each table a column that this code knows not."""
    for table in ("heads", "observations", "vintages", "series", "findings", "runs", "forecasts"):
        sql = f"ALTER TABLE `{warehouse}.{table}` ADD COLUMN later STRING"
        world.cloud.warehouse.client.query_and_wait(sql)


def test_row_50_a_migration_between_two_runs_of_the_older_code(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables that have grown a column serve the code that does not know it."""
    name = world.dataset(visits())
    monkeypatch.setenv("VIGIL_WAREHOUSE", "grown")
    resources.make([])
    with world.process("ingest", VIGIL_WAREHOUSE="grown") as older:
        assert older.push(tick(name, MOMENT)) == 200
        _columns_added(world, "grown")
        world.serve(name, visits(first=7.0))
        assert older.push(tick(name, "2024-04-10")) == 200
    found = world.tables(name)
    assert len(found["vintages"]) == 2
    assert {row["later"] for row in found["observations"]} == {None}


@pytest.mark.soak
def test_row_50_tables_of_an_older_version_grow_what_they_lack(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making the tables again adds the columns that are new, and touches no row."""
    monkeypatch.setenv("VIGIL_WAREHOUSE", "older")
    resources.make([])
    client, name = world.cloud.warehouse.client, world.dataset(visits())
    client.query_and_wait("ALTER TABLE older.runs DROP COLUMN peak_mb")
    client.query_and_wait(
        "INSERT INTO older.runs (run_id, step, dataset, as_of, started_at, status) "
        f"VALUES ('r', 's', '{name}', CURRENT_TIMESTAMP(), CURRENT_TIMESTAMP(), 'done')"
    )
    made = client.get_dataset("older")
    made.labels = {"schema": "of-an-older-version"}
    client.update_dataset(made, ["labels"])
    resources.make([])
    with world.process("ingest", VIGIL_WAREHOUSE="older") as newer:
        assert newer.push(tick(name, MOMENT)) == 200
    assert [run["peak_mb"] is None for run in world.runs(name)] == [True, False]


def _with_history(world: World) -> str:
    """A dataset with three vintages, one of which came late."""
    name = world.dataset()
    for first, moment in ((5.0, MOMENT), (7.0, "2024-04-10"), (6.0, "2024-04-09")):
        world.serve(name, visits(first=first))
        assert world.push("ingest", tick(name, moment)) == 200
    world.forecast(name)
    return name


def test_row_53_a_bad_load_is_undone_from_raw(world: World) -> None:
    """Observations that somebody spoilt are made anew; what was published stays."""
    name = _with_history(world)
    before = world.tables(name)
    for sql in (
        f"UPDATE observations SET value = value * 2 WHERE dataset = '{name}' AND value > 20",
        f"DELETE FROM observations WHERE dataset = '{name}' AND date > '2024-03-01'",
        f"DELETE FROM vintages WHERE dataset = '{name}'",
    ):
        world.cloud.warehouse.query(sql)
    assert world.tables(name) != before
    assert vigil(world, "rebuild", name).wait(timeout=120) == 0
    after = world.tables(name)
    assert from_raw(after) == from_raw(before)
    assert after["forecasts"] == before["forecasts"]


def test_row_55_everything_but_raw_is_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty BigQuery and the raw bucket: the same tables, and the newest forecast again."""
    name = _with_history(world)
    before = world.tables(name)
    monkeypatch.setenv("VIGIL_WAREHOUSE", "afresh")
    resources.make([])
    assert vigil(world, "rebuild", name, VIGIL_WAREHOUSE="afresh").wait(timeout=120) == 0
    assert from_raw(world.tables(name)) == from_raw(before)
    command = ("predict", name, "--as-of", "2024-04-10")
    assert vigil(world, *command, VIGIL_WAREHOUSE="afresh").wait(timeout=120) == 0
    newest = [row for row in before["forecasts"] if row["vintage"] == before["heads"][0]["vintage"]]
    assert world.tables(name)["forecasts"] == newest
