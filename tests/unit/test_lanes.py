"""Lanes: one delivery of a step and dataset at a time, and what counts as its duplicate."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vigil.deadline import Deadline
from vigil.errors import Transient
from vigil.lanes import FEW, MOST, Lane, lane
from vigil.messages import Tick

NOON = datetime(2021, 1, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(milliseconds=1)
TICK = Tick("a", datetime(2021, 1, 3, tzinfo=UTC))
BARE = Tick("a", NOON, declared=False)


def worked(*ticks: Tick, times: int = FEW) -> Lane:
    """A lane that has worked on these Ticks so often, each time from noon on."""
    own = Lane()
    for tick in ticks:
        for _ in range(times):
            own.remember(tick, NOON)
    return own


def test_what_was_published_before_the_work_began_is_a_duplicate():
    """Whatever was published later may bring news, and is worked on."""
    own = worked(TICK)
    assert own.duplicate(TICK, NOON)
    assert not own.duplicate(TICK, LATER)


def test_a_few_duplicates_are_worked_on_like_any_other_message():
    """Only a flood is worth a shortcut."""
    assert not worked(TICK, times=FEW - 1).duplicate(TICK, NOON)


def test_another_moment_is_another_message():
    """Each declared moment is work of its own."""
    assert not worked(TICK).duplicate(Tick("a", NOON), NOON)
    assert not worked(TICK).duplicate(BARE, NOON)


def test_ticks_without_a_moment_differ_by_nothing_but_their_publication():
    """All that were published before a look began have been served by it."""
    earlier = Tick("a", NOON - timedelta(milliseconds=7), declared=False)
    assert worked(BARE).duplicate(earlier, earlier.as_of)
    assert not worked(BARE).duplicate(Tick("a", LATER, declared=False), LATER)


def test_a_memory_fades():
    """After a while a message takes the long way again, and so do the next few."""
    own = worked(TICK)
    own.done[TICK.as_of] = replace(own.done[TICK.as_of], until=0.0)
    assert not own.duplicate(TICK, NOON)
    own.remember(TICK, NOON)
    assert own.done[TICK.as_of].times == 1


def test_only_so_many_moments_are_remembered():
    """The oldest is forgotten first: memory stays flat."""
    own = worked(*(Tick("a", NOON + timedelta(days=n)) for n in range(MOST + 1)))
    assert len(own.done) == MOST
    assert not own.duplicate(Tick("a", NOON), NOON)
    assert own.duplicate(Tick("a", NOON + timedelta(days=1)), NOON)


def test_the_first_duplicate_is_told_of_and_then_a_count_now_and_then():
    """One row, not ten thousand."""
    own = Lane()
    assert [own.spare() for _ in range(4)] == [1, 0, 0, 0]
    own.next_row = 0.0
    assert own.spare() == 4


def test_one_at_a_time_and_nobody_waits_past_the_deadline():
    """The other comes again later."""
    own = Lane()
    with own.alone(Deadline()), pytest.raises(Transient), own.alone(Deadline(0.05)):
        pytest.fail("two worked at once")
    with own.alone(Deadline()):
        assert own.working.locked()


def test_a_step_and_dataset_have_one_lane():
    """However many threads ask for it at once."""
    found: set[int] = set()
    threads = [
        threading.Thread(target=lambda: found.add(id(lane("ingest", "racing")))) for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1
    assert lane("ingest", "racing") is not lane("predict", "racing")
