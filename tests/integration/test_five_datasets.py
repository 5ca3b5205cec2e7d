"""The real files of the three newer datasets, through the real ingest step."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import REAL
from vigil.cloud import Cloud
from vigil.errors import Rejected
from vigil.ledger import peak_mb
from vigil.messages import Tick, parse_moment
from vigil.steps.ingest import ingest

MOBILITY = {
    year: REAL / "google_mobility_pt" / f"{year}_PT_Region_Mobility_Report.csv.gz"
    for year in (2020, 2021)
}
OWID = REAL / "owid_covid" / "owid-covid-data_2022-01-20.csv.gz"
STAYS = REAL / "los_av" / "train_sample_1000.csv.gz"

pytestmark = pytest.mark.real


def resident_mb() -> float:
    """What the process holds now; its peak starts anew from here, where the system lets it."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak_mb()


def take(cloud: Cloud, dataset: str, day: str, **files: Path) -> Tick | None:
    """Ingest local files as they were known at the end of a day."""
    tick = Tick(dataset, parse_moment(day, "test"))
    return ingest(tick, cloud, {source: str(file) for source, file in files.items()})


def test_rows_that_two_years_files_share_are_there_once(cloud: Cloud) -> None:
    """The 2020 file runs into January 2021: 6,043 rows are in both, and agree."""
    take(cloud, "portugal_mobility", "2021-02-05", y2020=MOBILITY[2020])
    take(cloud, "portugal_mobility", "2021-06-23", y2021=MOBILITY[2021])
    [count] = cloud.warehouse.rows(
        "SELECT COUNT(*) AS n, COUNT(DISTINCT CONCAT(target, series, CAST(date AS STRING))) AS d, "
        "COUNT(DISTINCT series) AS places, COUNT(DISTINCT target) AS targets FROM observations"
    )
    assert count == {"n": 316_250, "d": 316_250, "places": 212, "targets": 6}
    [overlap] = cloud.warehouse.rows("SELECT severity, found FROM findings WHERE rule = 'overlap'")
    assert overlap == {"severity": "info", "found": "6043 rows in both, all agree"}
    levels = cloud.warehouse.rows(
        "SELECT LENGTH(series) - LENGTH(REPLACE(series, '/', '')) AS level, COUNT(*) AS n "
        "FROM series GROUP BY level ORDER BY level"
    )
    assert [row["n"] for row in levels] == [1, 20, 191]


def test_a_mirror_need_not_hold_what_has_ended(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three years two are there: they are taken in. A mirror with none of them is refused."""
    folder = tmp_path / "portugal_mobility"
    folder.mkdir()
    monkeypatch.setenv("VIGIL_MIRROR", str(tmp_path))
    tick = Tick("portugal_mobility", parse_moment("2021-06-23", "test"))
    with pytest.raises(Rejected, match="a file that can be read"):
        ingest(tick, Cloud.from_env())
    for year, file in MOBILITY.items():
        (folder / f"y{year}.csv").write_bytes(file.read_bytes())
    for _ in range(2):
        ingest(tick, Cloud.from_env())
    rows = cloud.warehouse.rows("SELECT source, kind FROM vintages ORDER BY source")
    assert [tuple(row.values()) for row in rows] == [("y2020", "fetched"), ("y2021", "fetched")]
    statuses = cloud.warehouse.rows("SELECT status FROM runs ORDER BY started_at")
    assert [run["status"] for run in statuses] == ["refused", "done", "unchanged"]


def test_aggregates_are_flagged_and_no_code_is_taken_for_another(cloud: Cloud) -> None:
    """13 of 238 are no countries; Namibia and North America stay apart."""
    held = resident_mb()
    take(cloud, "owid", "2022-01-21", owid=OWID)
    rows = cloud.warehouse.rows("SELECT series, name, parent, aggregate FROM series")
    assert len(rows) == 238
    assert sum(row["aggregate"] for row in rows) == 13
    by_code = {row["series"]: row for row in rows}
    assert by_code["NAM"]["name"] == "Namibia"
    assert by_code["OWID_NAM"] == {
        "series": "OWID_NAM",
        "name": "North America",
        "parent": None,
        "aggregate": True,
    }
    assert by_code["KOR"]["parent"] == "Asia"
    [run] = cloud.warehouse.rows("SELECT peak_mb FROM runs")
    assert run["peak_mb"] - held < 550


def put(restricted: Cloud, name: str, body: bytes) -> None:
    """What a hospital does: an object in the inbox."""
    restricted.lake.store.bucket.blob(f"inbox/hospital_stay/{name}").upload_from_string(body)


def test_stays_come_through_the_inbox_and_people_stay_unknown(restricted: Cloud) -> None:
    """Typed cells, blanks and ranges as they are; no patient's number in any table."""
    put(restricted, "train_2024.csv.gz", STAYS.read_bytes())
    tick = Tick("hospital_stay", parse_moment("2099-01-01", "test"))
    assert ingest(tick, Cloud.from_env()) == replace(tick, declared=True)  # for predict
    rows = restricted.warehouse.rows("SELECT record, person, fields FROM latest_records")
    fields = {row["record"]: json.loads(row["fields"]) for row in rows}
    assert len(fields) == 1000
    assert fields["245329"]["Stay"] == "51-60"
    assert (
        fields["222013"] | {"Stay": "11-20", "Bed Grade": 2, "Admission_Deposit": 4257.0}
        == (fields["222013"])
    )
    assert sum(row["City_Code_Patient"] is None for row in fields.values()) == 12
    people = {row["person"] for row in rows}
    assert len(people) == 995
    assert all(len(person) == 32 for person in people)
    open_ = Cloud.from_env().warehouse
    for table in ("records", "heads", "vintages", "runs"):
        assert open_.rows(f"SELECT 1 AS one FROM `{table}` LIMIT 1") == [], table


def test_the_inbox_is_read_once_and_a_bad_file_hurts_no_good_one(restricted: Cloud) -> None:
    """Each object is one arrival at its own moment; the refused one is noted once."""
    put(restricted, "train_bad.csv", b"<html>502</html>")
    put(restricted, "train_good.csv.gz", STAYS.read_bytes())
    for day in ("2099-01-01", "2099-01-02"):
        ingest(Tick("hospital_stay", parse_moment(day, "test")), Cloud.from_env())
    runs = restricted.warehouse.rows("SELECT status, `rows` FROM runs ORDER BY started_at")
    assert [tuple(run.values()) for run in runs] == [("done", 1000), ("unchanged", 0)]
    found = restricted.warehouse.rows("SELECT severity, rule, scope FROM findings")
    assert found == [{"severity": "error", "rule": "content", "scope": "hospital_stay.admissions"}]


def test_what_has_expired_leaves_the_tables(restricted: Cloud) -> None:
    """The bucket's own rule deletes what is too old; the next Tick follows it."""
    put(restricted, "train_2024.csv.gz", STAYS.read_bytes())
    ingest(Tick("hospital_stay", parse_moment("2099-01-01", "test")), Cloud.from_env())
    rules = restricted.lake.store.client.get_bucket(restricted.settings.raw_bucket).lifecycle_rules
    [rule] = list(rules)
    assert rule["condition"]["age"] == 730
    for prefix in rule["condition"]["matchesPrefix"]:
        for blob in restricted.lake.store.client.list_blobs(
            restricted.settings.raw_bucket, prefix=prefix
        ):
            blob.delete()
    ingest(Tick("hospital_stay", parse_moment("2099-01-02", "test")), Cloud.from_env())
    for table in ("records", "vintages"):
        assert restricted.warehouse.rows(f"SELECT 1 AS one FROM `{table}` LIMIT 1") == [], table
