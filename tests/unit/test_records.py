"""Records: every cell typed, people as keyed hashes, names where upstream gives none."""

import json
import re

import pytest
from examples import NOON, records_of

from vigil import datasets, layouts, quality
from vigil.datasets import Dataset
from vigil.errors import Misconfigured, Rejected
from vigil.layouts import Parsed
from vigil.quality import Mark
from vigil.records import RARE, keyed_hash
from vigil.verdict import Case

STAYS = Dataset.model_validate(
    {
        "name": "stays",
        "title": "Stays",
        "producer": "A hospital",
        "licence": "none",
        "citation": "none",
        "homepage": "https://example.org",
        "task": "classify",
        "classification": {"question": "Long", "outcome": {"field": "Stay", "above": 30}},
        "personal": True,
        "retention_days": 30,
        "schedules": {"ingest": "15 6 * * *", "train": "0 20 * * 1", "predict": "45 6 * * *"},
        "sources": {
            "stays": {
                "files": "stays*",
                "layout": "records",
                "record": "case_id",
                "person": "patient",
                "fields": {
                    "Ward": "text",
                    "Bed Grade": "integer",
                    "Deposit": "number",
                    "Stay": "text",
                },
                "optional": ["case_id", "patient", "Stay"],
                "expect": {"parts": {"Stay": "[0-9]+-[0-9]+|More than 100 Days"}},
            }
        },
        "targets": {"stay": {"sources": {"stays": "Stay"}, "unit": "days"}},
    }
)
FILE = """\
case_id,patient,Ward,Bed Grade,Deposit,Stay
1,PATIENT-7,R,2.0,4911.5,11-20
2,PATIENT-8, S ,,3000,
3,PATIENT-7,R,4,NA,More than 100 Days
"""
NAMED = keyed_hash(b"a key", "stays")


def read(text: str = FILE, dataset: Dataset = STAYS, pseudonym=NAMED) -> Parsed:
    """A file of stays, parsed."""
    return layouts.parse(dataset, "stays", text.encode(), pseudonym)


def fields(parsed: Parsed) -> list[dict]:
    """What is said of each record."""
    return [json.loads(record.fields) for record in records_of(parsed.records).values()]


def refused(text: str, dataset: Dataset = STAYS) -> Rejected:
    """The reason why a file is refused."""
    with pytest.raises(Rejected) as reason:
        read(text, dataset)
    return reason.value


def expecting(**expect) -> Dataset:
    """The same dataset with other thresholds."""
    spec = STAYS.model_dump()
    spec["sources"]["stays"]["expect"] |= expect
    return Dataset.model_validate(spec)


def test_every_cell_is_typed_and_blanks_are_null():
    """2.0 is the whole number 2, a deposit is a number, a blank is none, a range stays text."""
    parsed = read()
    assert parsed.records.names.to_pylist() == ["1", "2", "3"]
    assert fields(parsed) == [
        {"Ward": "R", "Bed Grade": 2, "Deposit": 4911.5, "Stay": "11-20"},
        {"Ward": "S", "Bed Grade": None, "Deposit": 3000.0, "Stay": None},
        {"Ward": "R", "Bed Grade": 4, "Deposit": None, "Stay": "More than 100 Days"},
    ]
    assert '"Bed Grade": 2,' in records_of(parsed.records)["1"].fields


@pytest.mark.parametrize("label", ["20-Nov", "Nov-20", "2020-11-20", "11/20/2020"])
def test_a_range_that_a_spreadsheet_made_a_date_of_is_refused(label):
    """11-20 days are no 20th of November."""
    reason = refused(FILE.replace("11-20", label))
    assert (reason.where, reason.rule) == ("stays.stays, column Stay", "codes")
    assert reason.found == "1 others, first in row 2"
    assert "made dates of ranges" in reason.remedy


@pytest.mark.parametrize("cell", ["2.5", "two"])
def test_an_integer_is_a_whole_number(cell):
    """The message names the row, counted from the header as 1."""
    reason = refused(FILE.replace("2.0", cell))
    assert (reason.where, reason.rule) == ("stays.stays, column Bed Grade", "numbers")
    assert "row 2" in reason.found


def test_a_column_that_is_not_there_is_blank():
    """So that a later file which has it, and blanks in it, says nothing new."""
    rows = [line.rpartition(",")[0] for line in FILE.splitlines()]
    lacking = read("\n".join([*rows, ""]))
    assert [row["Stay"] for row in fields(lacking)] == [None] * 3
    blank = read("\n".join([FILE.splitlines()[0], *(f"{row}," for row in rows[1:]), ""]))
    assert records_of(lacking.records) == records_of(blank.records)


def test_the_same_person_has_the_same_hash():
    """Cases 1 and 3 are of one patient, case 2 of another; in the next file, too."""
    people = [record.person for record in records_of(read().records).values()]
    assert people[0] == people[2] != people[1]
    assert all(re.fullmatch("[0-9a-f]{32}", person) for person in people)
    again = read("case_id,patient,Ward,Bed Grade,Deposit\n9, PATIENT-7 ,R,1,1\n")
    assert records_of(again.records)["9"].person == people[0]


def test_another_key_or_dataset_gives_another_hash():
    """Who has no key cannot find a patient, nor follow one from dataset to dataset."""
    hashes = {keyed_hash(key, of)("7") for key in (b"a", b"b") for of in ("stays", "visits")}
    assert len(hashes) == 4


def test_no_patient_id_comes_out_of_the_reader():
    """Not in a record, not in a mark, not in a name."""
    nameless = "patient,Ward,Bed Grade,Deposit\nPATIENT-7,R,1,1\nPATIENT-8,R,1,1\n"
    for text, count in ((FILE, 3), (nameless, 2)):
        parsed = read(text)
        assert len({record.person for record in records_of(parsed.records).values()}) == 2
        assert len(parsed.records) == count
        assert "PATIENT" not in repr(parsed)


def test_no_patient_id_comes_out_of_a_refusal():
    """Two rows of one case that differ in the patient alone."""
    reason = refused(FILE + "1,PATIENT-9,R,2,4911.5,11-20\n")
    assert (reason.rule, reason.found) == ("duplicates", "two that differ")
    assert "PATIENT" not in str(reason)


BROKEN = {
    "a row with a cell too many": (FILE + "4,PATIENT-9,R,2,1,0-10,x\n", "columns"),
    "a row that was cut off": (FILE + "4,PATIENT-9,R", "truncated"),
    "no header": (FILE.partition("\n")[2], "columns"),
    "no header, and a cell twice": ("PATIENT-7,PATIENT-7,R,2,1,0-10\n", "columns"),
    "a merge conflict": (
        "<<<<<<< HEAD\n1,PATIENT-7\n=======\n1,PATIENT-8\n>>>>>>> theirs\n",
        "content",
    ),
}


@pytest.mark.parametrize(("text", "rule"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_of_people_is_refused_without_quoting_it(text, rule):
    """Refusals reach the log and whoever is on duty."""
    reason = refused(text)
    assert reason.rule == rule
    assert reason.found == "something else, not shown because it may name people"
    assert "PATIENT" not in str(reason)


BREACHES = {
    "a code": (FILE.replace("11-20", "PATIENT-7"), "1 others, first in row 2"),
    "a number": (FILE.replace("4911.5", "PATIENT-7"), "1 cells that are not, the first in row 2"),
    "a fraction": (FILE.replace("2.0", "2.75"), "1 that are not, the first in row 2"),
    "no name": (FILE.replace("\n2,", "\n,"), "none in row 3"),
    "two that differ": (FILE + "3,PATIENT-9,R,4,NA,0-10\n", "two that differ"),
}


@pytest.mark.parametrize(("text", "found"), BREACHES.values(), ids=BREACHES)
def test_a_breach_in_a_file_of_people_is_told_by_column_and_row(text, found):
    """Never by what stands there: the cell may be anything."""
    reason = refused(text)
    assert reason.found == found
    assert not re.search(r"PATIENT|2\.75|0-10", str(reason))


def test_records_of_people_that_are_there_twice_are_counted_and_not_named():
    """A finding is read by more people than the file."""
    twice = FILE + "3,PATIENT-7,R,4,NA,More than 100 Days\n"
    [found] = quality.news(read(twice).marks, [], NOON)
    assert (found.rule, found.count, found.found) == ("duplicates", 1, "1, not named: of people")
    more = read(twice + "1,PATIENT-7,R,2.0,4911.5,11-20\n")
    [found] = quality.news(more.marks, read(twice).marks, NOON)
    assert found.found == "1 new of 2, not named: of people"


def test_without_a_key_no_people_are_taken_in():
    """A missing setting is named; a file without people needs none."""
    with pytest.raises(Misconfigured, match="VIGIL_HASH_KEY"):
        read(pseudonym=None)
    parsed = read("case_id,Ward,Bed Grade,Deposit\n1,R,1,1\n", pseudonym=None)
    assert records_of(parsed.records)["1"].person is None


def test_a_blank_person_is_nobody():
    """Not everybody with a blank is the same."""
    assert (
        records_of(read("case_id,patient,Ward,Bed Grade,Deposit\n1,,R,1,1\n").records)["1"].person
        is None
    )


NAMELESS = "Ward,Bed Grade,Deposit\nR,1,1\nS,2,2\nR,1,1\n"


def test_a_record_without_a_name_is_named_by_its_content():
    """The same in every order of the rows; the second of two that are alike is a second one."""
    names = read(NAMELESS).records.names.to_pylist()
    assert names[0].partition("-")[0] == names[2].partition("-")[0]
    assert [name.partition("-")[2] for name in names] == ["1", "1", "2"]
    header, *rows = NAMELESS.splitlines()
    assert set(read("\n".join([header, *rows[::-1]]) + "\n").records.names.to_pylist()) == set(
        names
    )


def duplicates(parsed: Parsed) -> Mark:
    """What is said of repeated records."""
    [mark] = (mark for mark in parsed.marks if mark.rule == "duplicates")
    return mark


def test_a_record_that_is_there_twice_is_one():
    """It is found, and as many may be allowed."""
    twice = FILE + "1,PATIENT-7,R,2,4911.50,11-20\n"
    parsed = read(twice)
    assert parsed.records.names.to_pylist() == ["1", "2", "3"]
    assert duplicates(parsed).items == {"1"}
    assert duplicates(parsed).speaks
    assert not duplicates(read(twice, expecting(duplicates=1))).speaks
    assert not duplicates(read()).speaks


def test_records_that_disagree_are_refused():
    """Whether case 1 stayed ten days or twenty the file does not say."""
    reason = refused(FILE + "1,PATIENT-7,R,2,4911.5,0-10\n")
    assert (reason.rule, reason.expected) == (
        "duplicates",
        "one row for each record, or rows that agree",
    )


def test_a_record_without_a_name_among_others_is_refused():
    """Counted from the header as 1."""
    reason = refused(FILE.replace("\n2,", "\n,"))
    assert (reason.rule, reason.found) == ("series", "none in row 3")


def strange(dataset: Dataset, *files: str) -> list[tuple[str, frozenset]]:
    """What is no category, file by file, as the marks say."""
    marks = (mark for file in files for mark in read(file, dataset).marks)
    return [(mark.scope, mark.items) for mark in marks if mark.rule == "categories" and mark.speaks]


def test_an_unknown_category_is_taken_in_and_found():
    """Ward S is declared, with or without blanks around it; V is not; a blank is no category.

    By its name only if ten rows have it: fewer may tell of somebody.
    """
    wards = expecting(categories={"Ward": ["R", "S"]})
    assert strange(wards, FILE, FILE.replace(" S ", "")) == []
    parsed = read(FILE.replace(" S ", "V"), wards)
    assert fields(parsed)[1]["Ward"] == "V"
    assert strange(wards, FILE.replace(" S ", "V")) == [("stays.stays.Ward", {RARE})]
    header, _, row, _ = FILE.replace(" S ", "V").splitlines()
    many = [f"{number}{row.removeprefix('2')}" for number in range(100, 110)]
    assert strange(wards, "\n".join([header, *many, ""])) == [("stays.stays.Ward", {"V"})]


def judged(text: str, dataset: Dataset = STAYS) -> Case:
    """A file, held against the contract."""
    return Case(dataset, "stays", read(text, dataset), {}, NOON)


def test_too_few_records_are_refused():
    """Three where four were promised."""
    judged(FILE, expecting(series=3)).check(downloaded=False)
    with pytest.raises(Rejected, match="expected at least 4 records; found 3"):
        judged(FILE, expecting(series=4)).check(downloaded=False)


def test_a_file_with_a_header_alone_is_refused():
    """Nothing came. One that was accepted, and whose people were erased since, is a finding."""
    empty = judged(FILE.splitlines()[0] + "\n")
    with pytest.raises(Rejected, match="found 0") as reason:
        empty.check(downloaded=False)
    assert reason.value.rule == "few_series"
    assert [(one.rule, one.severity) for one in empty.findings()] == [("few_series", "warning")]


@pytest.mark.parametrize("name", ["hospital_stay"])
def test_the_shipped_dataset_of_people_is_personal(name):
    """With an end, and with a column to hash."""
    shipped = datasets.load(name)
    assert (shipped.personal, shipped.retention_days) == (True, 730)
    assert {source.person for source in shipped.sources.values()} == {"patientid"}
    assert not any(source.url for source in shipped.sources.values())


def test_many_records_are_text_a_part_at_a_time():
    """9,000 of 5,000 people, in two parts, in the order of the file."""
    rows = (f"{n},PATIENT-{n % 5000},R,1,{n},11-20" for n in range(9000))
    parsed = read("\n".join([FILE.splitlines()[0], *rows, ""]))
    assert [block.num_rows for block in parsed.records.blocks()] == [8192, 808]
    held = records_of(parsed.records)
    assert list(held) == [str(n) for n in range(9000)]
    assert json.loads(held["8999"].fields)["Deposit"] == 8999.0
    assert held["8999"].person == held["3999"].person != held["4000"].person


def test_a_number_too_large_to_be_exact_is_no_whole_number():
    """Two codes beyond 2 to the 53rd could be one."""
    assert refused(FILE.replace("2.0", "9007199254740994")).expected == "whole numbers"
