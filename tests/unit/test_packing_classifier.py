"""A classifier as files: loaded from a folder, and nothing of a single person in any of them."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from admitted import CASE, PERSON, RARE, TOLD, admissions, dossier, file, records, trial
from mlflow import pyfunc

from vigil import packing
from vigil.classify.frame import frame
from vigil.exhibits import Exhibits


@cache
def shown():
    """A training, as it is shown."""
    return Exhibits(dossier())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What MLflow keeps of a training: of the run, and of the model."""
    place = tmp_path_factory.mktemp("packed")
    packing.write_evidence(shown(), place / "run")
    packing.write_model(shown(), place / "model", "run", "m-1")
    return place


@pytest.fixture(scope="module")
def model(folder):
    """The model, loaded."""
    return pyfunc.load_model(str(folder / "model"))


def test_a_hospitals_file_gives_the_classifiers_answers(model):
    """A row a record; visits are counted by the column of the patient."""
    found, asked = model.predict(file()), frame(TOLD, records())
    said = trial().classifier("trees").scored(asked, asked)
    assert list(found.columns) == [*packing.TOLD["classify"]]
    assert found["probability"].to_numpy() == pytest.approx(said.probability)
    assert list(found["positive"]) == said.positive.tolist()
    assert list(found["answers"]) == said.answers.to_pylist()
    assert list(found["drivers"]) == said.drivers.to_pylist()


def test_columns_come_in_any_type_and_optional_ones_need_not_come(model):
    """Read as text, or numbers with a point; the index stays."""
    asked = file().drop(columns=["case_id", "Stay"]).tail(50)
    texts = pd.DataFrame(
        {name: column.map(str, na_action="ignore") for name, column in asked.items()}
    )
    floats = asked.assign(Hospital_code=asked["Hospital_code"].astype(float))
    for given in (texts, floats):
        pd.testing.assert_frame_equal(model.predict(given), model.predict(asked))
    assert list(model.predict(asked).index) == list(asked.index)


def test_a_blank_column_a_new_value_and_a_column_too_many_are_no_trouble(model):
    """One admission, half filled in."""
    asked = file().tail(1).assign(Department=np.nan, Ward_Type="new", Religion="none")
    assert model.predict(asked)["probability"].between(0, 1).all()


def test_a_column_that_is_missing_is_named(model):
    """A renamed one is not taken for blank."""
    with pytest.raises(Exception, match="Ward_Type"):
        model.predict(file().rename(columns={"Ward_Type": "Ward"}))


def test_nobody_who_asks_needs_the_outcome():
    """Though every file of the dataset has its column."""
    source = TOLD.sources["admissions"].model_copy(update={"optional": ("case_id", "patientid")})
    asked = packing.signature(TOLD.model_copy(update={"sources": {"admissions": source}})).inputs
    assert [one.name for one in asked if not one.required] == ["Stay", "case_id", "patientid"]


def test_nothing_asked_gives_no_answer(model):
    """An empty frame is no error."""
    assert model.predict(file().head(0)).empty


def test_the_input_example_is_of_nobody_and_can_be_asked(model):
    """Each field says its type and no value that anybody has; no outcome, case or patient."""
    [told] = model.input_example.to_dict("records")
    assert set(told) == set(TOLD.fields) - {"Stay"}
    assert set(told.values()) == {1, "made up"}
    assert "made up" not in {value for row in admissions() for value in row.values()}
    assert len(model.predict(model.input_example)) == 1


def test_what_is_shown_of_a_run_lies_in_its_folder(folder):
    """Scores, curves, the card and the plots."""
    pictures = {"reliability.png", "roc.png", "precision_recall.png", "calibration_by_group.png"}
    names = {each.name for each in (folder / "run").iterdir()}
    assert {*pictures, "assessments.csv", "curves.csv", "card.md"} <= names
    table = pd.read_csv(folder / "run" / "assessments.csv")
    assert len(table) == dossier().scores.num_rows
    assert table["n"].min() >= 10


def told() -> list[str]:
    """What MLflow's database is told."""
    tags = [f"{name} {value}" for name, value in shown().run_tags.items()]
    params = [f"{one.key} {one.value}" for one in shown().params]
    metrics = [f"{one.key} {one.value}" for one in shown().metrics("run", "model")]
    return [*tags, *params, *metrics, str(shown().input.to_dictionary()), shown().judged.about]


def test_nothing_of_a_single_person_is_in_any_file_tag_parameter_or_metric(folder):
    """No case, no hash of a person, and none of the values that one of 600 alone has."""
    files = [each for each in folder.rglob("*") if each.is_file()]
    texts = [each.read_bytes() for each in files] + [one.encode() for one in told()]
    assert len(files) > 100
    secret = [CASE, PERSON, *(f"{value}" for value in RARE.values())]
    secret += [f"{value:.0f}" for value in RARE.values() if isinstance(value, float)]
    for one in secret:
        assert not [text for text in texts if one.encode() in text], one


def test_such_values_would_be_found(folder):
    """They are in what was learnt from; what many have is in what is shown."""
    held = "".join(json.dumps(row) for row in records().to_pylist())
    for one in (CASE, PERSON, *(f"{value}" for value in RARE.values())):
        assert one in held
    card = (folder / "run" / "card.md").read_text()
    assert "71-80" in card
