"""How a version did on past origins, worked out by hand."""

import pyarrow as pa
import pytest
from score_tables import rows as scored

from vigil import evaluations

BANDS = {"covered50": [1.0, 0.0, 0.0], "covered80": [1.0, 1.0, 0.0], "covered95": [1.0, 1.0, 1.0]}


def table(model: str, wis: list[float | None], horizon: int = 1, **same: str | int) -> pa.Table:
    """Scores of three origins with their coverage."""
    found = scored(model, wis, **same)
    found = found.drop_columns("horizon").append_column(
        "horizon", pa.array([horizon] * len(wis), pa.int64())
    )
    for name, values in BANDS.items():
        found = found.append_column(name, pa.array(values[: len(wis)]))
    return found


def test_every_horizon_has_a_row_and_so_have_all_together():
    """1, 2, 3 against 4 each a week ahead, 6 each against 8 two weeks ahead; 24 of 36 in all."""
    scores = pa.concat_tables([
        table("new", [1, 2, 3]), table("old", [4, 4, 4]),
        table("new", [6, 6, 6], 2), table("old", [8, 8, 8], 2),
    ])  # fmt: skip
    every, week, two = evaluations.rows(scores, "new", "old", block_days=7)
    assert [row["horizon"] for row in (every, week, two)] == [None, 1, 2]
    assert (every["n"], every["origins"]) == (6, 3)
    assert (every["wis"], every["naive_wis"]) == (4.0, 6.0)
    assert every["relative_wis"] == pytest.approx(24 / 36)
    assert (week["wis"], week["relative_wis"], two["relative_wis"]) == (2.0, 0.5, 0.75)
    assert [week[f"coverage{share}"] for share in (50, 80, 95)] == pytest.approx([1 / 3, 2 / 3, 1])
    assert week["relative_low"] < 0.5 < week["relative_high"]


def test_kinds_of_vintages_are_never_pooled():
    """The pseudo origin's score of 9 is not in the mean of the known ones."""
    scores = pa.concat_tables([
        table("new", [9], kind="pseudo"), table("old", [9], kind="pseudo"),
        table("new", [1, 1], start=1), table("old", [2, 2], start=1),
    ])  # fmt: skip
    found = {(row["vintage_kind"], row["horizon"]): row
             for row in evaluations.rows(scores, "new", "old", 7)}  # fmt: skip
    assert found["pseudo", None]["relative_wis"] == 1.0
    assert found["known", None]["relative_wis"] == 0.5
    assert (found["pseudo", None]["n"], found["known", None]["n"]) == (1, 2)


def test_only_what_both_have_scored_counts_and_few_origins_have_no_interval():
    """Of three rows two; with blocks of four weeks three origins tell nothing of how sure."""
    scores = pa.concat_tables([table("new", [1, None, 3]), table("old", [2, 2, 6])])
    every, _ = evaluations.rows(scores, "new", "old", block_days=28)
    assert (every["n"], every["wis"], every["naive_wis"]) == (2, 2.0, 4.0)
    assert (every["relative_low"], every["relative_high"]) == (None, None)


def test_no_other_recipe_than_the_one_decided_about_counts():
    """A contest's scores hold all that took part."""
    scores = pa.concat_tables([table(name, [wis]) for name, wis in
                               (("new", 1.0), ("other", 9.0), ("old", 2.0))])  # fmt: skip
    every, week = evaluations.rows(scores, "new", "old", 7)
    assert (every["wis"], every["naive_wis"]) == (1.0, 2.0)
    assert {**every, "horizon": 1} == week
