"""Records as columns: typed, the outcome apart, copies dropped, people together."""

import json

import numpy as np
import pyarrow as pa
import pytest
from sklearn.model_selection import train_test_split

from stays import DATASET, admissions
from vigil.classify import folds
from vigil.classify.frame import Frame, frame

LABELS = {
    "0-10": 0.0,
    "21-30": 0.0,
    "31-40": 1.0,
    ">70": 1.0,
    "More than 100 Days": 1.0,
    None: np.nan,
}


def framed(*said: dict, people: list[str | None] | None = None) -> Frame:
    """Records of these fields."""
    names = [str(number) for number in range(len(said))]
    texts = [json.dumps(one, ensure_ascii=False) for one in said]
    columns = {"record": names, "person": people or [None] * len(said), "fields": texts}
    return frame(DATASET, pa.table({k: pa.array(v, pa.string()) for k, v in columns.items()}))


@pytest.mark.parametrize(("label", "answer"), LABELS.items())
def test_the_first_number_of_a_label_is_the_answer(label, answer):
    """Above 30 is yes; a blank is not known yet."""
    np.testing.assert_equal(framed({"Stay": label}).outcome, [answer])


def test_a_field_that_no_record_has_is_blank_and_the_outcome_is_no_field():
    """Older extracts lack some codes."""
    found = framed({"Age": "11-20", "Stay": "0-10"}, {"Age": 'Né\n"21"', "Unknown": 1})
    assert found.fields["Age"].to_pylist() == ["11-20", 'Né\n"21"']
    assert found.fields["Hospital_code"].null_count == 2
    assert set(found.fields) == set(DATASET.fields) - {"Stay"}


def test_numbers_that_are_names_become_texts():
    """A code of 4.0 is 4; a deposit stays a number."""
    found = framed({"Bed Grade": 4, "Admission_Deposit": 4185.0}, {"Bed Grade": None})
    assert found.fields["Bed Grade"].to_pylist() == ["4", None]
    assert found.fields["Admission_Deposit"].to_pylist() == [4185.0, None]


def test_no_records_are_an_empty_frame():
    """Before the first file."""
    found = framed()
    assert (len(found), len(found.known), len(found.open)) == (0, 0, 0)


def test_known_and_open_are_all_records_in_their_order():
    """Which is which follows from the outcome alone."""
    every = admissions()
    assert (len(every.known), len(every.open)) == (900, 60)
    names = every.known.records.to_pylist() + every.open.records.to_pylist()
    assert names == every.records.to_pylist()


def test_a_copy_is_dropped_and_another_persons_record_is_not():
    """Of a person's rows that agree in all there is, the first stays."""
    said = {"Age": "11-20", "Stay": "0-10"}
    every = framed(said, said, said, {**said, "Stay": "31-40"}, people=["a", "a", "b", "a"])
    assert folds.without_copies(every).records.to_pylist() == ["0", "2", "3"]


def test_all_records_of_a_person_are_in_one_group():
    """Whatever the order of the rows; all groups are used."""
    every = admissions()
    groups = folds.groups(every)
    turned = np.arange(len(every))[::-1]
    assert (folds.groups(every.take(turned)) == groups[turned]).all()
    pairs = set(zip(every.people.to_pylist(), groups.tolist(), strict=True))
    assert len(pairs) == len(set(every.people.to_pylist()))
    assert set(groups.tolist()) == set(range(folds.GROUPS))


def test_the_random_fifth_is_that_of_the_earlier_system():
    """The rows that scikit-learn holds out at seed 42."""
    _, held = train_test_split(np.arange(1001), test_size=0.2, random_state=42)
    assert sorted(held) == np.flatnonzero(folds.random_fifth(1001)).tolist()
