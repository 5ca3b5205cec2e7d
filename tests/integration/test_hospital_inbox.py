"""What hospitals put into the inbox, simulated, through the real ingest step."""

import json

from vigil.cloud import Cloud
from vigil.local.sample import hospital_stay
from vigil.messages import Tick, parse_moment
from vigil.steps.ingest import ingest


def delivered(restricted: Cloud, day: int, **files: bytes) -> dict[str, object]:
    """The run of a Tick that finds these files in the inbox."""
    for name, body in files.items():
        blob = restricted.lake.store.bucket.blob(f"inbox/hospital_stay/{name}.csv")
        blob.upload_from_string(body)
    tick = Tick("hospital_stay", parse_moment(f"2099-01-{day:02}", "test"))
    ingest(tick, Cloud.from_env())
    [run] = restricted.warehouse.rows(
        "SELECT status, `rows` FROM runs WHERE as_of = @as_of", as_of=tick.as_of
    )
    return run


def test_a_year_of_a_hospitals_files(restricted: Cloud) -> None:
    """Ended stays, open ones without a column for the outcome, outcomes, and a renamed column.

    Only what is new or changed becomes a row, whether many rows came or few.
    """
    ended, open_ = (b"".join(parts) for parts in hospital_stay.files(1, 300, 60).values())
    assert delivered(restricted, 1, january=ended) == {"status": "done", "rows": 300}
    assert delivered(restricted, 2, test_data=open_) == {"status": "done", "rows": 60}
    header, first, *others = open_.decode().splitlines()
    known = "\n".join([f"{header},Stay", f"{first},11-20", *(f"{row}," for row in others[:9])])
    assert delivered(restricted, 3, february=known.encode()) == {"status": "done", "rows": 1}
    known = known.replace(f"{others[0]},", f"{others[0]},More than 100 Days")
    assert delivered(restricted, 4, march=known.encode()) == {"status": "done", "rows": 1}
    renamed = ended.replace(b"Ward_Type", b"Ward_Kind", 1)
    assert delivered(restricted, 5, april=renamed) == {"status": "refused", "rows": 0}
    rows = restricted.warehouse.rows("SELECT record, fields FROM latest_records ORDER BY record")
    stays = [json.loads(row["fields"])["Stay"] for row in rows]
    assert (len(rows), sum(stay is None for stay in stays)) == (360, 58)
    assert stays[300:303] == ["11-20", "More than 100 Days", None]
    [note] = restricted.lake.quarantined("hospital_stay")
    said = restricted.lake.store.read(f"quarantine/hospital_stay/{note}.json").decode()
    assert "Ward_Type" in json.loads(said)["reason"]
    [found] = restricted.warehouse.rows(
        "SELECT rule, expected FROM findings WHERE severity = 'error'"
    )
    assert found == {"rule": "columns", "expected": "columns ['Ward_Type']"}
