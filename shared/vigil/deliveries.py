"""Deliveries: one HTTP request to a function, worked on and always answered.

2xx: done, or given up on for good. 5xx: Pub/Sub sends it again, and after five times aside.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from vigil import crash, datasets
from vigil.bus import Delivery, Request, receive
from vigil.cloud import Cloud
from vigil.errors import Misconfigured, Paused, Rejected, VigilError
from vigil.garbage import refuse
from vigil.lanes import Lane, lane
from vigil.ledger import record_duplicates, run_id, told
from vigil.log import log
from vigil.messages import Tick

Step = Callable[[Tick, Cloud], Tick | None]
Answer = tuple[str, int]
DONE, AGAIN, NOT_HERE = ("", 200), ("come again\n", 500), ("expected POST\n", 405)


def answer(request: Request, name: str, step: Step, then: str | None = None) -> Answer:
    """Run a step for a delivery, and send what follows to the step *then*."""
    if request.method != "POST":
        return NOT_HERE
    known: dict[str, object] = {"step": name}
    try:
        delivery, cloud = Delivery.of(request), Cloud.from_env()
        try:
            tick = _tick(delivery)
        except Rejected as reason:
            refuse(delivery, reason, name, cloud)
            return DONE
        known |= {"dataset": tick.dataset, "run_id": run_id(name, tick.dataset, tick.as_of)}
        _once(name, tick, delivery.published, partial(_work, tick, step, then, cloud), cloud)
    except Exception as error:  # noqa: BLE001  whatever it is, the message comes again
        _complain(error, known)
        return AGAIN
    crash.point("answer:1")  # done and published, not acknowledged
    return DONE


def _tick(delivery: Delivery) -> Tick:
    """The Tick, if there is such a dataset."""
    tick = receive(delivery)
    with suppress(Misconfigured):  # the step will say so in the ledger
        datasets.load(tick.dataset)
    return tick


def _work(tick: Tick, step: Step, then: str | None, cloud: Cloud) -> None:
    """The step, and the message that follows."""
    following = step(tick, cloud)
    if following and then:
        cloud.bus.publish(then, following)


def _once(
    name: str, tick: Tick, published: datetime, work: Callable[[], None], cloud: Cloud
) -> None:
    """Work on a Tick, unless this process has since it was published."""
    mine = lane(name, tick.dataset)
    if mine.duplicate(tick, published):
        return _spare(mine, tick, name, cloud)
    with mine.alone(cloud.deadline):
        if mine.duplicate(tick, published):  # of the one that it waited for
            return _spare(mine, tick, name, cloud)
        began = datetime.now(UTC)
        with suppress(Rejected):  # recorded by the step: it would be refused again
            work()
            mine.remember(tick, began)
    return None


def _spare(mine: Lane, tick: Tick, name: str, cloud: Cloud) -> None:
    """Pass over a duplicate; the ledger hears of them now and then."""
    log("duplicate", step=name, dataset=tick.dataset, as_of=tick.as_of)
    if count := mine.spare():
        try:
            record_duplicates(name, tick, count, cloud.warehouse)
        except Exception as error:  # noqa: BLE001  a duplicate must not come again for its row
            log(f"{count} duplicates are in no ledger: {error}", severity="WARNING", step=name)


def _complain(error: Exception, known: dict[str, object]) -> None:
    """One line, whatever the trouble; where nobody foresaw it, with the way that led there."""
    said, trace = told(error, str(known.get("dataset")))
    severity = "INFO" if isinstance(error, Paused) else "ERROR"
    shown = None if isinstance(error, VigilError) else trace  # foreseen: the sentence says it all
    log(said, severity=severity, stack_trace=shown, **known)
