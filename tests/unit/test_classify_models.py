"""Lines, trees, their calibration, sets of answers, scores: against others and by hand."""

import json

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from stays import DATASET, admissions
from vigil.classify import fitting, line, scores
from vigil.classify.calibration import Beta
from vigil.classify.columns import columns
from vigil.classify.conformal import Conformal
from vigil.classify.drivers import drivers
from vigil.classify.encoder import Encoder
from vigil.classify.model import Model
from vigil.classify.newton import sigmoid

ASKED = DATASET.classification
RNG = np.random.default_rng(1)


@pytest.fixture(scope="module")
def taught():
    """An encoder, its table, and the answers."""
    known = admissions().known
    made = columns(ASKED, known, admissions())
    encoder = Encoder.fit(ASKED, made)
    return encoder, encoder.encode(made), known.outcome


def test_the_line_is_that_of_scikit_learn():
    """With its default penalty, on names and numbers."""
    names = RNG.integers(0, 3, 400)
    number = RNG.normal(3, 2, 400)
    yes = (RNG.random(400) < sigmoid(names - 1 + (number - 3) / 4)).astype(float)
    column = pa.array([str(one) for one in names]).dictionary_encode()
    made = {"name": column, "number": pa.array(number)}
    encoder = Encoder.fit(ASKED, made)
    table = encoder.encode(made)
    ours = line.fit(encoder, table, yes, penalty=1.0)
    scaled = (table[:, 1] - table[:, 1].mean()) / table[:, 1].std()
    design = np.column_stack([*(names == one for one in range(3)), scaled])
    theirs = LogisticRegression(tol=1e-8, max_iter=1000).fit(design, yes)
    np.testing.assert_allclose(ours.raw(table), theirs.decision_function(design), atol=1e-3)


@pytest.mark.parametrize("recipe", fitting.FITS)
def test_what_features_add_is_what_is_said(taught, recipe):
    """To the base, to a billionth; a row that is blank all over is scored, too."""
    encoder, table, yes = taught
    model = fitting.FITS[recipe](encoder, table, yes)
    rows = np.vstack([table[:50], np.full((1, table.shape[1]), np.nan, np.float32)])
    said = model.raw(rows)
    assert np.isfinite(said).all()
    np.testing.assert_allclose(model.base + model.adds(rows).sum(axis=1), said, atol=1e-9)
    assert model.adds(rows[:0]).shape == (0, table.shape[1])


def test_a_fit_is_the_same_twice(taught):
    """To the byte of its trees."""
    one, other = (fitting.trees(*taught) for _ in range(2))
    assert one.files() == other.files()
    assert one.to_json() == other.to_json()


def test_a_way_to_a_leaf_credits_each_split_with_its_change_of_the_mean():
    """A tree of two splits, worked out by hand from its leaves' means."""
    x = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], 40, axis=0).astype(np.float32)
    yes = np.repeat([0, 0, 0, 1], 40).astype(float)
    booster = fitting._grown([], x, (yes, None), {**QUIET, "num_leaves": 3}, 1)

    model = Model(0.0, None, booster)
    said = booster.raw(x[[0, 80, 120]])
    low, middle, high = said
    mean = (80 * low + 40 * middle + 40 * high) / 160
    right = (middle + high) / 2
    expected = [[low - mean, 0], [right - mean, middle - right], [right - mean, high - right]]
    np.testing.assert_allclose(model.base, mean)
    np.testing.assert_allclose(model.adds(x[[0, 80, 120]]), expected)


QUIET = {"objective": "binary", "min_data_in_leaf": 5, "verbose": -1, "num_threads": 1}


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0, 20.0])
def test_calibration_undoes_a_wrong_scale_and_keeps_the_order(scale):
    """Too sure or not sure enough."""
    truth = RNG.normal(0, 2, 20_000)
    yes = (RNG.random(20_000) < sigmoid(truth)).astype(float)
    beta = Beta.fit(truth * scale, yes)
    probability = beta.probability(truth * scale)
    assert np.abs(probability - sigmoid(truth)).mean() < 0.02
    assert (np.diff(probability[np.argsort(truth)]) >= 0).all()


def test_log_odds_that_tell_the_contrary_are_calibrated_to_one_probability():
    """An order is never turned around."""
    truth = RNG.normal(0, 2, 5000)
    yes = (RNG.random(5000) < sigmoid(-truth)).astype(float)
    assert np.ptp(Beta.fit(truth, yes).probability(truth)) < 1e-6


def test_a_set_holds_the_answer_nine_times_of_ten_for_yes_and_for_no():
    """On new records, of which yes are few; none is empty."""
    truth = RNG.normal(-2, 1.5, 60_000)
    yes = (RNG.random(60_000) < sigmoid(truth)).astype(float)
    half, rest = slice(None, 30_000), slice(30_000, None)
    sets = Conformal.fit(sigmoid(truth[half]), yes[half])
    covered = sets.covered(sigmoid(truth[rest]), yes[rest])
    for answer in (0, 1):
        assert covered[yes[rest] == answer].mean() == pytest.approx(0.9, abs=0.015)
    assert set(sets.answers(sigmoid(truth[rest])).to_pylist()) == {"yes", "no", "either"}


def test_few_records_leave_every_answer_possible():
    """Nine are too few to exclude a tenth."""
    sets = Conformal.fit(np.linspace(0.1, 0.9, 9), np.array([0.0, 1.0] * 4 + [0.0]))
    assert sets.answers(np.array([0.0, 0.5, 1.0])).to_pylist() == ["either"] * 3


def test_scores_are_those_of_scikit_learn():
    """Also with ties."""
    said = np.round(RNG.random(500), 1)
    yes = (RNG.random(500) < said).astype(float)
    found = scores.numbers(said, yes, 1 / 3, np.ones(500))
    assert found["auc"] == pytest.approx(roc_auc_score(yes, said))
    assert found["average_precision"] == pytest.approx(average_precision_score(yes, said))


def test_scores_worked_out_by_hand():
    """Four records, one of each kind of answer."""
    found = scores.numbers(
        np.array([0.8, 0.4, 0.3, 0.1]),
        np.array([1.0, 0.0, 1.0, 0.0]),
        0.35,
        np.array([1.0, 1, 0, 1]),
    )
    counted = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    assert [found[name] for name in counted] == [1, 1, 1, 1]
    assert (found["auc"], found["f1"], found["accuracy"], found["covered"]) == (
        0.75,
        0.5,
        0.5,
        0.75,
    )
    assert found["brier"] == pytest.approx((0.04 + 0.16 + 0.49 + 0.01) / 4)


def test_without_both_answers_ranks_say_nothing():
    """No curve, no number; the rest is told."""
    found = scores.numbers(np.array([0.2, 0.4]), np.zeros(2), 0.3, np.ones(2))
    assert (found["auc"], found["average_precision"]) == (None, None)
    assert found["brier"] == pytest.approx(0.1)


def test_drivers_are_the_five_that_move_most_as_json():
    """Values as they were said, blanks as null, quotes and accents whole."""
    names = ["a", "b", "c", "d", "e", 'f "q"']
    made = {name: pa.array([1.5, None]) for name in names[:5]}
    made[names[5]] = pa.array(['é "x"', None]).dictionary_encode()
    adds = np.array([[0.1, -0.9, 0.3, 0.0, 0.5, 0.7], [0.0] * 6])
    first, second = (json.loads(one) for one in drivers(names, made, adds).to_pylist())
    assert [one["feature"] for one in first] == ["b", 'f "q"', "e", "c", "a"]
    assert first[1] == {"feature": 'f "q"', "value": 'é "x"', "adds": 0.7}
    assert [one["value"] for one in second] == [None] * 5
