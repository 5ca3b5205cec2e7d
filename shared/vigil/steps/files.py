"""Files: the objects of a dataset's restricted bucket, and whom their rows are about."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from vigil.arrivals import Arrival
from vigil.clients import storage
from vigil.cloud import Cloud
from vigil.datasets import Dataset
from vigil.erasure import UTF16, read
from vigil.errors import Rejected
from vigil.records import Whom
from vigil.steps.history import History
from vigil.steps.ingest import addressee
from vigil.store import Gone
from vigil.unpack import GZIP, unpack

Arrivals = list[tuple[storage.Blob, Arrival]]


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


@dataclass(frozen=True)
class Files:
    """All that lies in one dataset's folders of the bucket."""

    dataset: Dataset
    cloud: Cloud  # the restricted one

    def arrivals(self) -> Arrivals:
        """All records of arrivals, each with the generation that was read."""
        store = self.cloud.lake.store
        blobs = store.list(f"arrivals/{self.dataset.name}/")
        return [(blob, Arrival.from_json(store.read(blob.name).decode())) for blob in blobs]

    def all(self) -> Iterator[File]:
        """Contents, and what was delivered."""
        yield from self.raw()
        yield from self.inbox()

    def raw(self) -> Iterator[File]:
        """All contents, also those that no arrival names."""
        named = sources_by_hash(self.arrivals())
        for digest, blob in self.cloud.lake.raw(self.dataset.name):
            with suppress(Gone):
                body = self.cloud.lake.read(self.dataset.name, digest)
                sources = [named[digest]] if digest in named else [*self.dataset.sources]
                yield self._file(blob, sources, body)

    def inbox(self) -> Iterator[File]:
        """All that was delivered, taken in or not."""
        sources = [name for name, one in self.dataset.sources.items() if one.url is None]
        for blob in self.cloud.lake.store.list(f"inbox/{self.dataset.name}/"):
            if blob.name.endswith("/") or not sources:
                continue
            with suppress(Gone):
                body = self.cloud.lake.delivered(blob.name)
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


def sources_by_hash(arrivals: Arrivals) -> dict[str, str]:
    """The files that arrivals name: hash -> source."""
    return {sha: source for _, one in arrivals for source, sha in one.hashes.items()}
