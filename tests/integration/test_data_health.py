"""The views that say how the data are: their health, and how they are revised."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tiny import write_dataset

from vigil.cloud import Cloud
from vigil.errors import Rejected
from vigil.messages import Tick
from vigil.steps.ingest import ingest

FIRST = date(2024, 1, 1)


@pytest.fixture(autouse=True)
def _tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dataset(tmp_path / "datasets")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))


def take(cloud: Cloud, folder: Path, day: int, values: dict[int, float]) -> None:
    """Ingest one town's values by day since the first, at the end of a day."""
    moment = datetime(2024, 1, 1, 20, tzinfo=UTC) + timedelta(days=day)
    rows = [f"North;Hill;{FIRST + timedelta(days=n)};{value}" for n, value in values.items()]
    file = folder / f"visits_{day}.csv"
    file.write_text("\n".join(["region;town;day;count", *rows]).replace(".", ",") + "\n")
    ingest(Tick("tiny", moment), cloud, {"visits": str(file)})


def health(cloud: Cloud) -> dict[str, Any]:
    """The one row of the small dataset's one source."""
    [row] = cloud.warehouse.rows("SELECT * FROM data_health WHERE dataset = 'tiny'")
    return row


def test_revisions_count_what_changed_by_the_age_of_the_value(cloud: Cloud, tmp_path: Path) -> None:
    """Two days later one of five values is 2 higher, ten days later one is gone."""
    take(cloud, tmp_path, 4, {0: 10, 1: 10, 2: 10, 3: 10, 4: 10})
    take(cloud, tmp_path, 6, {0: 10, 1: 10, 2: 10, 3: 10, 4: 12, 5: 20, 6: 20})
    rows = dict.fromkeys(range(7, 40), 20.0)
    take(cloud, tmp_path, 40, {0: 10, 1: 14, 2: 10, 3: 10, 4: 12, 5: 20, 6: 20, **rows})
    found = cloud.warehouse.rows(
        "SELECT first_day, known, published, revised, withdrawn, mean_change, relative_size "
        "FROM revisions WHERE dataset = 'tiny' ORDER BY first_day"
    )
    fresh, *_, month = [row for row in found if row["revised"]]
    assert (fresh["first_day"], fresh["revised"], fresh["mean_change"]) == (0, 1, 2.0)
    assert fresh["relative_size"] == pytest.approx(0.2)
    assert (month["first_day"], month["revised"], month["mean_change"]) == (28, 1, 4.0)
    by_age = {row["first_day"]: row for row in found}
    # Of 40 values 7 were known before they were a week old, and those of days 34 to 39.
    assert by_age[0]["known"] == 7 + 6
    assert by_age[0]["published"] == 2 + 6  # the first vintage is not late


def test_health_is_ok_then_refused_then_ok_again(cloud: Cloud, tmp_path: Path) -> None:
    """A refusal stands until a look goes well; the data of before stay."""
    values = dict.fromkeys(range(20), 10.0)
    take(cloud, tmp_path, 20, values)
    assert (health(cloud)["status"], health(cloud)["errors"]) == ("ok", 0)
    for day in (21, 22):  # the same trouble twice is one finding
        with pytest.raises(Rejected):
            take(cloud, tmp_path, day, {0: 10})
    row = health(cloud)
    assert (row["status"], row["errors"]) == ("refused", 1)
    assert row["worst"].startswith("reverted: the last date is 2024-01-01")
    assert row["last_date"] == date(2024, 1, 20)
    [refused] = cloud.warehouse.rows("SELECT COUNT(*) AS n FROM runs WHERE status = 'refused'")
    assert refused["n"] == 2
    take(cloud, tmp_path, 23, {**values, 20: 11.0})
    assert health(cloud)["status"] == "ok"


def test_a_standing_warning_is_said_once_and_cleared_once(cloud: Cloud, tmp_path: Path) -> None:
    """A negative number alerts when it comes, not while it stays, and is cleared when mended."""
    for day, third in ((10, -1.0), (11, -1.0), (12, 3.0), (13, 3.0)):
        take(cloud, tmp_path, day, {**dict.fromkeys(range(day), 10.0), 2: third})
    said = cloud.warehouse.rows(
        "SELECT as_of, severity, since FROM findings WHERE rule = 'negative' ORDER BY as_of"
    )
    assert [(row["as_of"].day, row["severity"]) for row in said] == [
        (11, "warning"),
        (13, "cleared"),
    ]
    assert said[0]["since"] == date(2024, 1, 3)
    assert health(cloud)["status"] == "ok"


def test_the_views_know_which_rules_are_said_once() -> None:
    """The list in the view is the list in the code."""
    from vigil import verdict, views

    listed = ", ".join(f"'{rule}'" for rule in verdict.EVENTS)
    assert views.load("data_health").sql.count(f"({listed})") == 2
