"""What the steps make of records where no cloud is needed."""

import json

import pyarrow as pa
import pytest
import wards
import yaml

from vigil.classify.frame import Frame, frame
from vigil.datasets import Dataset
from vigil.steps.classifications import base_rate
from vigil.steps.classifying import digest

DATASET = Dataset.model_validate({"name": "wards", **yaml.safe_load(wards.YAML)})


def records(outcomes: str) -> pa.Table:
    """A record a letter: y is a long stay, n a short one, else it is not known."""
    stays = {"y": "41-50", "n": "0-10"}
    fields = [json.dumps({"severity": "low", "stay": stays.get(one)}) for one in outcomes]
    names = [f"c{n}" for n in range(len(outcomes))]
    people = pa.nulls(len(outcomes), pa.string())
    return pa.table({"record": names, "person": people, "fields": fields})


def seen(outcomes: str) -> Frame:
    """The same, read."""
    return frame(DATASET, records(outcomes))


@pytest.mark.parametrize(
    ("outcomes", "share", "positive"),
    [("yyynnnnnn??", 3.5 / 10, True), ("ynnnnnnnn?", 1.5 / 10, False), ("???", 0.5, True)],
)
def test_the_base_rate_says_the_same_of_every_record(outcomes, share, positive):
    """The share of yes, and half a yes and half a no; yes from a third on; either is possible."""
    known = seen(outcomes)
    said = base_rate(DATASET, known).scored(known.open, known)
    count = outcomes.count("?")
    assert said.probability.tolist() == pytest.approx([share] * count)
    assert said.positive.tolist() == [positive] * count
    assert said.answers.to_pylist() == ["either"] * count
    assert said.drivers.to_pylist() == ["[]"] * count


def test_the_base_rate_has_no_features_that_could_drift():
    """And of no record it says nothing."""
    known = seen("yn")
    one = base_rate(DATASET, known)
    assert one.drift(known, known).num_rows == 0
    assert len(one.scored(known.open, known).probability) == 0


def test_the_digest_of_records_is_of_what_they_say():
    """However they come in pieces; a blank is not the word beside it."""
    whole = records("yynn??")
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1)])
    assert digest(pieces) == digest(whole)
    assert digest(records("yynn?y")) != digest(whole)
    shifted = whole.set_column(1, "person", pa.array(["c"] * 6))
    assert digest(shifted) != digest(whole)
