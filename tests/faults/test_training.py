"""Trainings that die, race, or run out of time: one promotion, one version, the old one serves."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from faults.proxy import delayed
from faults.school import LATER, TODAY, School

COMMIT = "UPDATE heads"
BASELINE = "1"  # the version of seasonal naive
BEFORE = {
    "train:1": "6, before anything is computed",
    "train:2": "6, before the models are kept",
    "commit:1": "8, before rows are staged",
    "commit:2": "8, after rows are staged",
}
AFTER = {"commit:3": "9, after the commit", "answer:1": "10, before the acknowledgement"}


@pytest.fixture
def first(school: School) -> Any:
    """What a clean run leaves: the baseline's forecast, a training, its forecast. Made once."""
    if "first" not in school.clean:
        name = school.taught()
        school.predict(name)
        assert school.train(name) == 200
        school.predict(name)
        school.clean["first"] = school.outcome(name)
    return school.clean["first"]


@pytest.fixture
def second(school: School) -> str:
    """A dataset whose champion is a refresh, both forecast from what is new. Made once."""
    if "second" not in school.clean:
        name = school.clean["second"] = school.begun()
        school.learns(name, LATER)
        school.predict(name, LATER)
        assert school.train(name, LATER) == 200
        school.predict(name, LATER)
    return school.clean["second"]


@pytest.mark.parametrize("point", [*BEFORE, *AFTER])
def test_rows_6_8_9_10_a_trainer_killed_at_a_point(point: str, school: School, first: Any) -> None:
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
    assert school.outcome(name) == first
    school.mirrored(name)


def test_row_11_killed_when_the_models_are_kept_but_not_promoted(
    school: School, second: str
) -> None:
    """What lies in the bucket is nobody's champion: the old one forecasts what is new."""
    name = school.begun()
    old = school.champion(name)
    school.learns(name, LATER)
    assert school.train(name, LATER, crash="train:3") is None
    assert len(school.world.cloud.vault.versions(name)) == 2
    assert school.champion(name) == old
    assert school.predict(name, LATER) == {old}
    assert school.train(name, LATER, by=1) == 200
    assert school.predict(name, LATER) == {old, school.champion(name)}
    assert school.outcome(name) == school.outcome(second)
    school.mirrored(name)


def test_row_11_what_a_dead_trainer_left_is_in_nobodys_way(school: School) -> None:
    """Its message never comes again, and no number is new: a later Tick trains, and can serve."""
    name = school.taught()
    assert school.train(name, crash="train:3") is None
    assert school.train(name, LATER, by=1) == 200
    assert school.predict(name, LATER) == {school.champion(name)}
    assert school.findings(name, "corrupt_model") == []
    school.mirrored(name)


def test_row_12_killed_between_the_commit_and_the_registry(school: School, second: str) -> None:
    """The head decides, and the new champion serves; names in MLflow follow at the next one."""
    name = school.begun()
    old = school.champion(name)
    school.learns(name, LATER)
    assert school.predict(name, LATER) == {old}
    assert school.train(name, LATER, crash="train:4") is None
    assert school.registered(name) == []
    new = school.champion(name)
    assert school.predict(name, LATER) == {old, new}
    assert school.train(name, LATER, by=1) == 200
    assert school.outcome(name) == school.outcome(second)
    assert school.registered(name) == [old, new]
    school.mirrored(name)


def test_rows_1_5_ten_redeliveries_of_what_was_decided(school: School, second: str) -> None:
    """One after another and at once, by two instances: no job, no model, no row."""
    before = school.outcome(second)
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda n: school.train(second, LATER, by=n % 2), range(10)))
    assert said == [200] * 10
    assert school.outcome(second) == before
    school.mirrored(second)


def test_rows_13_36_two_trainers_at_once_on_one_message(school: School) -> None:
    """Both have computed it; one commits, the other finds it decided; one version remains."""
    name = school.taught()
    slow = school.world.bigquery.rule("POST", "/queries", delayed(2.0), COMMIT, name)
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda by: school.train(name, by=by), range(2)))
    assert (said, slow.hits) == ([200, 200], 1)
    assert sorted(school.statuses(name)) == ["done", "unchanged"]
    assert len(school.promotions(name)) == 1
    school.mirrored(name)


def test_row_36_of_two_trainers_the_older_loses(school: School) -> None:
    """Its commit comes late and finds a newer one: refused, as it says; nothing of it remains."""
    name = school.taught(TODAY, LATER)
    older = f"train/{name}/{TODAY}"
    late = school.world.bigquery.rule("POST", "/queries", delayed(12.0), COMMIT, older)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(school.train, name, TODAY)
        assert late.hit.wait(30)
        assert school.train(name, LATER, by=1) == 200
        champion = school.champion(name)
        assert slow.result() == 200
    assert school.champion(name) == champion
    assert [row["version"] for row in school.promotions(name)] == [champion]
    [refused] = [run for run in school.world.runs(name) if run["status"] == "unchanged"]
    assert refused["reason"].startswith("refused: older than the training as of")
    school.mirrored(name)
