"""Erasure: which rows of a file are about a person, and the file without them, else as it was."""

import codecs
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from vigil import cells, columns, records
from vigil.datasets import Dataset
from vigil.errors import VigilError
from vigil.records import Pseudonym, Whom

UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


@dataclass(frozen=True)
class Person:
    """Somebody who is to be forgotten: the case that names them, and all that they go by."""

    case: str
    people: frozenset[str] = frozenset()  # keyed hashes
    cases: frozenset[str] = frozenset()
    own_ids: frozenset[str] = frozenset()  # as files call them

    @property
    def words(self) -> frozenset[str]:
        """All that must be found nowhere afterwards."""
        return frozenset({self.case, *self.people, *self.cases, *self.own_ids}) - {""}

    def is_about(self, one: Whom) -> bool:
        """Whether a row is theirs; one that names nobody is, if it is of one of their cases."""
        if one.person in self.people or _alike(one.record) == _alike(self.case):
            return True
        return one.person is None and one.record in self.cases

    def holds(self, rows: Iterable[tuple[str, str | None]]) -> int:
        """How many rows of a table are theirs."""
        return sum(self.is_about(Whom(record, person, "")) for record, person in rows)

    def named(self, found: Iterable[Whom]) -> "Person":
        """With whom rows of the case name, where nobody is known yet."""
        named = {one.person for one in found if one.person and self.is_about(one)}
        return self if self.people else replace(self, people=frozenset(named))

    def grown(self, found: Iterable[Whom]) -> "Person":
        """With the cases and names that rows about them bring."""
        theirs = [one for one in found if one.person in self.people]
        return replace(
            self,
            cases=self.cases | {one.record for one in theirs},
            own_ids=self.own_ids | {one.own_id for one in theirs},
        )

    def hidden(self, name: str) -> str:
        """A name without their names."""
        for word in self.words:
            name = _word(word).sub("erased", name)
        return name

    def mentioned(self, text: str) -> bool:
        """Whether a text has one of their names as a word of its own."""
        return any(_word(word).search(text) for word in self.words)


def _alike(record: str) -> str:
    """A record's name; one that is named after its content has that of all that are alike."""
    found = re.fullmatch("([0-9a-f]{16})-[0-9]+", record)
    return found[1] if found else record


def _word(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])")


def read(dataset: Dataset, name: str, body: bytes, pseudonym: Pseudonym | None) -> list[Whom]:
    """Whom each row of a source's file is about; refused where its columns are not as declared."""
    source, where = dataset.sources[name], f"{dataset.name}.{name}"
    declared = columns.declared(dataset, name)
    found = cells.read(source, body, where, declared.kind)
    columns.check(source, found.header, declared, where)
    return records.whom(source, found.table, where, pseudonym)


def text_of(body: bytes, encoding: str) -> str:
    """Bytes as text, come what may: to look for a word in."""
    return body.decode(UTF16.get(body[:2], encoding), "replace")


def without(dataset: Dataset, name: str, body: bytes, gone: Collection[int], rows: int) -> bytes:
    """A file without some of its rows, counted from 0 after the header; each other byte stays."""
    source = dataset.sources[name]
    encoding = _exact(source.encoding, body)
    text = body.decode(encoding)
    header, *lines = _lines(text, source.delimiter)
    full = [number for number, line in enumerate(lines) if line.strip("\r\n")]
    if len(full) != rows or text.encode(encoding) != body:
        raise VigilError(
            f"{dataset.name}.{name}: expected {rows} rows that can be written back byte for byte; "
            f"found {len(full)}: erase the rows in that file by hand, and deliver it anew"
        )
    dropped = {full[number] for number in gone}
    kept = (line for number, line in enumerate(lines) if number not in dropped)
    return (header + "".join(kept)).encode(encoding)


def _exact(encoding: str, body: bytes) -> str:
    """The encoding by which a byte order mark is a character like any other."""
    name = codecs.lookup(encoding).name
    if name == "utf-16":
        return UTF16.get(body[:2], name)
    return "utf-8" if name == "utf-8-sig" else name


def _lines(text: str, delimiter: str) -> list[str]:
    """The rows of a file with their ends, as its reader tells them; a quoted cell may hold ends."""
    stop = re.escape(delimiter)
    quoted = rf'"(?:[^"]++|"")*+(?:"|\Z)[^{stop}\r\n]*+'
    cell = rf'(?:{quoted}|[^{stop}"\r\n][^{stop}\r\n]*+)?+'
    row = re.compile(rf"{cell}(?:{stop}{cell})*+(?:\r\n|\r|\n|\Z)")
    return [found for found in row.findall(text) if found]
