"""SQL in names: those of our own files match a pattern, those of upstream are values."""

import io

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from faults.delivery import tick
from faults.harness import MOMENT, SMALL, World
from sizes import sized
from vigil import tables

NASTY = (
    "'; DROP TABLE heads; --",
    "\\'); DELETE FROM observations WHERE (TRUE",
    '" OR 1=1 OR "',
    "`faults.heads`",
    "@dataset",
    "$dataset {name} %s ${x}",
    "a;b--c/*d",
)
COLUMNS = ["region", "town", "day", "count"]
NAMES = st.lists(
    st.one_of(
        st.sampled_from(NASTY),
        st.text(st.sampled_from("';\"`\\@-#*()=, xé"), min_size=1, max_size=12),
    )
    .map(str.strip)
    .filter(bool),
    min_size=3,
    max_size=12,
    unique=True,
)


@given(NAMES)
@seed(43)
@settings(
    max_examples=sized(test=3, soak=30),
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_row_43_sql_in_the_names_of_places(world: World, places: list[str]) -> None:
    """Whatever upstream calls its places, that is what they are called in the tables."""
    name = world.dataset()
    days = [str(day.date()) for day in pd.date_range("2024-03-01", "2024-04-06")]
    rows = [("North", place, day, "3,0") for place in places for day in days]
    file = io.StringIO()
    pd.DataFrame(rows, columns=["region", "town", "day", "count"]).to_csv(
        file, sep=";", index=False
    )
    world.serve(name, file.getvalue().encode())
    assert world.push("ingest", tick(name, MOMENT)) == 200
    found = world.forecast(name)
    wanted = sorted("North/" + place.replace("/", "-") for place in places)  # / joins names
    for table in ("series", "observations", "forecasts"):
        assert sorted({row["series"] for row in found[table]}) == wanted, table


@pytest.mark.parametrize("name", NASTY)
def test_row_43_sql_in_a_messages_dataset(name: str, world: World) -> None:
    """It is refused as it is parsed: no run, no head, and all tables stand."""
    assert world.push("ingest", tick(name, MOMENT)) == 200
    sql = "SELECT dataset FROM heads WHERE dataset = @name"
    assert world.cloud.warehouse.rows(sql, name=name) == []
    for table in tables.names():
        world.cloud.warehouse.rows(f"SELECT COUNT(*) FROM {table}")


@pytest.mark.parametrize("name", NASTY)
def test_row_43_sql_in_a_dataset_file(name: str, world: World) -> None:
    """A target of that name is a mistake in the file: nothing is taken in under it."""
    target = SMALL.replace("targets:\n  visits:", f"targets:\n  {name!r}:")
    assert target != SMALL
    dataset = world.dataset(b"region;town;day;count\nNorth;Town;2024-04-06;3\n", yaml=target)
    assert world.push("ingest", tick(dataset, MOMENT)) == 500
    assert world.tables(dataset)["observations"] == []
    world.forget(dataset)  # whoever reads all the files would fail on it
