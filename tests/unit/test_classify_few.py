"""No count that points to a few records, and none that can be worked out."""

import numpy as np
import pyarrow as pa
import pytest

from vigil.classify import few

ROW = {
    "n": 1000, "positives": 400, "auc": 0.8, "true_positives": 300, "false_positives": 200,
    "false_negatives": 100, "true_negatives": 400, "accuracy": 0.7, "f1": 2 / 3,
}  # fmt: skip


def sizes(**counts: tuple[int, int]) -> dict[str, int]:
    """How many rows each group has that is told of, from the yes and no of each value."""
    values = [value or None for value, answers in counts.items() for _ in range(sum(answers))]
    yes = [one for answers in counts.values() for one in [1.0] * answers[0] + [0.0] * answers[1]]
    found = dict(few.groups(pa.array(values), np.array(yes)))
    return {value: int(mask.sum()) for value, mask in found.items()}


def test_groups_of_ten_of_either_answer_are_told_of_as_they_are():
    """Neither fewer nor others."""
    assert sizes(old=(10, 40), young=(30, 10)) == {"old": 50, "young": 40}


@pytest.mark.parametrize("answers", [(1, 0), (9, 300), (300, 9)])
def test_a_value_of_few_rows_stands_with_the_next_smallest(answers):
    """Not under its name, nor as what is missing between the groups and all."""
    told = sizes(old=(100, 300), young=(30, 40), rare=answers)
    assert told == {"old": 400, "other": 70 + sum(answers)}


def test_values_that_are_few_each_are_enough_together():
    """No other group has to join them."""
    told = sizes(old=(100, 300), one=(8, 9), two=(8, 9))
    assert told == {"old": 400, "other": 34}


def test_every_row_is_in_a_group_whatever_its_value():
    """Blanks are a group, too: what all rows tell less what groups tell is nothing."""
    draw = np.random.default_rng(3)
    values = pa.array(draw.choice(["a", "b", "c", "d", None], 500, p=[0.5, 0.3, 0.15, 0.03, 0.02]))
    masks = [mask for _, mask in few.groups(values, draw.integers(2, size=500).astype(float))]
    assert (np.sum(masks, axis=0) == 1).all()


def test_where_all_are_few_there_is_no_group():
    """Nine yes in all."""
    assert sizes(old=(5, 300), young=(4, 300)) == {}


def test_no_count_of_one_to_nine_is_told_nor_what_gives_it_away():
    """Three that were missed: with accuracy or F1 one could work them out. Ranks tell nothing."""
    told = few.hidden({**ROW, "true_positives": 397, "false_negatives": 3})
    assert {told[name] for name in few.TELLING} == {None}
    assert (told["n"], told["positives"], told["auc"]) == (1000, 400, 0.8)


def test_that_nobody_was_found_is_told():
    """None points to nobody: the base rate says yes to all or to none."""
    for row in (ROW, {**ROW, "true_positives": 0, "false_negatives": 400}):
        assert few.hidden(row) == row
