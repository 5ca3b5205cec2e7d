"""Traces: where in the restricted bucket a person is, and the bucket without them."""

import gzip
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from vigil.arrivals import Content, moment_name
from vigil.clients import storage
from vigil.cloud import Cloud
from vigil.datasets import Dataset
from vigil.erasure import Person, text_of, without
from vigil.lake import Lake
from vigil.records import Whom
from vigil.steps.files import Arrivals, File, Files, sources_by_hash

EVER = datetime(1970, 1, 1, tzinfo=UTC)
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


@dataclass
class Traces:
    """One person in one dataset's bucket."""

    dataset: Dataset
    cloud: Cloud  # the restricted one
    person: Person
    erased: Erased = field(default_factory=Erased)
    arrivals: Arrivals = field(default_factory=list)
    removed: set[str] = field(default_factory=set)  # names of objects
    since: datetime = EVER  # the tables were made without the person
    busy: bool = False  # whether somebody who began after that is taking them in again

    @property
    def files(self) -> Files:
        """What lies there."""
        return Files(self.dataset, self.cloud)

    @property
    def lake(self) -> Lake:
        """The restricted bucket."""
        return self.cloud.lake

    def any(self) -> bool:
        """Whether there is anything to erase."""
        return any(
            self._mentioned(one) if one.rows is None else self._theirs(one)
            for one in self.files.all()
        )

    def learn(self) -> None:
        """Find out what the person goes by, from all files that say it."""
        if not self.person.people:
            for one in self.files.all():
                self.person = self.person.named(one.rows or [])
        for one in self.files.all():
            self.person = self.person.grown(one.rows or [])
        self.arrivals = self.files.arrivals()

    def rewrite(self) -> Moved:
        """Put beside each file that an arrival names and that holds them one that does not."""
        named = sources_by_hash(self.arrivals)
        moved: Moved = {}
        for one in self.files.raw():
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
        named = sources_by_hash(self.files.arrivals())
        self.busy = False
        for one in self.files.raw():
            if one.digest not in named and self._holds(one):
                self._leftover(one)
        delivered = {*self.lake.arrivals(self.dataset.name)}
        refused = self.lake.quarantined(self.dataset.name)
        for one in self.files.inbox():
            delivery = f"{moment_name(one.blob.time_created)}-{one.source}"
            if one.rows is None or delivery in refused:
                self._refused(one)
            elif delivery in delivered:
                self._delivered(one)
            else:
                self._waiting(one, one.rows)
        self._notes()

    def _leftover(self, one: File) -> None:
        """A file that no arrival names: not any more, or not yet, and then it is not to be lost."""
        if one.blob.time_created >= self.since:
            self.busy = True
        elif self._remove(one.blob):
            self.erased.files += 1
            self.erased.rows += len(self._theirs(one))

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
