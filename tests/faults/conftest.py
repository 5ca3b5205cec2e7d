"""The world of the fault tests: started once, clean for each test."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from subjects import Subject

from conftest import alone
from faults.delivery import tick
from faults.harness import MOMENT, Tables, World, started
from faults.school import LATER, SERIES, Clean, School, opened
from vigil import letters
from vigil.local import resources, topics
from vigil.local.services import Service

BACKOFF = (0.2, 1.0)  # seconds: five attempts in three
OURS = (
    *(
        "VIGIL_WAREHOUSE",
        "VIGIL_RAW_BUCKET",
        "VIGIL_MODELS_BUCKET",
        "VIGIL_REPORTS_BUCKET",
        "VIGIL_DATASETS",
    ),
    *("VIGIL_MIRROR", "PUBSUB_EMULATOR_HOST"),
)


@pytest.fixture(scope="session")
def whole_world(local_cloud: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Functions, bus, proxies, upstream, and a warehouse that all fault tests share."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # other tests of the session are elsewhere
            patch.setenv("VIGIL_PUBSUB", "own")
            patch.setattr(topics, "BACKOFF", BACKOFF)
            world = stack.enter_context(started(tmp_path_factory.mktemp("world")))
            _point_to(world, patch)
            made = [Service(one.step, one.port, []) for one in world.functions.values()]
            with alone(tmp_path_factory):
                resources.make(made)
        yield world


@pytest.fixture
def world(whole_world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The world without faults, and this process in it."""
    _point_to(whole_world, monkeypatch)
    monkeypatch.setattr(topics, "BACKOFF", BACKOFF)
    monkeypatch.setattr(letters, "PATIENCE", 0.5)  # Pub/Sub is on this machine
    yield whole_world
    whole_world.storage.rules.clear()
    whole_world.bigquery.rules.clear()


@pytest.fixture
def subject() -> Subject:
    """What kind of dataset it is about, unless the test names others."""
    return SERIES


@pytest.fixture
def clean(world: World, subject: Subject) -> Tables:
    """The tables after one clean run of both steps, made once for each task."""
    if subject.task not in world.clean:
        name = world.dataset(subject.few, subject.plain)
        assert world.push("ingest", tick(name, MOMENT)) == 200
        world.clean[subject.task] = world.forecast(name)
    return world.clean[subject.task]


def _point_to(world: World, patch: pytest.MonkeyPatch) -> None:
    for name in OURS:
        patch.setenv(name, world.surroundings[name])


@pytest.fixture(scope="session")
def whole_school(whole_world: World) -> School:
    """Two instances of train and MLflow, started when the first test asks for them."""
    with pytest.MonkeyPatch.context() as patch:
        _point_to(whole_world, patch)
        return opened(whole_world)


@pytest.fixture
def school(world: World, whole_school: School, subject: Subject) -> Iterator[School]:
    """Where trainings happen, without faults."""
    whole_school.subject = subject
    yield whole_school
    whole_school.proxy.rules.clear()


@pytest.fixture
def first(school: School) -> Clean:
    """The baseline's forecast, a training by an instance, its forecast. Made once."""
    return _lessons(school)[0]


@pytest.fixture
def second(school: School) -> Clean:
    """The same, its forecast of what is new, a refresh, and that one's forecast. Made once."""
    return _lessons(school)[1]


def _lessons(school: School) -> tuple[Clean, Clean]:
    if school.subject.task not in school.clean:
        school.predict(name := school.taught())
        assert school.train(name) == 200
        school.predict(name)
        first = Clean(name, school.outcome(name))
        school.learns(name, LATER)
        school.predict(name, LATER)
        assert school.train(name, LATER) == 200
        school.predict(name, LATER)
        school.clean[school.subject.task] = first, Clean(name, school.outcome(name))
    return school.clean[school.subject.task]
