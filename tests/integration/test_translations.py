"""What the local BigQuery remembers of SQL is forgotten when it means something else."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from vigil.cloud import Cloud
from vigil.local import resources
from vigil.warehouse import Warehouse

VIEW = "CREATE OR REPLACE VIEW `{name}.told` AS SELECT {said} AS said"


@pytest.fixture
def changing(cloud: Cloud) -> Warehouse:
    """A dataset of its own: that of the other tests stays what its files say."""
    name = f"changing_{uuid4().hex[:8]}"
    cloud.warehouse.client.create_dataset(name)
    return replace(cloud.warehouse, name=name)


def told(warehouse: Warehouse) -> Any:
    """What the view says, by the same statement each time."""
    return warehouse.rows("SELECT said FROM told WHERE said IS NOT NULL")[0]["said"]


def test_a_view_that_is_made_anew_says_what_it_says_now(changing: Warehouse) -> None:
    """First a number, then a text."""
    changing.query(VIEW.format(name=changing.name, said="1"))
    assert [told(changing), told(changing)] == [1, 1]
    changing.query(VIEW.format(name=changing.name, said="'one'"))
    assert told(changing) == "one"


def test_the_same_statement_takes_other_parameters(cloud: Cloud) -> None:
    """Of the same type, of another, and none; as many as it names."""
    ask = cloud.warehouse.rows
    assert ask("SELECT @a + @b AS sum", a=1, b=2) == [{"sum": 3}]
    assert ask("SELECT @a + @b AS sum", a=40, b=2) == [{"sum": 42}]
    assert ask("SELECT @a + @b AS sum", a=0.5, b=0.25) == [{"sum": 0.75}]


def test_a_table_with_one_more_column_has_it_at_once(changing: Warehouse) -> None:
    """`SELECT *` is another statement after that, though it reads the same."""
    changing.query(f"CREATE TABLE `{changing.name}.grows` (a INT64)")
    changing.query(f"INSERT INTO `{changing.name}.grows` (a) VALUES (1)")
    assert changing.rows("SELECT * FROM grows") == [{"a": 1}]
    changing.query(f"ALTER TABLE `{changing.name}.grows` ADD COLUMN b STRING")
    assert changing.rows("SELECT * FROM grows") == [{"a": 1, "b": None}]


def test_a_table_that_is_gone_is_not_remembered(changing: Warehouse) -> None:
    """An error, as before it was there."""
    changing.query(f"CREATE TABLE `{changing.name}.goes` (a INT64)")
    assert changing.rows("SELECT a FROM goes") == []
    changing.client.delete_table(f"{changing.name}.goes")
    with pytest.raises(Exception, match="goes"):
        changing.rows("SELECT a FROM goes")


def test_a_dataset_that_has_changed_is_not_taken_for_its_twin(cloud: Cloud) -> None:
    """Two are made of the same files; a column that one of them grew is not the other's."""
    twins = [f"{cloud.warehouse.name}_{number}" for number in "ab"]
    for twin in twins:
        resources.make_tables(cloud.warehouse.client, twin)
    one, other = (replace(cloud.warehouse, name=twin) for twin in twins)
    for number, twin in enumerate((one, other)):
        twin.query(f"INSERT INTO series (dataset, series) VALUES ('d', 'town {number}')")
    ask = "SELECT * FROM series WHERE dataset = 'd'"
    assert [twin.rows(ask)[0]["series"] for twin in (one, other)] == ["town 0", "town 1"]
    one.query(f"ALTER TABLE `{one.name}.series` ADD COLUMN later STRING")
    assert ["later" in twin.rows(ask)[0] for twin in (one, other)] == [True, False]
    qualified = f"SELECT series FROM `{one.name}.series` WHERE dataset = 'd'"
    assert [twin.rows(qualified)[0]["series"] for twin in (one, other)] == ["town 0", "town 0"]
