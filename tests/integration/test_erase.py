"""Erase: a person goes from everywhere, whatever happens on the way; the others stay."""

import gzip
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from by_hand import insert

from sizes import sized
from vigil import crash, tables
from vigil.cloud import Cloud
from vigil.errors import Transient
from vigil.lake import sha256
from vigil.messages import Tick, parse_moment
from vigil.records import keyed_hash
from vigil.steps.erase import find
from vigil.steps.ingest import ingest
from vigil.steps.traces import Erased

HEADER = (
    "case_id,Hospital_code,Hospital_type_code,City_Code_Hospital,Hospital_region_code,"
    "Available Extra Rooms in Hospital,Department,Ward_Type,Ward_Facility_Code,Bed Grade,"
    "patientid,City_Code_Patient,Type of Admission,Severity of Illness,Visitors with Patient,"
    "Age,Admission_Deposit,Stay"
)
MOMENT = parse_moment("2099-01-01", "test")
GONE = "MRS-LOST"  # the person, by cases GONE-1 to GONE-5
POINTS = ["erase:1", "erase:2", "erase:3", "commit:1", "commit:2", "commit:3", "erase:4", "erase:5"]
KILLED = """
import os, sys
from vigil import log
from vigil.cloud import Cloud
from vigil.steps.erase import find
log.to(None)
for point in sys.argv[1:]:
    if (child := os.fork()) == 0:  # no client of Google's is there yet
        os.environ["VIGIL_CRASH_AT"] = point
        find("hospital_stay", "GONE-2", Cloud.from_env()).erase()
        os._exit(0)
    print(point, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def stay(case: str, patient: str, label: str = "11-20") -> str:
    """A row of a hospital's file."""
    return (
        f'{case},8,c,3,Z,3,"gynecology",R,F,2.0,{patient},7,Emergency,Minor,2,51-60,4911.0,{label}'
    )


def file(*rows: str, end: str = "\r\n") -> bytes:
    """A hospital's file."""
    return end.join([HEADER, *rows, ""]).encode()


def nameless(body: bytes) -> bytes:
    """The same without the column of the patient."""
    lines = [line.split(",") for line in body.decode().split("\r\n")]
    return "\r\n".join(",".join(line[:10] + line[11:]) for line in lines).encode()


FIRST = file(stay("GONE-1", GONE), stay("KEPT-1", "MR-STAYS"), stay("GONE-2", f" {GONE} "))
SECOND = nameless(file(stay("KEPT-2", ""), stay("GONE-1", "", "21-30")))
THIRD = file(stay("GONE-3", GONE), stay("KEPT-3", "MR-STAYS"), end="\n")
ALONE = file(stay("GONE-4", GONE))
REFUSED = file(stay("KEPT-4", "MR-STAYS"), stay("GONE-5", GONE, "20-Nov"))
BROKEN = file(stay("x", "MR-STAYS"), GONE)
HARMLESS = b"<html>502</html>"
WAITING = gzip.compress(file(stay("GONE-5", GONE), stay("KEPT-5", "MR-STAYS")))


@pytest.fixture
def hospital(restricted: Cloud) -> Cloud:
    """The restricted cloud, with files that came one after the other, and one that waits."""
    for name, body in (("first", FIRST), ("second", SECOND), ("third", gzip.compress(THIRD))):
        put(restricted, f"train_{name}.csv", body)
        take(restricted)
    for name, body in (("alone_GONE-4", ALONE), ("refused", REFUSED), ("broken", BROKEN)):
        put(restricted, f"train_{name}.csv", body)
    put(restricted, "train_harmless.csv", HARMLESS)
    take(restricted)
    put(restricted, "train_GONE-5.csv.gz", WAITING)
    scored(restricted)
    return restricted


def put(here: Cloud, name: str, body: bytes) -> None:
    """What a hospital does: an object in the inbox."""
    here.lake.store.bucket.blob(f"inbox/hospital_stay/{name}").upload_from_string(body)


def take(_: Cloud, hours: int = 0) -> None:
    """A look at the inbox."""
    ingest(Tick("hospital_stay", MOMENT + timedelta(hours=hours)), Cloud.from_env())


def scored(here: Cloud) -> None:
    """Classifications of all records there are, and rows that a dead process has staged."""
    rows = [
        {"dataset": "hospital_stay", "record": record, "person": person, "drivers": "[]"}
        for record, person in here.warehouse.people("hospital_stay", "latest_records")
    ]
    insert(here, "classifications", rows)
    [row] = here.warehouse.rows("SELECT * FROM records WHERE record = 'GONE-3'")
    here.warehouse.stage("records", tables.load("records").rows([row]))


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, in the cloud that runs."""
    env = {name: value for name, value in os.environ.items() if name != "VIGIL_PROJECT"}
    whole = [sys.executable, "-c", "from vigil.cli import main; main()", *words]
    return subprocess.run(
        whole, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def told(here: Cloud, table: str) -> list[dict[str, Any]]:
    """The rows of a table that are about records."""
    return here.warehouse.rows(
        f"SELECT dataset, record, person FROM {table} ORDER BY record, person"
    )


def traces(here: Cloud) -> list[str]:
    """Where anything of the person is: in any object, older generations too, or any table."""
    key = here.settings.hash_key
    assert key
    words = [GONE, "GONE-", keyed_hash(key, "hospital_stay")(GONE)]
    folder = Path(os.environ["VIGIL_HOME"]) / "storage"
    of_here = {one for one in folder.rglob("*") if here.settings.raw_bucket in str(one)}
    assert of_here
    found = []
    for one in (one for one in of_here if one.is_file()):
        body = one.read_bytes()
        plain = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        if any(word.encode() in plain or word in one.name for word in words):
            found.append(one.name)
    known = here.lake.store.client.list_blobs(here.settings.raw_bucket, versions=True)
    found += [one.name for one in known if any(word in str(one._properties) for word in words)]
    for table in tables.names():
        rows = here.warehouse.rows(f"SELECT * FROM {table}")
        found += [table for row in rows if any(word in str(row) for word in words)]
    staged = here.warehouse.client.list_tables(f"{here.settings.warehouse}_staging")
    return found + [one.table_id for one in staged]


def bodies(here: Cloud) -> set[bytes]:
    """All raw files."""
    return {here.lake.read("hospital_stay", sha) for sha, _ in here.lake.raw("hospital_stay")}


def moments(here: Cloud) -> list[str]:
    """The arrivals, which keep their names."""
    return here.lake.arrivals("hospital_stay")


KEPT = {
    file(stay("KEPT-1", "MR-STAYS")),
    nameless(file(stay("KEPT-2", ""))),
    file(stay("KEPT-3", "MR-STAYS"), end="\n"),
    file(),
    HARMLESS,
}


def check_all_is_well(here: Cloud) -> None:
    """Nothing of the person is anywhere, nobody else has lost a byte."""
    assert traces(here) == []
    assert bodies(here) == KEPT
    assert [row["record"] for row in told(here, "records")] == ["KEPT-1", "KEPT-2", "KEPT-3"]
    assert told(here, "classifications") == told(here, "records")
    assert here.lake.store.names("erasures/") == []
    arrivals = [here.lake.arrival("hospital_stay", name) for name in moments(here)]
    assert {sha for one in arrivals for sha in one.hashes.values()} == {
        sha256(body) for body in KEPT - {HARMLESS}
    }
    head = here.warehouse.head("hospital_stay")
    assert (head.arrivals, head.arrival) == (4, moments(here)[-1])
    take(here, 1)
    assert [row["record"] for row in told(here, "records")][-1] == "KEPT-5"
    assert traces(here) == []


def test_a_person_goes_from_everywhere_and_nobody_else_does(hospital: Cloud) -> None:
    """Two people in files, vintages, inbox, quarantine, tables and staged rows; one is left."""
    before = moments(hospital)
    assert len(before) == 4
    unasked = command("erase", "hospital_stay", "--case", "GONE-2")
    assert (unasked.returncode, "expected --yes" in unasked.stderr) == (1, True)
    erased = command("erase", "hospital_stay", "--case", "GONE-2", "--yes", "--json")
    assert erased.returncode == 0, erased.stderr
    said = json.loads(erased.stdout)
    assert Erased(**said["removed"]) == Erased(
        records=5, classifications=4, rows=6, files=6, arrivals=4, inbox=5, quarantine=4
    )
    assert "vigil train hospital_stay" in said["remains"]
    assert "GONE" not in erased.stdout + erased.stderr
    assert moments(hospital) == before
    check_all_is_well(hospital)
    runs = hospital.warehouse.rows("SELECT status FROM runs WHERE step = 'erase'")
    assert runs == [{"status": "done"}]
    again = command("erase", "hospital_stay", "--case", "GONE-2", "--yes")
    assert again.returncode == 2
    assert "If it was erased before, nothing is left of it" in " ".join(again.stderr.split())
    assert "GONE" not in again.stderr


def test_an_erasure_that_is_killed_anywhere_is_finished_by_the_next(hospital: Cloud) -> None:
    """At each point in turn, each time by SIGKILL; the last one gets through."""
    points = POINTS[:: sized(test=3, soak=1)]
    command = [sys.executable, "-c", KILLED, *points]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [f"{point} -9" for point in points]
    find("hospital_stay", "GONE-2", Cloud.from_env()).erase()
    check_all_is_well(hospital)


def test_an_ingest_at_the_same_time_brings_nobody_back(
    hospital: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that began before is stopped, and one that commits in between is taken in.

    One that began after is left alone, and the erasure asks to be run again.
    """

    def interrupted(point: str) -> None:
        if act := acts.pop(point, None):
            act()

    def another() -> None:
        put(hospital, "train_late.csv", file(stay("GONE-4", GONE), stay("KEPT-6", "MR-STAYS")))
        take(hospital)

    acts = {
        "ingest:1": lambda: find("hospital_stay", "GONE-2", Cloud.from_env()).erase(),
        "erase:3": another,
    }
    monkeypatch.setattr(crash, "point", interrupted)
    with pytest.raises(Transient, match="was erased meanwhile"):
        take(hospital)
    assert acts == {}
    assert traces(hospital) == []
    take(hospital, 1)
    records = [row["record"] for row in told(hospital, "records")]
    assert records == [f"KEPT-{number}" for number in (1, 2, 3, 5, 6)]
    assert traces(hospital) == []
    late = file(stay("GONE-9", GONE), stay("KEPT-9", "MRS-NEW"))
    put(hospital, "train_later.csv", file(stay("GONE-9", GONE)))
    take(hospital, 2)
    acts["erase:4"] = lambda: hospital.lake.keep("hospital_stay", late)
    monkeypatch.setattr("vigil.steps.erase.PASSES", 2)
    with pytest.raises(Transient, match="others keep writing"):
        find("hospital_stay", "GONE-9", Cloud.from_env()).erase()
    assert late in bodies(hospital), "an ingest that is about to record it would have lost it"
    find("hospital_stay", "GONE-9", Cloud.from_env()).erase()
    assert traces(hospital) == []
