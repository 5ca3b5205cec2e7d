"""Columns: which ones a file must have, may have, and has that nobody knows."""

import difflib
from dataclasses import dataclass

from vigil import cells
from vigil.cells import Kind
from vigil.datasets import Dataset, Source
from vigil.errors import Rejected
from vigil.places import TEXTS
from vigil.quality import Item, Mark


@dataclass(frozen=True)
class Declared:
    """The columns that a source's file has to have, and may have."""

    needed: tuple[str, ...]
    kinds: dict[str, Kind]
    date_format: str | None = None

    def kind(self, column: str) -> Kind | None:
        """How a column is read, if it is; in a wide layout every date is a number."""
        if self.date_format and cells.as_date(column, self.date_format):
            return "number"
        return self.kinds.get(column)


def declared(dataset: Dataset, name: str) -> Declared:
    """What a dataset's file says of a source's columns."""
    source = dataset.sources[name]
    named = [source.date, source.aggregate, source.record, source.person, source.unnamed]
    measures = dataset.columns(name).values()
    said = {c: n for n, c in source.attributes.items()}
    texts = [*filter(None, named), *source.series, *source.where]
    kinds: dict[str, Kind] = {
        **dict.fromkeys(filter(None, measures), "number"),
        **{column: "text" if name in TEXTS else "number" for column, name in said.items()},
        **{column: "text" if it == "text" else "number" for column, it in source.fields.items()},
        **dict.fromkeys(texts, "text"),
    }
    needed = tuple(column for column in kinds if column not in source.optional)
    format_ = source.date_format if source.layout == "wide" else None
    return Declared(needed, kinds, format_)


def check(source: Source, header: list[str], known: Declared, where: str) -> Mark:
    """A missing column is a breach, so is a wide file without a date; an extra one a finding."""
    missing = [column for column in known.needed if column not in header]
    extra = [c for c in header if known.kind(c) is None and c not in source.unused]
    if missing:
        raise Rejected(
            where,
            rule="columns",
            expected=f"columns {missing[:8]}",
            found=f"{(extra or header)[:8]} and {len(header)} columns in all",
            remedy=_renames(missing, extra),
        )
    if known.date_format and not any(cells.as_date(c, known.date_format) for c in header):
        raise Rejected(
            where,
            rule="columns",
            expected=f"columns that are dates such as {cells.example(known.date_format)}",
            found=f"none in {header[:8]} and {len(header)} columns in all",
        )
    allowed = source.expect.extra_columns
    return Mark("extra_columns", where, "declared columns", frozenset[Item](extra), allowed)


def _renames(missing: list[str], extra: list[str]) -> str:
    """Which of the unknown columns could be the missing ones."""
    close = {
        name: found[0] for name in missing if (found := difflib.get_close_matches(name, extra, 1))
    }
    said = "; ".join(f"perhaps {new!r} is the new name of {old!r}" for old, new in close.items())
    remedy = "if a column was renamed upstream, say so under aliases in the dataset's YAML."
    return f"{said}: {remedy}" if said else remedy[0].upper() + remedy[1:]
