"""Traces: where in the restricted bucket a person is, and the bucket without them."""

import gzip
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from google.cloud import storage

from vigil.arrivals import Arrival, Content, moment_name
from vigil.cloud import Cloud
from vigil.datasets import Dataset
from vigil.erasure import UTF16, Person, read, text_of, without
from vigil.errors import Rejected
from vigil.lake import Lake
from vigil.records import Whom
from vigil.steps.history import History
from vigil.steps.ingest import addressee
from vigil.store import Gone
from vigil.unpack import GZIP, unpack

Moved = dict[str, tuple[str, int]]  # hash -> hash and size of the same without the person


@dataclass
class Erased:
    """What was removed, by place; numbers alone."""

    records: int = 0  # rows of the table
    classifications: int = 0
    rows: int = 0  # of raw files
    files: int = 0  # raw files with such rows, or that nobody can read and that mention them
    arrivals: int = 0  # records that name another file now
    inbox: int = 0  # objects removed, or written anew without the rows
    quarantine: int = 0  # refused files, and notes about them


@dataclass(frozen=True)
class File:
    """An object of the bucket, unpacked, and whom its rows are about, where they can be read."""

    blob: storage.Blob
    source: str
    body: bytes
    rows: list[Whom] | None
    packed: bool = False

    @property
    def name(self) -> str:
        """Without the folders it is in."""
        return str(self.blob.name).rpartition("/")[2]

    @property
    def digest(self) -> str:
        """The name of a raw file."""
        return self.name.removesuffix(".gz")

    @property
    def opaque(self) -> bool:
        """Whether nobody can search it: a workbook or an archive."""
        return self.rows is None and b"\0" in self.body and self.body[:2] not in UTF16


@dataclass
class Traces:
    """One person in one dataset's bucket."""

    dataset: Dataset
    cloud: Cloud  # the restricted one
    person: Person
    erased: Erased = field(default_factory=Erased)
    arrivals: list[tuple[storage.Blob, Arrival]] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)  # names of objects

    @property
    def lake(self) -> Lake:
        """The restricted bucket."""
        return self.cloud.lake

    def any(self) -> bool:
        """Whether there is anything to erase."""
        return any(
            self._mentioned(one) if one.rows is None else self._theirs(one) for one in self._files()
        )

    def learn(self) -> None:
        """Find out what the person goes by, from all files that say it."""
        if not self.person.people:
            for one in self._files():
                self.person = self.person.named(one.rows or [])
        for one in self._files():
            self.person = self.person.grown(one.rows or [])
        self.arrivals = self._arrivals()

    def rewrite(self) -> Moved:
        """Put beside each file that an arrival names and that holds them one that does not."""
        named = _named(self.arrivals)
        moved: Moved = {}
        for one in self._raw():
            if one.digest in named and (theirs := self._theirs(one)):
                body = self._without(one, theirs)
                moved[one.digest] = self.lake.keep(self.dataset.name, body), len(body)
        return moved

    def rename(self, moved: Moved) -> bool:
        """Let the arrivals name the new files; False when somebody else has written one."""
        for blob, arrival in self.arrivals:
            contents = {name: self._renamed(one, moved) for name, one in arrival.contents.items()}
            new = replace(arrival, contents=contents)
            if new != arrival:
                if not self.lake.store.exchange(blob, new.to_json().encode()):
                    return False
                self.erased.arrivals += 1
        return True

    def clear(self) -> None:
        """Remove what nothing needs any more: old files, the inbox, what was refused."""
        named = _named(self._arrivals())
        for one in self._raw():
            if one.digest not in named and self._holds(one) and self._remove(one.blob):
                self.erased.files += 1
                self.erased.rows += len(self._theirs(one))
        delivered = {*self.lake.arrivals(self.dataset.name)}
        refused = self.lake.quarantined(self.dataset.name)
        for one in self._inbox():
            delivery = f"{moment_name(one.blob.time_created)}-{one.source}"
            if one.rows is None or delivery in refused:
                self._refused(one)
            elif delivery in delivered:
                self._delivered(one)
            else:
                self._waiting(one, one.rows)
        self._notes()

    def _refused(self, one: File) -> None:
        if (self._holds(one) or self._mentioned(one)) and self._remove(one.blob):
            self.erased.quarantine += 1

    def _delivered(self, one: File) -> None:
        """Its bytes are kept as raw ones."""
        if (self._theirs(one) or self.person.mentioned(one.name)) and self._remove(one.blob):
            self.erased.inbox += 1

    def _waiting(self, one: File, rows: list[Whom]) -> None:
        """Nobody has taken it in yet: others in it must not be lost."""
        theirs, name = self._theirs(one), self.person.hidden(one.name)
        if len(theirs) == len(rows):
            self.erased.inbox += self._remove(one.blob)
        elif theirs or name != one.name:
            body = self._without(one, theirs)
            body = gzip.compress(body, 6, mtime=0) if one.packed else body
            self.erased.inbox += self._put(one.blob, name, body)

    def _put(self, blob: storage.Blob, name: str, body: bytes) -> bool:
        if blob.name.endswith(f"/{name}"):
            return self.lake.store.exchange(blob, body)
        beside = f"{blob.name.rpartition('/')[0]}/{name}"
        return self.lake.store.write(beside, body) and self._remove(blob)

    def _notes(self) -> None:
        """Notes about refused files that are gone."""
        for blob in self.lake.store.list(f"quarantine/{self.dataset.name}/"):
            about = str(json.loads(self.lake.store.read(blob.name))["raw"])
            if about in self.removed or self.person.mentioned(about.rpartition("/")[2]):
                self.erased.quarantine += self._remove(blob)

    def _remove(self, blob: storage.Blob) -> bool:
        self.removed.add(blob.name)
        return self.lake.store.exchange(blob, None)

    def _theirs(self, one: File) -> list[int]:
        """The numbers of the rows about them, the first after the header being 0."""
        return [n for n, row in enumerate(one.rows or []) if self.person.is_about(row)]

    def _holds(self, one: File) -> bool:
        """Whether a file has such rows or, where rows cannot be told, may have."""
        if one.rows is not None:
            return bool(self._theirs(one))
        return one.opaque or self._mentioned(one)

    def _mentioned(self, one: File) -> bool:
        """Whether a file or its name has one of their names as a word."""
        encoding = self.dataset.sources[one.source].encoding
        return self.person.mentioned(f"{one.name}\n{text_of(one.body, encoding)}")

    def _without(self, one: File, theirs: list[int]) -> bytes:
        rows = len(one.rows or [])
        return without(self.dataset, one.source, one.body, theirs, rows)

    def _renamed(self, content: Content, moved: Moved) -> Content:
        """What an arrival says of a source, without the person."""
        sha256, size = moved.get(content.sha256, (content.sha256, content.size))
        url = content.validators.url
        validators = replace(content.validators, url=self.person.hidden(url))
        return replace(content, sha256=sha256, size=size, validators=validators)

    def _arrivals(self) -> list[tuple[storage.Blob, Arrival]]:
        """All records of arrivals, each with the generation that was read."""
        store = self.lake.store
        blobs = store.list(f"arrivals/{self.dataset.name}/")
        return [(blob, Arrival.from_json(store.read(blob.name).decode())) for blob in blobs]

    def _files(self) -> Iterator[File]:
        yield from self._raw()
        yield from self._inbox()

    def _raw(self) -> Iterator[File]:
        """All contents, also those that no arrival names."""
        named = _named(self._arrivals())
        for digest, blob in self.lake.raw(self.dataset.name):
            with suppress(Gone):
                body = self.lake.read(self.dataset.name, digest)
                sources = [named[digest]] if digest in named else [*self.dataset.sources]
                yield self._file(blob, sources, body)

    def _inbox(self) -> Iterator[File]:
        """All that was delivered, taken in or not."""
        sources = [name for name, one in self.dataset.sources.items() if one.url is None]
        for blob in self.lake.store.list(f"inbox/{self.dataset.name}/"):
            if blob.name.endswith("/") or not sources:
                continue
            with suppress(Gone):
                body = self.lake.delivered(blob.name)
                source, packed = addressee(self.dataset, sources, blob.name), body[:2] == GZIP
                with suppress(Rejected):
                    body = unpack(iter([body]), source)
                yield self._file(blob, [source], body, packed=packed)

    def _file(
        self, blob: storage.Blob, sources: list[str], body: bytes, *, packed: bool = False
    ) -> File:
        """A file as the first of the sources that can read it reads it."""
        pseudonym = History(self.dataset, self.cloud).pseudonym
        for source in sources:
            with suppress(Rejected):
                rows = read(self.dataset, source, body, pseudonym)
                return File(blob, source, body, rows, packed)
        return File(blob, sources[0], body, None, packed)


def _named(arrivals: list[tuple[storage.Blob, Arrival]]) -> dict[str, str]:
    """The files that arrivals name: hash -> source."""
    return {sha: source for _, one in arrivals for source, sha in one.hashes.items()}
