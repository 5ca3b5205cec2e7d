"""The vault: what trainings leave in the models bucket, and where they go on after a stop."""

from collections.abc import Iterable
from dataclasses import dataclass

from vigil.bundle import Bundle
from vigil.dossier import BUNDLE, FAN, SAID, SCORES, Dossier, packed, unpacked
from vigil.errors import Rejected
from vigil.store import Gone, Store

LAST = 10  # dossiers that are kept though they were never promoted


@dataclass(frozen=True)
class Vault:
    """The models bucket. A place bears the digest: two fits of one version are never mixed up."""

    store: Store

    def keep(self, dossier: Dossier) -> None:
        """Write a dossier, the bundle last: where there is one, all is there."""
        files = dossier.files()
        place = _place(dossier.dataset, dossier.version, dossier.bundle.digest)
        for name in (SAID, SCORES, FAN, BUNDLE):
            self.store.write(place + name, files[name])

    def dossier(self, dataset: str, version: str, digest: str) -> Dossier:
        """All of one training; its bundle has that digest, or is refused."""
        place = _place(dataset, version, digest)
        names = (SAID, SCORES, FAN, BUNDLE)
        return Dossier.read({name: self.store.read(place + name) for name in names}, digest)

    def bundle(self, dataset: str, version: str, digest: str) -> Bundle:
        """The models of one training, checked against the digest that the warehouse names."""
        name = _place(dataset, version, digest) + BUNDLE
        where = f"gs://{self.store.name}/{name}"
        try:
            body = self.store.read(name)
        except Gone as gone:
            raise Rejected(
                where, rule="corrupt_model", expected="a packed model", found="nothing",
                remedy="Use the last good one or train anew",
            ) from gone  # fmt: skip
        return unpacked(body, digest, where)

    def restore(self, dataset: str, version: str, bundle: Bundle) -> None:
        """Write models back that were lost: the same bytes as before, by their digest."""
        place = _place(dataset, version, bundle.digest)
        self.store.write(place + BUNDLE, packed(bundle))

    def versions(self, dataset: str) -> list[str]:
        """Of which there is something, oldest first: a version begins with its date."""
        names = self.store.names(f"models/{dataset}/")
        return sorted({name.split("/")[2] for name in names})

    def prune(self, dataset: str, promoted: Iterable[str]) -> list[str]:
        """Remove what is neither among the last nor was ever promoted."""
        there = self.versions(dataset)
        kept = {*promoted, *there[-LAST:]}
        gone = [version for version in there if version not in kept]
        for version in gone:
            self.store.clear(_place(dataset, version))
        return gone

    def checkpoints(self, dataset: str) -> "Checkpoints":
        """Where a training's backtest is kept until it is decided."""
        return Checkpoints(self.store, f"checkpoints/{dataset}/")


@dataclass(frozen=True)
class Checkpoints:
    """Files of a shelf as objects."""

    store: Store
    place: str

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None where there is none."""
        try:
            return self.store.read(self.place + name)
        except Gone:
            return None

    def write(self, name: str, body: bytes) -> None:
        """Keep a file; one that is there stays: it was made the same way."""
        self.store.write(self.place + name, body)

    def clear(self) -> None:
        """Remove all."""
        self.store.clear(self.place)


def _place(dataset: str, version: str, digest: str = "") -> str:
    return f"models/{dataset}/{version}/" + (f"{digest[:16]}/" if digest else "")
