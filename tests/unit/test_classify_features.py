"""Features: learnt from training rows alone, of no outcome, of no single person."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from stays import DATASET, admissions
from vigil.classify.columns import columns
from vigil.classify.drift import Population, drift
from vigil.classify.encoder import Encoder
from vigil.datasets import Classification
from vigil.datasets.questions import FEW

ASKED = DATASET.classification


def coded(*values: str | None) -> pa.DictionaryArray:
    """Texts as a column."""
    return pa.array(values, pa.string()).dictionary_encode()


def learnt(**given: pa.Array) -> Encoder:
    """From these columns, of a question without features of its own."""
    asked = Classification.model_validate(
        {"question": "Q", "outcome": {"field": "O", "above": 1}, "derived": DERIVED}
    )
    return Encoder.fit(asked, given)


DERIVED = {"many": {"distinct": "name", "by": "place"}}


def test_outcomes_of_a_persons_other_records_change_no_feature():
    """Permuted among the test fold's own people, every feature of every row stays."""
    every = admissions()
    turned = replace(every, outcome=np.random.default_rng(3).permutation(every.outcome))
    assert not np.array_equal(turned.outcome, every.outcome, equal_nan=True)
    taught = every.known.take(np.arange(600))
    encoder = Encoder.fit(ASKED, columns(ASKED, taught, every))
    before, after = (encoder.encode(columns(ASKED, one, one)) for one in (every, turned))
    np.testing.assert_array_equal(before, after)


def test_visits_count_what_is_known_and_not_how_it_ended():
    """Of a person with three records, all three count, also those without an outcome."""
    every = admissions()
    visits = columns(ASKED, every, every)["Visits of the patient"].to_pylist()
    people = every.people.to_pylist()
    assert visits == [people.count(one) for one in people]
    nobody = replace(every, people=pa.nulls(len(every), pa.string()))
    assert columns(ASKED, nobody, nobody)["Visits of the patient"].null_count == len(every)


def test_the_same_city_is_blank_where_one_is_not_known():
    """Yes, no, or nothing."""
    every = admissions()
    here, home = (every.fields[f"City_Code_{of}"].to_pylist() for of in ("Hospital", "Patient"))
    expected = [None if b is None else float(a == b) for a, b in zip(here, home, strict=True)]
    assert columns(ASKED, every, every)["Same city"].to_pylist() == expected


def test_a_value_of_few_records_is_not_kept_and_is_encoded_as_none():
    """Nine may be a person, ten are a group."""
    one = learnt(name=coded(*["a"] * 20, *["b"] * FEW, *["c"] * (FEW - 1)))
    assert one.features[0].values == ("a", "b")
    np.testing.assert_equal(
        one.encode({"name": coded("b", "c", "new", None)})[:, 0], [1] + [np.nan] * 3
    )


def test_blanks_of_many_records_are_a_value_of_their_own():
    """That a city is not known may tell something."""
    one = learnt(name=coded(*["a"] * FEW, *[None] * FEW))
    np.testing.assert_equal(one.encode({"name": coded(None, "a", "b")})[:, 0], [0, 1, np.nan])


def test_ranges_are_in_order():
    """By their first number."""
    one = learnt(age=coded(*["101-110"] * FEW, *["0-10"] * FEW, *["21-30"] * FEW))
    np.testing.assert_equal(
        one.encode({"age": coded("0-10", "21-30", "101-110")})[:, 0], [0, 21, 101]
    )


def test_a_numbers_ends_are_those_of_ten_records():
    """The largest deposit is one person's."""
    one = learnt(deposit=pa.array([float(n) for n in range(100)]))
    assert one.features[0].numbers == (9.0, 90.0)
    np.testing.assert_equal(
        one.encode({"deposit": pa.array([-5.0, 50, 1e9, None])})[:, 0], [9, 50, 90, np.nan]
    )


def test_hospitals_of_a_city_are_counted_on_the_training_rows():
    """Two in the one, one in the other; of a new city nothing is known."""
    names = coded(*["h1"] * 5, *["h2"] * 5, *["h3"] * 10)
    place = coded(*["X"] * 10, *["Y"] * 10)
    one = learnt(name=names, place=place, many=place)
    at = one.names.index("many")
    new = {name: coded("X", "Y", "Z") for name in ("name", "place", "many")}
    np.testing.assert_equal(one.encode(new)[:, at], [2, 1, np.nan])


def test_an_encoder_is_the_same_from_json():
    """As a bundle keeps it."""
    every = admissions()
    one = Encoder.fit(ASKED, columns(ASKED, every, every))
    assert Encoder.from_json(one.to_json()) == one


def test_drift_tells_a_new_population_from_the_same():
    """Nothing where nothing changed; new values and blanks are counted apart."""
    before = {"name": coded(*["a"] * 50, *["b"] * 50)}
    one = learnt(**before)
    of = Population.of(one, one.encode(before))
    same = drift(one, of, before, one.encode(before)).to_pylist()
    assert same == [{"feature": "name", "psi": 0.0, "unseen": 0.0, "missing": 0.0, "rows": 100}]
    after = {"name": coded(*["a"] * 90, *["b"] * 5, *["c"] * 3, None, None)}
    [row] = drift(one, of, after, one.encode(after)).to_pylist()
    expected = (0.9 - 0.5) * np.log(0.9 / 0.5) + (0.05 - 0.5) * np.log(0.05 / 0.5)
    assert (row["psi"], row["unseen"], row["missing"]) == (
        pytest.approx(expected), pytest.approx(0.03), pytest.approx(0.02),
    )  # fmt: skip
