"""MLflow at its worst: a training ends, its model serves, and MLflow hears of it later."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from faults.proxy import answer, held
from faults.school import Clean, School

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.mark.soak
def test_row_30_mlflow_is_stopped_for_a_whole_run(school: School, first: Clean) -> None:
    """A warning, less than 40 s later; the next Tick finds all decided, and registers it."""
    school.predict(name := school.taught())
    with school.no_registry():
        began = time.monotonic()
        assert school.train(name) == 200
        waited = time.monotonic() - began
        [run] = [run for run in school.world.runs(name) if run["step"] == "train"]
        assert waited - run["seconds"] < 40
        [said] = school.findings(name, "registry")
        assert said["severity"] == "warning"
        assert school.champion(name)
        school.predict(name)
        forecasts, decisions = first.outcome[0]["forecasts"], first.outcome[1]
        found = school.outcome(name)
        assert (found[0]["forecasts"], found[1]) == (forecasts, decisions)
    assert school.train(name, by=1) == 200
    assert school.statuses(name) == ["done", "unchanged"]
    school.mirrored(name)


@pytest.mark.soak
def test_row_31_mlflow_lets_nobody_in(school: School, first: Clean) -> None:
    """An error of its own kind, for a person; the model serves, and is registered once it may."""
    school.predict(name := school.taught())
    for status in (403, 401):
        rules = [school.proxy.rule(one, "", answer(status), times=99) for one in METHODS]
        assert school.train(name) == 200
        assert sum(rule.hits for rule in rules) > 0
        school.proxy.rules.clear()
    said = school.findings(name, "registry_forbidden")
    assert [row["severity"] for row in said] == ["error", "error"]
    assert school.champion(name)
    school.predict(name)
    assert school.outcome(name)[0]["forecasts"] == first.outcome[0]["forecasts"]
    assert school.train(name) == 200
    school.mirrored(name)


@pytest.mark.soak
def test_row_11_killed_in_the_middle_of_registering(school: School, first: Clean) -> None:
    """Half a run lies in MLflow: tagged an orphan once the next delivery has made a whole one."""
    school.predict(name := school.taught())
    release = threading.Event()
    uploading = school.proxy.rule("PUT", "artifacts", held(release), times=99)
    with ThreadPoolExecutor(1) as pool:
        dead = pool.submit(school.train, name)
        assert uploading.hit.wait(50)
        school.trainers[0].kill()
        release.set()
        assert dead.result() is None
    assert school.registered(name) == []
    assert school.train(name, by=1) == 200
    school.predict(name)
    assert school.outcome(name) == first.outcome
    school.mirrored(name)
    assert school.orphans(name) == [school.champion(name)]
