"""A training of records: who is judged by whom, what serves, what is kept of it."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from stays import DATASET, admissions, simulated
from vigil import shelf, tables
from vigil.classify import classifier
from vigil.classify.frame import frame
from vigil.classify.trial import BASELINE, Trial
from vigil.errors import Paused, Rejected

SHARED = {"dataset", "version", "decided_at", "run_id"}


def trial(every=None, files=None, pause=lambda _done, _total: None) -> Trial:
    """Of the simulated admissions."""
    return Trial(DATASET, every or admissions(), pause, files or shelf.Nowhere())


@pytest.fixture(scope="module")
def done() -> Trial:
    """One that has judged trees and the base rate."""
    one = trial()
    one.judge(["trees", BASELINE])
    return one


def test_trees_are_judged_against_the_base_rate_by_groups_of_people(done):
    """The ratio is that of the sums of losses; the interval is around it."""
    found = done.relative("trees", BASELINE)
    sums = (
        done.losses(["trees", BASELINE])
        .group_by("recipe")
        .aggregate([("brier", "sum"), ("n", "sum")])
    )
    trees, base = sums["brier_sum"].to_pylist()
    assert found.ratio == pytest.approx(trees / base)
    assert found.low < found.ratio < found.upper < found.high < 1
    assert (found.origins, found.rows, found.kind) == (26, 900, "crossed")
    assert sums["n_sum"].to_pylist() == [900, 900]
    assert done.relative("trees", "trees").ratio == 1


def test_what_is_said_of_a_record_does_not_depend_on_its_own_outcome(done):
    """With the outcomes of one fold turned around, the log odds of that fold stay."""
    every = admissions().known
    held = done.fold == 2
    turned = replace(every, outcome=np.where(held, 1 - every.outcome, every.outcome))
    other = trial(turned)
    other.columns = done.columns
    other.judge(["logistic"])
    done.judge(["logistic"])
    np.testing.assert_array_equal(other.crossed["logistic"][held], done.crossed["logistic"][held])
    assert not np.array_equal(other.crossed["logistic"][~held], done.crossed["logistic"][~held])


def test_assessments_and_curves_fill_their_tables_and_hide_small_groups(done):
    """All splits, fairness by each group; no row and no point of fewer than ten."""
    found, drawn = done.assessments(["trees", BASELINE]), done.curves("trees")
    assert set(tables.load("assessments").columns) == SHARED | set(found.column_names)
    assert set(tables.load("curves").columns) == SHARED | set(drawn.column_names)
    rows = found.to_pylist()
    assert {(row["model"], row["split"]) for row in rows if not row["field"]} == {
        (model, split)
        for model in ("trees", BASELINE)
        for split in ("crossed", "grouped", "random")
    }
    assert {row["field"] for row in rows} == {"", "Age", "Ward_Type"}
    assert min(row["n"] for row in rows) >= 10
    assert min(drawn["n"].to_pylist()) >= 10
    assert set(drawn["curve"].to_pylist()) == {"reliability", "roc", "precision_recall"}


def test_a_classifier_from_its_bundle_says_the_same(done):
    """Probabilities, classes, sets and drivers, to the bit."""
    one = done.classifier("trees")
    again = classifier.load(one.bundle())
    assert again.bundle().digest == one.bundle().digest
    mine, same = (each.scored(admissions().open, admissions()) for each in (one, again))
    np.testing.assert_array_equal(mine.probability, same.probability)
    assert mine.drivers.equals(same.drivers)
    assert (mine.positive == (mine.probability >= 1 / 3)).all()
    assert {len(json.loads(text)) for text in mine.drivers.to_pylist()} == {5}
    quick = one.scored(admissions().open, admissions(), drivers=False)
    np.testing.assert_allclose(quick.probability, mine.probability, atol=1e-12)


def test_nothing_of_a_single_person_is_in_a_bundle(done):
    """No name of a record or a person, and no value of fewer than ten records."""
    said = json.loads(done.classifier("trees").bundle().body(classifier.INDEX))
    text = json.dumps(said)
    assert not [one for one in admissions().people.to_pylist() if one in text]
    for feature in said["encoder"]:
        if feature["values"]:
            counts = done.columns[feature["name"]].fill_null("").value_counts().to_pylist()
            few = {one["values"] for one in counts if one["counts"] < 10}
            assert few.isdisjoint(feature["values"])


def test_unseen_hospitals_wards_and_cities_are_scored(done):
    """Codes that no training row had."""
    said = {"Hospital_code": 999, "City_Code_Hospital": 998, "Ward_Type": "Z", "Age": "new"}
    fields = pa.array([json.dumps(said), "{}"])
    new = frame(
        DATASET, pa.table({"record": ["n1", "n2"], "person": ["new", None], "fields": fields})
    )
    found = done.classifier("trees").scored(new, new)
    assert ((found.probability > 0) & (found.probability < 1)).all()
    assert done.classifier("trees").drift(new, new).num_rows == len(
        done.classifier("trees").encoder.features
    )


def test_nothing_to_score_is_scored(done):
    """No open admission: no row, no failure."""
    found = done.classifier("trees").scored(admissions().known.open, admissions())
    assert (len(found.probability), len(found.answers), len(found.drivers)) == (0, 0, 0)


def test_a_new_version_is_compared_on_open_records(done):
    """With itself nothing changes; with the base rate, which says yes to all, some do."""
    one = done.classifier("trees")
    assert done.compared(one, one) == ([], 0.0)
    bad, share = done.compared(one, done.classifier(BASELINE))
    said = one.scored(admissions().open, admissions(), drivers=False).positive
    assert (bad, share) == ([], pytest.approx((~said).mean()))
    assert np.isnan(done.compared(one, None)[1])


def test_a_training_that_was_stopped_goes_on_where_it_was(tmp_path):
    """Folds that are done are read, not fitted again, and hold no record."""
    asked = []

    def stop(done: int, _total: int) -> None:
        asked.append(done)
        if len(asked) == 3:
            raise Paused("later")

    folder = shelf.Folder(tmp_path)
    with pytest.raises(Paused):
        trial(files=folder, pause=stop).judge(["trees"])
    kept = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.json")}
    assert len(kept) == 3
    again = trial(files=folder)
    again.judge(["trees"])
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    fresh = trial()
    fresh.judge(["trees"])
    np.testing.assert_array_equal(again.crossed["trees"], fresh.crossed["trees"])
    text = "".join(file.read_text() for file in kept)
    assert not [one for one in admissions().people.to_pylist() if one in text]
    next(iter(kept)).write_text('{"torn')
    torn = trial(files=folder)
    torn.judge(["trees"])
    np.testing.assert_array_equal(torn.crossed["trees"], fresh.crossed["trees"])


def test_too_few_outcomes_are_refused():
    """And no count of them is told."""
    few = frame(DATASET, simulated(900, 60).slice(0, 99))
    with pytest.raises(Rejected, match="at least 100 records") as refused:
        trial(few)
    assert refused.value.rule == "few_outcomes"
    assert "99 " not in str(refused.value)


def test_what_scores_loads_nothing_that_only_trains():
    """Neither LightGBM's package nor scikit-learn, SciPy or pandas."""
    code = "import sys, vigil.classify.classifier; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(said.stdout.split())
    assert "vigil.models.boosters" in loaded
    assert {"lightgbm", "sklearn", "scipy", "pandas", "vigil.classify.fitting"}.isdisjoint(loaded)
