"""Ingest: bytes from upstream become an arrival, and arrivals become observations."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatch

from vigil import crash, datasets, sources, unpack
from vigil.arrivals import Arrival, Content, moment_name, sources_of
from vigil.cloud import Cloud
from vigil.commit import Head
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.lake import raw_name, sha256
from vigil.layouts import Parsed
from vigil.ledger import Run, attempt, refusal
from vigil.messages import Tick
from vigil.sources import Validators
from vigil.steps.history import History
from vigil.verdict import Case


def ingest(tick: Tick, cloud: Cloud, given: Mapping[str, str] | None = None) -> Tick | None:
    """Bring a dataset's tables up to its sources; the next Tick when predict is due.

    *given* names files or addresses for some sources: then only those are read.
    """
    cloud = cloud.of(tick.dataset)
    with attempt("ingest", tick, lambda: cloud.warehouse) as run:
        history = History(datasets.load(tick.dataset), cloud)
        receiver = Receiver(history, tick, run, dict(given or {}))
        seen = not given and _seen(history, run)
        if given or not (seen or _arrived(history, tick)):
            receiver.receive()
        if not given:
            receiver.open_inbox()
        crash.point("ingest:3")  # the arrival is kept, the tables do not show it yet
        head = history.catch_up(run)
        if receiver.refused and not run.recorded:
            run.status, run.reason = "refused", str(next(iter(receiver.refused.values()))[1])
        elif seen and not run.recorded:
            run.unchanged(f"the sources were asked at {head.checked_at}, after this message")
    receiver.note_refused()
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
    """A Tick for predict while the newest vintage has no answer."""
    if head.vintage is None or head.issued_at is None:
        return None
    if (head.forecast or "").startswith(f"{head.vintage} "):
        return None
    return replace(tick, as_of=max(tick.as_of, head.issued_at), declared=True)


def _arrived(history: History, tick: Tick) -> bool:
    """Whether an earlier attempt at this message kept what it fetched: then use that."""
    names = history.cloud.lake.arrivals(tick.dataset, moment_name(tick.as_of))
    found = set().union(*(sources_of(name) for name in names))
    mirror = history.cloud.settings.mirror
    urls, spare = _upstream(history.dataset, mirror), _spare(history.dataset, mirror)
    return not urls or (bool(found) and found >= set(urls) - spare)


ABSENT = {"file", "status"}  # what a place says that holds no such file


@dataclass
class Receiver:
    """One look at the sources: fetch, keep, read, check, and only then say it has arrived."""

    history: History
    tick: Tick
    run: Run
    given: dict[str, str]
    refused: dict[str, tuple[str, Rejected]] = field(default_factory=dict)  # delivery: object, why

    @property
    def dataset(self) -> Dataset:
        """The dataset it receives."""
        return self.history.dataset

    def receive(self) -> None:
        """Record what the sources hold at the Tick's moment."""
        mirror = self.history.cloud.settings.mirror
        locations, spare = (
            self.given or _upstream(self.dataset, mirror),
            _spare(self.dataset, mirror),
        )
        if not locations:
            return  # all its files come through the inbox
        if unknown := sorted(set(locations) - set(self.dataset.sources)):
            raise Rejected(
                f"{self.dataset.name}: --source",
                rule="name",
                expected=f"one of {', '.join(self.dataset.sources)}",
                found=", ".join(unknown),
            )
        head = self.history.head()
        self.history.check_bucket()
        last = self._last(head)
        contents: dict[str, Content] = {}
        missing: list[Rejected] = []
        for source, location in sorted(locations.items()):
            try:
                contents[source] = self._content(source, location, last.get(source), head)
            except Rejected as reason:
                if self.given or reason.rule not in ABSENT or source not in spare:
                    raise
                missing.append(reason)
        if not contents:
            raise missing[0]
        kind = "declared" if self.given else "fetched"
        checked_at = None if self.tick.declared else self.run.started_at
        arrival = Arrival(self.dataset.name, self.tick.as_of, kind, contents, checked_at)
        self.history.check_unerased()
        self.history.cloud.lake.record(arrival)

    def open_inbox(self) -> None:
        """Take in what was put into the inbox by the Tick's moment; a bad file hurts no other."""
        sources = [name for name, source in self.dataset.sources.items() if source.url is None]
        if not sources:
            return
        lake, name = self.history.cloud.lake, self.dataset.name
        done = {*lake.arrivals(name), *lake.quarantined(name)}
        for object_, moment in lake.inbox(name):
            source = addressee(self.dataset, sources, object_)
            delivery = f"{moment_name(moment)}-{source}"
            if moment > self.tick.as_of or delivery in done:
                continue
            try:
                self._deliver(source, object_, moment)
            except Rejected as reason:
                self.refused[delivery] = object_, reason
        self.run.findings += [refusal(reason) for _, reason in self.refused.values()]

    def note_refused(self) -> None:
        """Mark what was refused as done with, once the ledger says why."""
        for delivery, (object_, reason) in self.refused.items():
            self.history.cloud.lake.quarantine(delivery, self.dataset.name, object_, reason)

    def _last(self, head: Head) -> dict[str, Content]:
        """What the newest arrival held, for upstream to compare with."""
        if not head.arrival or self.given:
            return {}
        return self.history.cloud.lake.arrival(self.dataset.name, head.arrival).contents

    def _content(self, source: str, location: str, last: Content | None, head: Head) -> Content:
        cloud, spec = self.history.cloud, self.dataset.sources[source]
        known = last.validators if last and head.hashes.get(source) == last.sha256 else None
        try:
            fetched = sources.fetch(
                location, cloud.deadline, known, hosts=spec.hosts, member=spec.member
            )
        except Rejected as reason:
            raise reason.within(f"{self.dataset.name}.{source}") from None
        if fetched.body is None and last:
            return last
        body = fetched.body or b""
        digest, last_date = sha256(body), last.last_date if last else None
        if head.hashes.get(source) != digest:
            downloaded = sources.is_url(location)
            try:
                parsed = self._accept(source, body, self.tick.as_of, downloaded=downloaded)
            except Rejected as reason:
                lake, name = cloud.lake, self.dataset.name
                delivery = f"{moment_name(self.tick.as_of)}-{source}"
                lake.quarantine(delivery, name, raw_name(name, digest), reason)
                raise
            last_date = parsed.last_date
        self.run.bytes += len(body)
        return Content(digest, len(body), fetched.validators, last_date)

    def _accept(self, source: str, body: bytes, moment: datetime, *, downloaded: bool) -> Parsed:
        """Keep the bytes, read them, hold them against the contract."""
        crash.point("ingest:1")  # nothing is kept yet
        self.history.check_unerased()
        digest = self.history.cloud.lake.keep(self.dataset.name, body)
        crash.point("ingest:2")  # the bytes are kept, no arrival says so
        parsed = self.history.parse(source, body)
        held = self.history.held(source, moment) if parsed.panel else {}  # records stand alone
        Case(self.dataset, source, parsed, held, moment).check(downloaded=downloaded)
        self.history.keep(source, digest, parsed)
        return parsed

    def _deliver(self, source: str, object_: str, moment: datetime) -> None:
        """An object in the inbox becomes an arrival at the moment at which it was put there."""
        lake = self.history.cloud.lake
        body = unpack.unpack(iter([lake.delivered(object_)]), f"{self.dataset.name}.{source}")
        self.run.bytes += len(body)
        parsed = self._accept(source, body, moment, downloaded=False)
        content = Content(sha256(body), len(body), Validators(object_), parsed.last_date)
        self.history.check_unerased()
        lake.record(Arrival(self.dataset.name, moment, "delivered", {source: content}))


def addressee(dataset: Dataset, sources: list[str], object_: str) -> str:
    """The source that a file in the inbox is of, by its name; with one source, that one."""
    file = object_.rpartition("/")[2]
    named = [name for name in sources if fnmatch(file, dataset.sources[name].files)]
    return (named or sources)[0]


def _upstream(dataset: Dataset, mirror: str | None) -> dict[str, str]:
    """Where each source is: upstream, or in a mirror that holds <dataset>/<source>.csv."""
    urls = {name: str(source.url) for name, source in dataset.sources.items() if source.url}
    if mirror is None:
        return urls
    return {name: f"{mirror.rstrip('/')}/{dataset.name}/{name}.csv" for name in urls}


def _spare(dataset: Dataset, mirror: str | None) -> set[str]:
    """What a mirror need not hold: sources that have ended."""
    return {name for name, source in dataset.sources.items() if mirror and source.ended}
