"""Ingest: bytes from upstream become an arrival, and arrivals become observations."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from vigil import crash, datasets, layouts, quality, sources
from vigil.arrivals import Arrival, Content, moment_name, sources_of
from vigil.cloud import Cloud
from vigil.commit import Head
from vigil.datasets import Dataset
from vigil.errors import Misconfigured, Rejected
from vigil.lake import sha256
from vigil.ledger import Run, attempt
from vigil.messages import Tick
from vigil.panel import Panel
from vigil.steps.history import History


def ingest(tick: Tick, cloud: Cloud, given: Mapping[str, str] | None = None) -> Tick | None:
    """Bring a dataset's observations up to its sources; the next Tick when a forecast is due.

    *given* names files or addresses for some sources: then only those are read.
    """
    with attempt("ingest", tick, lambda: cloud.warehouse) as run:
        history = History(datasets.load(tick.dataset), cloud)
        seen = not given and _seen(history, run)
        if given or not (seen or _arrived(history, tick)):
            Receiver(history, tick, run, dict(given or {})).receive()
        crash.point("ingest:3")  # the arrival is kept, the tables do not show it yet
        head = history.catch_up(run)
        if seen and not run.recorded:
            run.unchanged(f"the sources were asked at {head.checked_at}, after this message")
    return forecast_due(head, tick)


def _seen(history: History, run: Run) -> bool:
    """Whether the sources were asked since a Tick without a moment was published.

    What they hold now must not be kept as what they held then, before it.
    """
    checked = history.head().checked_at
    # A declared moment may lie ahead of the clock: nobody has looked then.
    return (
        checked is not None
        and not run.tick.declared
        and (run.tick.as_of <= checked <= run.started_at)
    )


def forecast_due(head: Head, tick: Tick) -> Tick | None:
    """A Tick for predict while the newest vintage has no forecast."""
    if head.vintage is None or head.issued_at is None:
        return None
    if (head.forecast or "").startswith(f"{head.vintage} "):
        return None
    return replace(tick, as_of=max(tick.as_of, head.issued_at), declared=True)


def _arrived(history: History, tick: Tick) -> bool:
    """Whether an earlier attempt at this message kept what it fetched: then use that."""
    names = history.cloud.lake.arrivals(tick.dataset, moment_name(tick.as_of))
    found = set().union(*(sources_of(name) for name in names))
    return found >= set(history.dataset.sources)


@dataclass
class Receiver:
    """One look at the sources: fetch, keep, read, check, and only then say it has arrived."""

    history: History
    tick: Tick
    run: Run
    given: dict[str, str]

    @property
    def dataset(self) -> Dataset:
        """The dataset it receives."""
        return self.history.dataset

    def receive(self) -> None:
        """Record what the sources hold at the Tick's moment."""
        if self.dataset.personal:  # until there is restricted storage for it
            raise Misconfigured(f"{self.dataset.name}: personal data are not taken in yet")
        locations = self.given or _upstream(self.dataset, self.history.cloud.settings.mirror)
        if unknown := sorted(set(locations) - set(self.dataset.sources)):
            raise Rejected(
                f"{self.dataset.name}: --source",
                rule="name",
                expected=f"one of {', '.join(self.dataset.sources)}",
                found=", ".join(unknown),
            )
        head = self.history.head()
        last = self._last(head)
        contents = {
            source: self._content(source, locations[source], last.get(source), head)
            for source in sorted(locations)
        }
        kind = "declared" if self.given else "fetched"
        checked_at = None if self.tick.declared else self.run.started_at
        arrival = Arrival(self.dataset.name, self.tick.as_of, kind, contents, checked_at)
        self.history.cloud.lake.record(arrival)

    def _last(self, head: Head) -> dict[str, Content]:
        """What the newest arrival held, for upstream to compare with."""
        if not head.arrival or self.given:
            return {}
        return self.history.cloud.lake.arrival(self.dataset.name, head.arrival).contents

    def _content(self, source: str, location: str, last: Content | None, head: Head) -> Content:
        cloud = self.history.cloud
        known = last.validators if last and head.hashes.get(source) == last.sha256 else None
        fetched = sources.fetch(location, cloud.deadline, known)
        if fetched.body is None and last:
            return last
        body = fetched.body or b""
        self.run.bytes += len(body)
        digest = sha256(body)
        if head.hashes.get(source) != digest:
            self._accept(source, location, body, head)
        return Content(digest, len(body), fetched.validators)

    def _accept(self, source: str, location: str, body: bytes, head: Head) -> None:
        """Keep the bytes, read them, hold them against the contract."""
        crash.point("ingest:1")  # nothing is kept yet
        digest = self.history.cloud.lake.keep(self.dataset.name, body)
        crash.point("ingest:2")  # the bytes are kept, no arrival says so
        try:
            parsed = layouts.parse(self.dataset, source, body)
            quality.check(
                self.dataset,
                parsed.panel,
                self._known(head),
                self.tick.as_of,
                downloaded=sources.is_url(location),
            )
        except Rejected as reason:
            name = f"{moment_name(self.tick.as_of)}-{source}"
            self.history.cloud.lake.quarantine(name, self.dataset.name, digest, reason)
            raise
        self.history.keep(source, digest, parsed)

    def _known(self, head: Head) -> Panel:
        """What was known at the Tick's moment, which may lie before the newest vintage."""
        if head.issued_at is None or head.issued_at <= self.tick.as_of:
            return self.history.at(head)
        return self.history.cloud.warehouse.panel(self.dataset.name, self.tick.as_of)


def _upstream(dataset: Dataset, mirror: str | None) -> dict[str, str]:
    """Where each source is: upstream, or in a mirror that holds <dataset>/<source>.csv."""
    if mirror is None:
        return {name: str(source.url) for name, source in dataset.sources.items()}
    return {name: f"{mirror.rstrip('/')}/{dataset.name}/{name}.csv" for name in dataset.sources}
