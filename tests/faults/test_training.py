"""Trainings that die, race, or run out of time: one promotion, one version, the old one serves."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from faults.delivery import tick
from faults.proxy import delayed, held, passed, together
from faults.school import BOTH, LATER, LATEST, TODAY, Clean, School
from vigil.local import resources
from vigil.steps.promote import Word, rollback

COMMIT = "UPDATE heads"
BASELINE = "1"  # the version of seasonal naive
BEFORE = {
    "train:1": "6, before anything is computed",
    "train:2": "6, before the models are kept",
    "commit:1": "8, before rows are staged",
    "commit:2": "8, after rows are staged",
}
AFTER = {"commit:3": "9, after the commit", "answer:1": "10, before the acknowledgement"}
POINTS = (*BEFORE, *AFTER)


@pytest.mark.soak
@BOTH
@pytest.mark.parametrize("point", POINTS)
def test_rows_6_8_9_10_a_trainer_killed_at_a_point(
    point: str, school: School, first: Clean
) -> None:
    """Until it has committed the baseline serves; another instance completes the work."""
    name = school.taught()
    if point in AFTER:
        assert school.predict(name) == {BASELINE}
    assert school.train(name, crash=point) is None
    champion = school.champion(name)
    assert bool(champion) == (point in AFTER)
    assert school.predict(name) == ({BASELINE, champion} if champion else {BASELINE})
    assert school.train(name, by=1) == 200
    assert school.predict(name) == {BASELINE, school.champion(name)}
    assert school.outcome(name) == first.outcome
    school.mirrored(name)


@pytest.mark.soak
@BOTH
def test_row_11_killed_when_the_models_are_kept_but_not_promoted(
    school: School, second: Clean
) -> None:
    """What lies in the bucket is nobody's champion: the old one forecasts what is new."""
    name = school.begun()
    old = school.champion(name)
    school.learns(name, LATER)
    assert school.train(name, LATER, crash="train:3") is None
    assert len(school.world.cloud.vault.versions(name)) == 2
    assert school.champion(name) == old
    assert school.predict(name, LATER) == {BASELINE, old}
    assert school.train(name, LATER, by=1) == 200
    assert school.predict(name, LATER) == {BASELINE, old, school.champion(name)}
    assert school.outcome(name) == second.outcome
    school.mirrored(name)


@pytest.mark.soak
@BOTH
def test_row_11_what_a_dead_trainer_left_is_in_nobodys_way(school: School) -> None:
    """Its message never comes again, and no number is new: a later Tick trains, and can serve."""
    name = school.taught()
    assert school.train(name, crash="train:3") is None
    assert school.train(name, LATER, by=1) == 200
    assert school.predict(name, LATER) == {school.champion(name)}
    assert school.findings(name, "corrupt_model") == []
    school.mirrored(name)


@BOTH
def test_row_12_killed_between_the_commit_and_the_registry(school: School, second: Clean) -> None:
    """The head decides, and the new champion serves; names in MLflow follow at the next one."""
    name = school.begun()
    old = school.champion(name)
    school.learns(name, LATER)
    assert school.predict(name, LATER) == {BASELINE, old}
    assert school.train(name, LATER, crash="train:4") is None
    assert school.registered(name) == []
    new = school.champion(name)
    assert school.predict(name, LATER) == {BASELINE, old, new}
    assert school.train(name, LATER, by=1) == 200
    assert school.outcome(name) == second.outcome
    assert school.registered(name) == [old, new]
    school.mirrored(name)


@pytest.mark.soak
@BOTH
def test_rows_1_5_ten_redeliveries_of_what_was_decided(school: School, second: Clean) -> None:
    """One after another and at once, by two instances: no job, no model, no row."""
    before = school.outcome(second.name)
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda n: school.train(second.name, LATER, by=n % 2), range(10)))
    assert said == [200] * 10
    assert school.outcome(second.name) == before
    school.mirrored(second.name)


@BOTH
def test_rows_13_36_two_trainers_at_once_on_one_message(school: School) -> None:
    """Both have computed it; one commits, the other finds it decided; one version remains."""
    name = school.taught()
    both = school.world.bigquery.rule("POST", "/queries", together(2), COMMIT, name, times=2)
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda by: school.train(name, by=by), range(2)))
    assert (said, both.hits) == ([200, 200], 2)
    assert sorted(school.statuses(name)) == ["done", "unchanged"]
    assert len(school.promotions(name)) == 1
    school.mirrored(name)


@pytest.mark.soak
@BOTH
def test_row_36_of_two_trainers_the_older_loses(school: School) -> None:
    """Its commit comes late and finds a newer one: refused, as it says; nothing of it remains."""
    name = school.taught(TODAY, LATER)
    older, release = f"train/{name}/{TODAY}", threading.Event()
    late = school.world.bigquery.rule("POST", "/queries", held(release), COMMIT, older)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(school.train, name, TODAY)
        assert late.hit.wait(50)
        assert school.train(name, LATER, by=1) == 200
        champion = school.champion(name)
        release.set()
        assert slow.result() == 200
    assert school.champion(name) == champion
    assert [row["version"] for row in school.promotions(name)] == [champion]
    [refused] = [run for run in school.world.runs(name) if run["status"] == "unchanged"]
    assert refused["reason"].startswith("refused: older than the training as of")
    school.mirrored(name)


@BOTH
def test_row_47_out_of_time_in_the_middle_of_a_training(school: School, first: Clean) -> None:
    """It stops in time and keeps what it has; the next delivery makes the rest, and no more."""
    name, storage = school.taught(), school.world.storage
    school.predict(name)
    uploads = [
        storage.rule("POST", "/upload/", act, f"checkpoints/{name}/", times=times)
        for act, times in ((passed, 3), (delayed(4.0), 1), (passed, 1000))
    ]
    with school.world.process("train", VIGIL_STEP_SECONDS="124") as hasty:  # 120 are for the end
        assert hasty.push(tick(name, TODAY)) == 500
    assert school.statuses(name) == ["paused"]
    kept = school.checkpoints(name)
    assert kept
    assert school.promotions(name) == []
    assert school.train(name, crash="train:2") is None
    assert len(school.checkpoints(name)) == sum(one.hits for one in uploads) > len(kept)
    assert school.train(name, by=1) == 200
    assert school.checkpoints(name) == []
    school.predict(name)
    assert school.outcome(name) == first.outcome
    school.mirrored(name)


@pytest.mark.soak
def test_row_49_a_newer_message_to_train_comes_again(school: School, first: Clean) -> None:
    """An envelope of a later version is for later code: 5xx, and no trace in the tables."""
    before, runs = school.outcome(first.name), school.statuses(first.name)
    assert school.trainers[0].push(tick(first.name, TODAY, v=2)) == 500
    assert school.outcome(first.name) == before
    assert school.statuses(first.name) == runs


@pytest.mark.soak
def test_row_50_tables_from_before_there_were_trainings(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made again they have what a training needs; a head of before is read, and gets a champion."""
    monkeypatch.setenv("VIGIL_WAREHOUSE", "untrained")
    resources.make([])
    name, warehouse = school.taught(), school.world.cloud.warehouse
    new = ("champion", "champion_recipe", "champion_digest", "champion_as_of", "trained_as_of")
    for column in new:
        warehouse.client.query_and_wait(f"ALTER TABLE untrained.heads DROP COLUMN {column}")
    warehouse.client.query_and_wait("DROP TABLE untrained.promotions")
    made = warehouse.client.get_dataset("untrained")
    made.labels = {"schema": "of-an-older-version"}
    warehouse.client.update_dataset(made, ["labels"])
    before = warehouse.head(name)
    resources.make([])
    assert warehouse.head(name) == before
    school.trains_here(name)
    [row] = school.promotions(name)
    assert warehouse.head(name).champion == row["version"]


@BOTH
def test_row_52_after_a_rollback_the_old_version_forecasts(school: School, second: Clean) -> None:
    """By the next message; no redelivery undoes it, no data is edited, MLflow's name follows."""
    name, before = second.name, school.answers(second.name)
    old, new = (row["version"] for row in school.promotions(name))
    rollback(name, None, Word("rollback", "it jumped", "ann"), school.world.cloud)
    school.learns(name, LATEST)
    assert school.world.push("predict", tick(name, LATEST)) == 200
    answers = school.answers(name)
    assert {row["version"] for row in answers if row not in before} == {old}
    assert all(row in answers for row in before)
    assert school.train(name, LATER) == 200
    assert (school.champion(name), school.alias(name)) == (old, old)
    assert school.registered(name) == [old, new]
    assert school.promotions(name)[-1]["reason"] == "it jumped"
