"""A folder of original files as the panel that its dataset makes of them."""

import gzip
from pathlib import Path

from vigil import datasets, layouts
from vigil.datasets import Dataset
from vigil.lines import resolve
from vigil.panel import Panel


def load(folder: Path, name: str) -> tuple[Dataset, Panel]:
    """The dataset, and all that its files in the folder say."""
    dataset = datasets.load(name)
    held = {}
    for source, spec in dataset.sources.items():
        if found := sorted(folder.glob(spec.files)):
            held[source] = layouts.parse(dataset, source, _body(found[-1])).panel
    if not held:
        patterns = [spec.files for spec in dataset.sources.values()]
        raise SystemExit(f"{folder}: expected files such as {patterns}, found none")
    panel: Panel = {}
    for line in sorted({dataset.line(source) for source in held}):
        panel |= resolve(dataset, line, held)
    return dataset, panel


def _body(file: Path) -> bytes:
    body = file.read_bytes()
    return gzip.decompress(body) if file.suffix == ".gz" else body
