"""The Tick: what is read from a message, and what is refused."""

import json
import string
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vigil.datasets.names import check_name
from vigil.errors import Rejected, Transient
from vigil.messages import Tick, moment_text, parse_moment

PUBLISHED = datetime(2021, 1, 31, 6, 15, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ALLOWED = set(string.ascii_letters + string.digits + "_")
NASTY = [
    "../etc/passwd",
    "..",
    "a/b",
    "a\\b",
    "%2e%2e%2f",
    "a%2eb",
    "a\0",
    "\0",
    "a'--",
    'a"',
    "a`b",
    "a; DROP TABLE heads",
    "a\n",
    "\na",
    "a\r",
    "a b",
    "a.yaml",
    "a-b",
    "1a",
    "_a",
    "é",
    "а",  # Cyrillic
    "",
    "a" * 41,
]


@pytest.mark.parametrize("name", NASTY)
def test_a_name_that_could_leave_its_place_is_rejected(name):
    """No path, quote, percent sign, NUL or newline gets through; the message shows the name."""
    with pytest.raises(Rejected) as refused:
        check_name(name, "message: dataset")
    assert refused.value.rule == "name"
    assert str(refused.value).startswith("message: dataset: expected a letter")
    assert repr(name)[:80] in str(refused.value)


@pytest.mark.parametrize("name", ["a", "A1_", "jhu_global", "a" * 40])
def test_a_harmless_name_is_returned_as_it_is(name):
    """A letter, then at most 39 letters, digits or underscores."""
    assert check_name(name, "dataset") == name


@pytest.mark.parametrize("name", [None, 3, True, ["a"], {"a": 1}, b"a"])
def test_what_is_no_text_is_no_name(name):
    """JSON may hold anything where a name is expected."""
    with pytest.raises(Rejected):
        check_name(name, "dataset")


@given(st.text(st.sampled_from([*"aZ09_./\\%'\"`;- \n\r\t\0", "é"]), max_size=45))
@example("a" * 40)
def test_a_name_passes_if_and_only_if_every_character_is_harmless(name):
    """The pattern agrees with the rule spelt out character by character."""
    harmless = set(name) <= ALLOWED and len(name) <= 40 and name[:1] in set(string.ascii_letters)
    try:
        passed = check_name(name, "dataset") == name
    except Rejected:
        passed = False
    assert passed == (harmless and name != "")


@given(MOMENTS)
def test_a_tick_comes_back_as_it_was_sent(moment):
    """To JSON and back, to the microsecond."""
    tick = Tick("jhu_global", moment)
    assert Tick.parse(tick.to_json(), PUBLISHED) == tick


def test_a_tick_travels_as_three_fields():
    """Version, dataset and moment: references, never data."""
    tick = Tick("jhu_global", datetime(2021, 1, 30, 23, 59, 59, 999999, UTC))
    assert json.loads(tick.to_json()) == {
        "v": 1,
        "dataset": "jhu_global",
        "as_of": "2021-01-30T23:59:59.999999Z",
    }


def test_a_tick_whose_moment_nobody_declared_travels_without_one():
    """As Cloud Scheduler sends it: its time of publication counts."""
    assert json.loads(Tick("a", PUBLISHED, declared=False).to_json()) == {"v": 1, "dataset": "a"}
    assert Tick.parse(b'{"dataset": "a", "as_of": "2021-01-30"}', PUBLISHED).declared
    assert not Tick.parse(b'{"dataset": "a"}', PUBLISHED).declared


def test_a_tick_cannot_be_changed():
    """A message is frozen."""
    with pytest.raises(FrozenInstanceError):
        Tick("jhu_global", PUBLISHED).dataset = "other"


@pytest.mark.parametrize("body", [b'{"dataset": "a"}', b'{"v": 1, "dataset": "a", "as_of": null}'])
def test_without_as_of_knowledge_counts_up_to_the_publish_time(body):
    """The same for every delivery of one message, whenever it is read."""
    assert Tick.parse(body, PUBLISHED) == Tick("a", PUBLISHED)


def test_fields_of_a_later_minor_change_are_passed_over():
    """Whoever adds a field without a new version means that it may be ignored."""
    assert Tick.parse(b'{"v": 1, "dataset": "a", "why": "x"}', PUBLISHED) == Tick("a", PUBLISHED)


@pytest.mark.parametrize("version", ["2", "0", '"1"', "null", "1.5"])
def test_an_unknown_version_comes_again_for_newer_code(version):
    """Transient names the version found and the version read."""
    body = f'{{"v": {version}, "dataset": "a"}}'.encode()
    with pytest.raises(Transient, match=r"message: version .*; this code reads version 1"):
        Tick.parse(body, PUBLISHED)


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b"[]", b"null", b"1", b'"jhu_global"', b"\xff\xfe", b"jhu_global", b"NaN"],
)
def test_a_body_that_is_no_json_object_is_rejected(body):
    """Garbage is given up on, with an example of what was expected."""
    with pytest.raises(Rejected) as refused:
        Tick.parse(body, PUBLISHED)
    assert refused.value.rule == "message"
    assert '{"v": 1, "dataset": "jhu_global"}' in refused.value.expected
    assert refused.value.found == repr(body)


@pytest.mark.parametrize("body", [b"{}", b'{"dataset": null}', b'{"dataset": "../a"}'])
def test_a_body_without_a_harmless_dataset_is_rejected(body):
    """The name is checked before anything is done with it."""
    with pytest.raises(Rejected, match="message: dataset: expected a letter"):
        Tick.parse(body, PUBLISHED)


@given(st.binary(max_size=60))
def test_no_bytes_can_do_anything_but_parse_come_again_or_be_rejected(body):
    """Whatever arrives, it has one of the fates that the bus knows."""
    try:
        tick = Tick.parse(body, PUBLISHED)
    except (Rejected, Transient):
        return
    assert check_name(tick.dataset, "dataset")


def test_a_body_nested_too_deeply_is_rejected():
    """A poison message must not come again and again."""
    with pytest.raises(Rejected):
        Tick.parse(b"[" * 100_000, PUBLISHED)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021-01-30", datetime(2021, 1, 30, 23, 59, 59, 999999, UTC)),
        ("2021-01-30T06:15", datetime(2021, 1, 30, 6, 15, tzinfo=UTC)),
        ("2021-01-30 06:15:07", datetime(2021, 1, 30, 6, 15, 7, tzinfo=UTC)),
        ("2021-01-30T06:15:00Z", datetime(2021, 1, 30, 6, 15, tzinfo=UTC)),
        ("2021-01-30T01:00:00+02:00", datetime(2021, 1, 29, 23, tzinfo=UTC)),
        ("2021-01-30T06:15:00.123456789Z", datetime(2021, 1, 30, 6, 15, 0, 123456, UTC)),
    ],
)
def test_a_moment_is_read_as_utc(text, moment):
    """A bare date is the end of that day; other zones are converted; nanoseconds are cut."""
    assert parse_moment(text, "--as-of") == moment
    assert parse_moment(text, "--as-of").utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text", ["", "today", "2021-02-30", "2021-13-01", "30/01/2021", "2021-01-30T25:00", None, True]
)
def test_what_is_no_moment_is_rejected_with_an_example(text):
    """Expected, found, and where."""
    with pytest.raises(Rejected) as refused:
        parse_moment(text, "--as-of")
    said = f"--as-of: expected a date or time such as 2021-01-30; found {text!r}"
    assert str(refused.value) == said


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_moment_beyond_the_calendar_is_rejected(text):
    """In UTC it would lie before year 1 or after year 9999."""
    with pytest.raises(Rejected):
        parse_moment(text, "message: as_of")


@pytest.mark.parametrize("text", ["20210130", 20210130])
def test_a_bare_date_without_hyphens_means_the_end_of_that_day_or_nothing(text):
    """It must not silently be the morning instead."""
    try:
        moment = parse_moment(text, "--as-of")
    except Rejected:
        return
    assert moment == datetime(2021, 1, 30, 23, 59, 59, 999999, UTC)


@given(MOMENTS, st.integers(-14 * 60, 14 * 60))
def test_a_moment_round_trips_from_every_zone(moment, minutes):
    """Written in any offset, read as the same instant; its text is the same, too."""
    local = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_moment(local.isoformat(), "x") == moment
    assert parse_moment(moment_text(local), "x") == moment
    assert moment_text(local) == moment_text(moment)


@given(MOMENTS, MOMENTS)
def test_moments_as_text_sort_by_time(one, other):
    """So do the names made of them."""
    assert (moment_text(one) < moment_text(other)) == (one < other)
