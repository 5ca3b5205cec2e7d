"""Verdicts: whether a source's new content is taken in, and what a reader should know of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from vigil import behaviour, quality
from vigil.arrivals import Arrival
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.layouts import Parsed
from vigil.quality import Finding, Mark

# Said once; what the other rules say stands.
EVENTS = ("jump", "lost_series", "new_series", "reverted", "stale")


@dataclass(frozen=True)
class Case:
    """A source's new content beside what it and the sources of its line held before."""

    dataset: Dataset
    source: str
    new: Parsed
    held: Mapping[str, Parsed]  # source -> its content before
    as_of: datetime

    @property
    def where(self) -> str:
        """Dataset and source."""
        return f"{self.dataset.name}.{self.source}"

    def check(self, *, downloaded: bool) -> None:
        """Refuse what breaches the contract."""
        spec, count = self.dataset.sources[self.source], len(self.new.records)
        if spec.layout == "records" and count < spec.expect.series:  # people may be erased later
            expected = f"at least {spec.expect.series} records"
            raise Rejected(self.where, rule="few_series", expected=expected, found=f"{count}")
        if not self.new.panel:
            return  # records are whole in themselves
        old = self.held.get(self.source, Parsed()).panel
        quality.check(
            self.dataset, self.source, self.new.panel, old, self.as_of, downloaded=downloaded
        )

    def findings(self) -> Iterator[Finding]:
        """What is new about an accepted content; a breach seen only now is a warning."""
        try:
            self.check(downloaded=False)
        except Rejected as reason:
            yield Finding(reason.rule, "warning", reason.where, reason.expected, reason.found)
        old = self.held.get(self.source)
        yield from quality.news(self._marks(self.new), self._marks(old) if old else [], self.as_of)
        if last := self.new.last_date:
            spec = self.dataset.sources[self.source]
            yield from filter(None, [quality.stale(spec, self.where, last, self.as_of)])
        if old:
            yield from behaviour.jumps(self.dataset, self.source, self.new.panel, old.panel)
            yield from behaviour.places(self.where, self.new.series, old.series, self.as_of)

    def _marks(self, content: Parsed) -> Iterator[Mark]:
        """What the rules that look at one content have to say."""
        yield from content.marks
        yield from quality.marks(self.dataset, self.source, content.panel)
        yield from behaviour.rhythm(self.dataset, self.source, content.panel)
        held = {**self.held, self.source: content}
        members = self.dataset.members(self.dataset.line(self.source))
        for leader, follower in pairwise(name for name in members if name in held):
            if self.source in {leader, follower}:
                spec, where = self.dataset.sources[follower], f"{self.dataset.name}.{follower}"
                yield from behaviour.overlap(spec, where, held[follower].panel, held[leader].panel)


def reverted(where: str) -> Finding:
    """A content that the source has had before."""
    said = "the content has been here before"
    return Finding("reverted", "warning", where, "new content", said)


def aging(
    dataset: Dataset, arrival: Arrival, last: Arrival | None, new: set[str]
) -> Iterator[Finding]:
    """Sources that do not change and have become stale since the last look."""
    if arrival.kind != "fetched":
        return
    for source, content in sorted(arrival.contents.items()):
        if source in new or content.last_date is None:
            continue
        spec, where = dataset.sources[source], f"{dataset.name}.{source}"
        found = quality.stale(spec, where, content.last_date, arrival.issued_at)
        asked = last if last and last.kind == "fetched" else None  # then it was said, if so
        before = asked and quality.stale(spec, where, content.last_date, asked.issued_at)
        if found and not before:
            yield found


def expected(dataset: Dataset, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings that the dataset's file knows stay, with its reason, and alert nobody."""
    for finding in findings:
        reasons = [
            one.reason
            for one in dataset.known
            if one.rule == finding.rule
            and f"{finding.scope}.".startswith(f"{dataset.name}.{one.scope}".rstrip(".") + ".")
        ]
        if reasons and finding.severity in {"info", "warning"}:
            yield replace(finding, severity="known", found=f"{finding.found} ({reasons[0]})")
        else:
            yield finding
