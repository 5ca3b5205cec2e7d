"""Trainings that die, race, run out of time or of MLflow: one promotion, one version, or none."""
import time
import pytest
from faults.school import School, opened
from faults.harness import World

@pytest.fixture(scope="session")
def whole_school(whole_world: World):
    with pytest.MonkeyPatch.context() as patch:
        for name, v in whole_world.surroundings.items(): patch.setenv(name, v)
        s = opened(whole_world)
    return s

@pytest.fixture
def school(world, whole_school):
    yield whole_school
    whole_school.proxy.rules.clear()

def test_a(school: School) -> None:
    def lap(what, t=[time.time()]):
        print(what, round(time.time()-t[0],2)); t[0]=time.time()
    lap("start")
    name = school.taught(); lap("taught")
    print(school.predict(name)); lap("pred")
    print(school.train(name)); lap("train")
    print(school.train(name)); lap("train again")
    school.mirrored(name); lap("checked")
    print(school.predict(name)); lap("pred")
    o=school.outcome(name); lap("outcome")
    print(str(o)[:3000])
    print(school.train(name, crash="train:1"), school.train(name)); lap("crash")
    school.learns(name, "2024-01-03"); lap("learns")
    print(school.train(name, "2024-01-03", crash="train:3")); lap("killed refresh")
    print(school.train(name, "2024-01-03", by=1)); lap("refresh")
    school.mirrored(name); lap("checked")
    print(school.promotions(name))
