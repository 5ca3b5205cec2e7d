"""The harness itself: what it does not do to the product, and what it does."""

from tiny import visits

from faults.delivery import tick
from faults.harness import World, until
from faults.proxy import answer, lost


def test_without_faults_a_tick_goes_from_the_bus_to_a_forecast(world: World) -> None:
    """Published once, through ingest and predict."""
    name = world.dataset(visits())
    world.publish("ingest", tick(name, "2024-04-08"))
    until(lambda: [run for run in world.runs(name) if run["step"] == "predict"])
    assert [run["status"] for run in world.runs(name)] == ["done", "done"]
    assert len(world.tables(name)["observations"]) == 4 * 90


def test_rules_act_on_so_many_requests_and_then_no_more(world: World) -> None:
    """A lost upload and a busy service: Google's clients ask again, and the step completes."""
    name = world.dataset(visits())
    busy = world.bigquery.rule("POST", "/queries", answer(503, "backendError"))
    upload = world.storage.rule("POST", "/upload/", lost)
    assert world.push("ingest", tick(name, "2024-04-08")) == 200
    assert (busy.hits, upload.hits) == (1, 1)


def test_a_killed_worker_is_replaced(world: World) -> None:
    """The delivery dies, the function lives."""
    name = world.dataset(visits())
    assert world.push("ingest", tick(name, "2024-04-08"), crash="commit:1") is None
    assert world.push("ingest", tick(name, "2024-04-08")) == 200
