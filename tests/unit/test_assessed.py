"""What MLflow is told of a training that classifies."""

from dataclasses import replace
from functools import cache

import pytest
from admitted import RECIPES, TOLD, dossier

from vigil import assessed
from vigil.assessed import Assessed
from vigil.exhibits import Exhibits

ROW = {
    "model": "trees", "split": "crossed", "field": "", "value": "", "n": 100, "positives": 40,
    "mean_probability": 0.4, "auc": 0.8, "average_precision": 0.7, "brier": 0.16, "log_loss": 0.5,
    "true_positives": 30, "false_positives": 20, "false_negatives": 10, "true_negatives": 40,
    "accuracy": 0.7, "f1": 2 / 3, "covered": 0.9,
}  # fmt: skip


@cache
def shown():
    """A training, as it is shown."""
    return Exhibits(dossier())


def row(**said):
    """One row of the table assessments, with its shares."""
    found = {**ROW, **said}
    return {**found, **assessed.shares(found)}


def test_a_metric_is_named_for_its_split_model_and_group():
    """The recipe's cross-validation has the plain names."""
    rows = [
        row(), row(model="logistic"), row(split="grouped", model="logistic"),
        row(field="Age", value="21-30"),
    ]  # fmt: skip
    names = dict(assessed.metrics(rows, "trees")).keys()
    assert {"auc", "logistic.brier", "grouped.logistic.f1", "Age.21-30.found"} <= names
    assert "Age.21-30.log_loss" not in names


def test_groups_are_told_of_the_recipe_in_cross_validation_alone():
    """The others are in the table."""
    rows = [row(field="Age", model="logistic"), row(field="Age", split="random")]
    assert not list(assessed.metrics(rows, "trees"))


def test_a_value_that_mlflow_would_refuse_in_a_name_is_written_otherwise():
    """Names are of letters, digits and a few signs."""
    [name, *_] = dict(assessed.metrics([row(field="Dept", value="TB & Chest > 1/2")], "trees"))
    assert name == "Dept.TB _ Chest _ 1_2.auc"


def test_shares_are_of_all_yes_and_of_all_no():
    """30 of 40 were found, and 20 of 60 were false alarms."""
    told = assessed.shares(ROW)
    assert told == {"share": 0.4, "found": 0.75, "false_alarms": pytest.approx(1 / 3)}


def test_all_that_were_judged_are_told_on_all_splits():
    """The version's own scores, and those of the models beside it."""
    names = {metric.key for metric in shown().metrics("run", "model")}
    for start in ("", *(f"{name}." for name in RECIPES[1:])):
        for score in assessed.MAIN[:4]:
            assert {f"{start}{score}", f"grouped.{start}{score}"} <= names
    assert {"accuracy", "f1", "covered", "true_positives", "Age.41-50.auc", "random.auc"} <= names
    assert "Age.other.found" in names


def test_tags_say_how_good_and_how_much_better_than_the_base_rate():
    """Beside what every version says."""
    tags = shown().tags
    own, rival = (shown().judged.headlines[name] for name in ("trees", "base_rate"))
    assert tags["vigil.auc"] == f"{own['auc']:.4g}"
    assert tags["vigil.skill"] == f"{1 - own['brier'] / rival['brier']:.3f}"
    assert tags["vigil.decision"] == "first promoted"
    assert "vigil.wis" not in tags


def test_the_data_are_records_as_known_at_a_moment():
    """They stay in the warehouse: name, digest and moment alone are told."""
    said = shown().input.dataset
    assert (said.name, said.digest) == ("hospital_stay", "d" * 36)
    assert "records_asof" in said.source


@pytest.mark.parametrize(
    "said",
    ["first: **promoted**", "| trees |", "| base_rate |", "it was yes", "| Ward_Type |", "dddd"],
)
def test_the_card_of_a_version_says_how_it_did_and_for_whom(said):
    """Beside the others, at the threshold, by group."""
    assert said in shown().card


def test_the_card_names_its_own_weak_points():
    """Off by more than five points, sets that hold too little, no better than the base rate."""
    scores = dossier().scores
    rows = [
        {**ROW, "covered": 0.8}, {**ROW, "model": "base_rate"},
        {**ROW, "field": "Age", "value": "21-30", "mean_probability": 0.5},
    ]  # fmt: skip
    weak = replace(dossier(), scores=scores.from_pylist(rows, scores.schema))
    text = Assessed(weak, TOLD).card
    assert "No better than base_rate" in text
    assert "All records: the 90% sets held 80% of the outcomes" in text
    assert "Age 21-30: 50% was said on average, 40% came" in text


def test_the_card_says_why_a_matrix_is_not_shown():
    """A count under ten, where it would stand."""
    blank = {**ROW, **dict.fromkeys([*assessed.COUNTS, "accuracy", "f1"])}
    scores = dossier().scores
    few = replace(dossier(), scores=scores.from_pylist([blank], scores.schema))
    assert "a count is under ten, so none is shown" in Assessed(few, TOLD).card


def test_a_training_that_was_not_judged_has_no_scores_and_a_card():
    """Nothing to compare, and nothing breaks."""
    bare = Exhibits(replace(dossier(), scores=dossier().scores.slice(0, 0)))
    assert "It was not judged" in bare.card
    assert bare.metrics("run", "model") == []
    assert "vigil.auc" not in bare.tags


def test_the_card_of_a_dataset_says_what_is_asked_and_what_it_is_not_for():
    """The question, what mistakes cost, and one line that loads its champion."""
    text = shown().judged.about
    assert "Longer than 30 days in hospital?" in text
    assert "missed 2, false alarm 1: 0.33" in text
    assert "models:/vigil-hospital_stay@champion" in text
