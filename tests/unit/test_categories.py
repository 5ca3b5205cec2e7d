"""Categories: values that a text column never had are told of, and rare ones are not named."""

from examples import NOON
from test_records import FILE, NAMED, STAYS, read

from vigil import layouts
from vigil.arrivals import Arrival, Content
from vigil.layouts import Parsed
from vigil.sources import Validators
from vigil.vintages import Replay


def ward(name: str, first: int, count: int) -> str:
    """Rows of a ward."""
    rows = range(first, first + count)
    return "".join(f"{number},P{number},{name},1,1,11-20\n" for number in rows)


def told(*files: str) -> list[tuple[str, str, int]]:
    """What is found in the last of some files that came one after the other."""
    contents = {str(number): text for number, text in enumerate(files)}

    def parsed(source: str, sha: str) -> Parsed:
        return layouts.parse(STAYS, source, contents[sha].encode(), NAMED)

    replay = Replay(STAYS, parsed)
    for sha in contents:
        replay.findings.clear()
        replay.add(Arrival("stays", NOON, "declared", {"stays": Content(sha, 1, Validators("x"))}))
    found = [one for _, one in replay.findings if one.rule == "new_category"]
    return [(one.scope, one.found, one.count) for one in found]


def test_a_value_that_was_never_there_is_told_of_by_name_if_many_have_it():
    """Ten rows are many; of fewer, a reader could tell who it is."""
    assert told(FILE) == []
    assert told(FILE, FILE + ward("U", 10, 10)) == [
        ("stays.stays.Ward", "1 others: 'U' in 10 rows", 1)
    ]
    assert told(FILE, FILE + ward("U", 10, 9)) == [
        ("stays.stays.Ward", "1 others: 1 that are not named", 1)
    ]
    assert told(FILE, FILE + ward("U", 10, 9) + ward("V", 30, 12)) == [
        ("stays.stays.Ward", "2 others: 'V' in 12 rows, 1 that are not named", 2)
    ]


def test_a_value_that_any_record_had_is_known():
    """A file may bring the newest admissions alone."""
    header = FILE.partition("\n")[0] + "\n"
    assert told(FILE, header + ward("R", 10, 3), header + ward("S", 20, 12)) == []


def test_blanks_are_no_value():
    """And spaces around one are not of it."""
    assert read().categories["Ward"] == {"R": 2, "S": 1}
    assert read().categories["Stay"] == {"11-20": 1, "More than 100 Days": 1}
