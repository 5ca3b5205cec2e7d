"""Erasure: the rows of a person go, and no other byte of a file changes."""

import csv
import io

import pytest
from examples import NOON
from hypothesis import example, given
from hypothesis import strategies as st
from test_records import FILE, NAMED, STAYS

from vigil import erasure, tables
from vigil.commit import Commit, Head, transaction
from vigil.datasets import Dataset
from vigil.erasure import Person
from vigil.errors import VigilError
from vigil.records import Whom

ROW = {
    "records": {
        "dataset": "stays",
        "source": "stays",
        "record": "PATIENT-7",
        "person": "PATIENT-7",
        "fields": "{}",
        "issued_at": NOON,
    },
    "runs": {
        "run_id": "stays/1",
        "step": "ingest",
        "dataset": "stays",
        "as_of": NOON,
        "started_at": NOON,
        "status": "done",
    },
}


def of(person: str, *cases: str) -> Person:
    """A person of the small dataset, by the first of their cases."""
    return Person(cases[0], frozenset({NAMED(person)}), frozenset(cases))


def erased(text: str, person: Person, *, encoding: str = "utf-8", spec: Dataset = STAYS) -> str:
    """The file without that person."""
    body = text.encode(encoding)
    rows = erasure.read(spec, "stays", body, NAMED)
    gone = [number for number, row in enumerate(rows) if person.is_about(row)]
    return erasure.without(spec, "stays", body, gone, len(rows)).decode(encoding)


def written_in(**how: str) -> Dataset:
    """The same dataset, its files written another way."""
    spec = STAYS.model_dump()
    spec["sources"]["stays"] |= how
    return Dataset.model_validate(spec)


def test_all_rows_of_the_person_go_and_the_others_stay_as_they_are():
    """Cases 1 and 3 are of patient 7: spaces and blanks of case 2 stay."""
    header, _, second, _, _ = FILE.split("\n")
    assert erased(FILE, of("PATIENT-7", "1", "3")) == f"{header}\n{second}\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('"1",PATIENT-7,R,2,1,\r\n2,"PATIENT-8",R,2,1,\r\n', '2,"PATIENT-8",R,2,1,\r\n'),
        ("1,PATIENT-7,R,2,1,\n\n\n2,PATIENT-8,R,2,1,", "\n\n2,PATIENT-8,R,2,1,"),
        ("2,PATIENT-8,R,2,1,\n1,PATIENT-7,R,2,1,", "2,PATIENT-8,R,2,1,\n"),
        ('2,PATIENT-8,"a\nb",2,1,\n1,PATIENT-7,R,2,1,\n', '2,PATIENT-8,"a\nb",2,1,\n'),
        ('1,PATIENT-7,"a ""b""\r\n,",2,1,\n2,P,R,2,1,\n', "2,P,R,2,1,\n"),
        ('2,PATIENT-8,5" pipe,2,1,\n1,PATIENT-7,R,2,1,\n', '2,PATIENT-8,5" pipe,2,1,\n'),
        (" 1 , PATIENT-7 ,R,2,1,\n", ""),
    ],
)
def test_quotes_line_ends_and_blank_lines_stay(text, left):
    """A row is what the reader takes for one: a quoted cell may go on on the next line."""
    header = "case_id,patient,Ward,Bed Grade,Deposit,Stay\n"
    assert erased(header + text, of("PATIENT-7", "1")) == header + left


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_the_encoding_stays(encoding):
    """With its byte order mark, where it has one."""
    text = FILE.replace("S", "Sé")
    spec = written_in(encoding=encoding)
    left = erased(text, of("PATIENT-7", "1", "3"), encoding=encoding, spec=spec)
    assert left == "\n".join(text.split("\n")[:1] + text.split("\n")[2:3]) + "\n"


def test_another_delimiter_is_the_datasets():
    """A semicolon between cells, commas in them."""
    text = "case_id;patient;Ward;Bed Grade;Deposit\n1;PATIENT-7;a,b;2;1\n2;PATIENT-8;a,b;2;1\n"
    spec = written_in(delimiter=";")
    assert erased(text, of("PATIENT-7", "1"), spec=spec) == text.replace(
        "1;PATIENT-7;a,b;2;1\n", ""
    )


CELL = st.text('ab",; \n\r', max_size=4)


@given(st.lists(st.tuples(CELL, CELL), max_size=6), st.sampled_from(["\n", "\r\n"]))
@example([('"', "\r\n"), ("", ",")], "\n")
def test_a_row_is_what_the_reader_takes_for_one(rows, end):
    """Whatever cells hold: as many rows as the reader has, and the second of three goes whole."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end)
    for number, (ward, stay) in enumerate(rows):
        writer.writerow([number, f"P{number}", f"w{ward}", 1, 1, stay])
    header = f"case_id,patient,Ward,Bed Grade,Deposit,Stay{end}"
    whole = header + out.getvalue()
    assert erased(whole, of("nobody", "none")) == whole
    if len(rows) > 1:
        left = erased(whole, of("P1", "1"))
        kept = [row[0] for row in csv.reader(io.StringIO(left, newline=""))][1:]
        assert kept == [str(number) for number in range(len(rows)) if number != 1]


def test_what_cannot_be_written_back_is_not_written():
    """A file whose rows are told otherwise than counted is left for a person to see to."""
    with pytest.raises(VigilError, match="expected 4 rows that can be written back"):
        erasure.without(STAYS, "stays", FILE.encode(), [0], 4)


def test_a_row_that_names_nobody_is_theirs_if_the_case_is():
    """A case of another person is another's, whatever an earlier file called it."""
    person = Person("1", frozenset({"h7"}), frozenset({"1", "3"}))
    assert person.is_about(Whom("3", None, ""))
    assert person.is_about(Whom("9", "h7", "7"))
    assert not person.is_about(Whom("3", "h8", "8"))
    assert person.is_about(Whom("1", "h8", "8"))
    assert not Person("4").is_about(Whom("5", None, ""))


def test_of_rows_that_are_alike_and_have_no_name_all_go():
    """Nobody can tell which one is meant."""
    text = "Ward,Bed Grade,Deposit\nR,1,1\nS,2,2\nR,1,1\n"
    first, *_ = erasure.read(STAYS, "stays", text.encode(), NAMED)
    assert erased(text, Person(first.record)) == "Ward,Bed Grade,Deposit\nS,2,2\n"


def test_cases_and_names_of_a_person_are_learnt_from_files():
    """Who is behind case 1, what else they came for, and what the hospital calls them."""
    rows = erasure.read(STAYS, "stays", FILE.encode(), NAMED)
    person = Person("1").named(rows).grown(rows)
    assert person.people == {NAMED("PATIENT-7")}
    assert (person.cases, person.own_ids) == ({"1", "3"}, {"PATIENT-7"})
    assert person.hidden("train_PATIENT-7.csv") == "train_erased.csv"


@pytest.mark.parametrize(
    ("text", "found"),
    [("a;PATIENT-7;b", True), ("PATIENT-77", False), ("x12", False), ("a 3,", True)],
)
def test_a_name_is_found_as_a_word_of_its_own(text, found):
    """Not as a part of another."""
    assert Person("3", own_ids=frozenset({"PATIENT-7"})).mentioned(text) is found


def test_rows_about_people_never_travel_in_a_statement():
    """BigQuery remembers statements and parameters for months; staged rows it does not."""
    few = {name: tables.load(name).rows([ROW[name]]) for name in ROW}
    commit = Commit(Head("stays"), {}, few)
    assert set(commit.large) == {"records"}
    sql, parameters = transaction(commit, {"records": "staged"})
    assert "stays/1" in f"{parameters}"
    assert "PATIENT" not in f"{sql}{parameters}"
