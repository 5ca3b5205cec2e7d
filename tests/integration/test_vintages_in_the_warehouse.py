"""Vintages through the real ingest step, into the BigQuery stand-in and back out."""

import time
from hashlib import sha256
from io import BytesIO
from itertools import permutations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from conftest import FRANCE, JHU, REAL
from sizes import sized
from vigil import datasets, layouts
from vigil.cloud import Cloud
from vigil.errors import Rejected
from vigil.messages import Tick, parse_moment
from vigil.panel import Key, Panel
from vigil.sources import fetch
from vigil.steps.backfill import rebuild
from vigil.steps.ingest import ingest

VINTAGES = REAL / "vintages"
DEATHS = {
    day: VINTAGES / f"time_series_covid19_deaths_global_asof-{day}.csv.gz"
    for day in ("2021-01-29", "2021-01-30", "2021-01-31")
} | {"2023-03-10": JHU["deaths"]}

pytestmark = pytest.mark.real


def take(cloud: Cloud, day: str, dataset: str = "jhu_global", **files: Path) -> Tick | None:
    """Ingest local files as they were known at the end of a day."""
    tick = Tick(dataset, parse_moment(day, "test"))
    return ingest(tick, cloud, {source: str(file) for source, file in files.items()})


def parsed(dataset: str, source: str, file: Path) -> Panel:
    """What a file says, without any warehouse."""
    body = fetch(str(file), Cloud.from_env().deadline).body
    assert body is not None
    return layouts.parse(datasets.load(dataset), source, body).panel


def same(one: Panel, other: Panel) -> bool:
    """The same values on the same dates and series, whatever is empty."""
    return set(one) == set(other) and all(
        np.array_equal(one[key].onto(grid.dates, grid.series), grid.values, equal_nan=True)
        and one[key].known == grid.known
        for key, grid in other.items()
    )


def test_each_vintage_answers_exactly_as_of_its_day(cloud: Cloud) -> None:
    """Every value of the four files is what observations_asof gives for their moments."""
    for day, file in DEATHS.items():
        take(cloud, day, deaths=file)
    for day, file in DEATHS.items():
        known = cloud.warehouse.panel("jhu_global", parse_moment(day, "test"))
        assert same(known, parsed("jhu_global", "deaths", file)), day


@pytest.mark.slow
def test_every_order_of_four_vintages_makes_the_same_tables(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vintage that comes late lands in its place in time."""
    orders = list(permutations(DEATHS))
    chosen = orders[:: len(orders) // sized(test=2, soak=24)]
    from vigil.local import resources

    tables = ("observations", "vintages", "series", "findings")
    wanted = None
    for number, order in enumerate(chosen):
        monkeypatch.setenv("VIGIL_WAREHOUSE", f"{cloud.warehouse.name}_{number}")
        monkeypatch.setenv("VIGIL_RAW_BUCKET", f"{cloud.settings.raw_bucket}_{number}")
        resources.make([], restricted=False)
        here = Cloud.from_env()
        for day in order:
            take(here, day, deaths=DEATHS[day])
        digest = [fingerprint(here, table) for table in tables]
        wanted = wanted or digest
        assert digest == wanted, order
        assert here.warehouse.head("jhu_global").arrivals == 4


def fingerprint(cloud: Cloud, table: str) -> tuple[int, str]:
    """How many rows a table has, and a hash of all of them in an order of their own."""
    found = cloud.warehouse.arrow(f"SELECT * FROM `{table}`").combine_chunks()
    keys = [(name, "ascending") for name in found.column_names]
    ordered = found.sort_by(keys)
    with BytesIO() as file:
        with pa.ipc.new_stream(file, ordered.schema) as stream:
            stream.write_table(ordered.combine_chunks())
        return ordered.num_rows, sha256(file.getvalue()).hexdigest()


def test_the_same_file_again_changes_nothing(cloud: Cloud) -> None:
    """Later ingests add no row, and cost under a third of the first's time (best of four)."""
    took = []
    for day in ("2023-03-10", "2023-03-11", "2023-03-12", "2023-03-13", "2023-03-14"):
        started = time.perf_counter()
        take(cloud, day, **JHU)
        took.append(time.perf_counter() - started)
    first, *later = cloud.warehouse.rows("SELECT status, `rows` FROM runs ORDER BY started_at")
    assert (first["status"], first["rows"]) == ("done", 660_654)
    assert [(run["status"], run["rows"]) for run in later] == [("unchanged", 0)] * 4
    assert min(took[1:]) < took[0] / 3


def test_a_then_b_then_a_again_are_three_vintages(cloud: Cloud) -> None:
    """A content that comes back is news: the key holds its predecessor."""
    a, b = DEATHS["2021-01-30"], DEATHS["2021-01-31"]
    for day, file in (("2021-01-31", a), ("2021-02-01", b), ("2021-02-02", a)):
        take(cloud, day, deaths=file)
    found = cloud.warehouse.rows("SELECT vintage, sha256 FROM vintages ORDER BY vintage")
    assert len(found) == 3
    assert found[0]["sha256"] == found[2]["sha256"] != found[1]["sha256"]
    for day, file in (("2021-02-01", b), ("2021-02-02", a)):
        known = cloud.warehouse.panel("jhu_global", parse_moment(day, "test"))
        assert same(known, parsed("jhu_global", "deaths", file))


def test_france_sums_from_departements_to_the_nation_in_the_warehouse(cloud: Cloud) -> None:
    """On all 1,108 days the départements add up to the national figure, and 01 stays text."""
    take(cloud, "2023-07-01", "france_deaths", **FRANCE)
    panel = cloud.warehouse.panel("france_deaths", parse_moment("2023-07-01", "test"))
    nation = panel[Key("indicators", "incid_dchosp")]
    parts = panel[Key("departements", "incid_dchosp")]
    assert parts.values.shape == (1108, 102)
    assert parts.series[0] == "France/01"
    national = nation.onto(parts.dates, ("France",))[:, 0]
    assert np.array_equal(parts.values.sum(axis=1), national)


def test_a_rebuild_from_raw_gives_the_same_tables(cloud: Cloud) -> None:
    """Row 53: observations, vintages and series are made again from the raw bucket alone."""
    for day, file in list(DEATHS.items())[:3]:
        take(cloud, day, deaths=file)
    before = [fingerprint(cloud, table) for table in ("observations", "vintages", "series")]
    cloud.warehouse.query("DELETE FROM observations WHERE date > '2020-06-01'")
    rebuild("jhu_global", parse_moment("2021-02-01", "test"), cloud, lambda *_: None)
    after = [fingerprint(cloud, table) for table in ("observations", "vintages", "series")]
    assert after == before


def test_a_refused_file_leaves_everything_as_it_was(cloud: Cloud, tmp_path: Path) -> None:
    """A breach is quarantined with its reason; observations stay as they were."""
    take(cloud, "2021-01-30", deaths=DEATHS["2021-01-30"])
    before = fingerprint(cloud, "observations")
    broken = tmp_path / "deaths.csv"
    broken.write_text("<html><body>502 Bad Gateway</body></html>\n")
    with pytest.raises(Rejected, match="found an HTML page"):
        take(cloud, "2021-01-31", deaths=broken)
    assert fingerprint(cloud, "observations") == before
    [run] = cloud.warehouse.rows("SELECT status, reason FROM runs WHERE status = 'refused'")
    assert "502 Bad Gateway" in run["reason"]
    [finding] = cloud.warehouse.rows("SELECT * FROM findings WHERE severity = 'error'")
    assert finding["rule"] == "content"
    names = [blob.name for blob in cloud.lake.store.client.list_blobs(cloud.settings.raw_bucket)]
    assert any(name.startswith("quarantine/jhu_global/20210131") for name in names)


def test_another_content_for_a_moment_that_is_taken_is_refused(cloud: Cloud) -> None:
    """At one moment a source holds one content: a later correction needs a later moment."""
    take(cloud, "2021-01-31", deaths=DEATHS["2021-01-30"])
    with pytest.raises(Rejected, match="another content"):
        take(cloud, "2021-01-31", deaths=DEATHS["2021-01-31"])
