"""Categories: the values of the text columns of records, and those that nobody has seen before."""

from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from vigil.datasets import Source
from vigil.quality import Finding

FEW = 10  # a value that fewer rows have may tell of somebody
SHOWN = 5
Categories = Mapping[str, Mapping[str, int]]  # column -> value -> how many rows have it


def counted(source: Source, table: pa.Table) -> dict[str, dict[str, int]]:
    """How often each value of the fields that are text is there; blanks are none."""
    found = {}
    for column, kind in source.fields.items():
        if kind == "text" and column in table.column_names:
            counts = pc.value_counts(pc.utf8_trim_whitespace(table[column]))
            values = (counts.field(name).to_pylist() for name in ("values", "counts"))
            found[column] = {value: n for value, n in zip(*values, strict=True) if value}
    return found


def unknown(
    where: str, new: Categories, old: Categories, had: Callable[[str], set[str]]
) -> Iterator[Finding]:
    """Values that neither the content before nor any record *had*; rare ones are not named."""
    for column, counts in sorted(new.items()):
        fresh = counts.keys() - old.get(column, counts)
        fresh = fresh - had(column) if fresh else fresh
        if not fresh:
            continue
        often = sorted(value for value in fresh if counts[value] >= FEW)
        named = [f"{value!r} in {counts[value]} rows" for value in often[:SHOWN]]
        if rest := len(fresh) - len(named):
            named.append(f"{rest} that are not named")
        yield Finding(
            "new_category",
            "warning",
            f"{where}.{column}",
            "values seen before",
            f"{len(fresh)} others: {', '.join(named)}",
            count=len(fresh),
        )
