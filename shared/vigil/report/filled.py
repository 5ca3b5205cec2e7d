"""The page: template, style and scripts of the package, filled with the data."""

import base64
import html
import re
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from vigil.report import classified, encode, queries
from vigil.report.shown import Classified, Shown

HERE = resources.files("vigil.report")
VENDORED = ("d3.min.js", "plot.umd.min.js")
MOST = 2_900_000  # bytes
FEWER = (queries.WEEKS, 5, 2, 0)  # weeks of earlier forecasts, where all would be too large


@dataclass(frozen=True)
class Kind:
    """What one kind of page has beside what all have: a body, a style, scripts."""

    name: str
    own: tuple[str, ...]

    @property
    def scripts(self) -> tuple[str, ...]:
        """In their order."""
        return ("words.js", "data.js", "about.js", *self.own, f"{self.name}.js", "start.js")


SERIES = Kind("series", (
    "view.js", "state.js", "chart.js", "reader.js", "table.js", "picker.js", "controls.js",
    "drivers.js", "accuracy.js",
))  # fmt: skip
CLASSES = Kind("classes", ("bars.js", "curves.js", "judged.js"))


def page(shown: Shown) -> bytes:
    """The report of a dataset of series: one file of HTML that reads nothing else."""
    for weeks in FEWER:
        made = _filled(SERIES, shown.dataset.title, encode.data(shown, weeks))
        if len(made) <= MOST:
            break
    return made


def classes(shown: Classified) -> bytes:
    """The report of a dataset that is classified: as closed, and nobody single in it."""
    return _filled(CLASSES, shown.dataset.title, classified.data(shown))


def _filled(kind: Kind, title: str, said: dict[str, Any]) -> bytes:
    assets = HERE / "assets"
    libraries = [_text(HERE / "vendor" / name) for name in VENDORED]
    own = "\n".join(_text(assets / name) for name in kind.scripts)
    scripts = [*libraries, f'"use strict";\n{own}']
    filled = {
        "policy": _policy(scripts),
        "title": html.escape(title),
        "style": _text(assets / "page.css") + _text(assets / f"{kind.name}.css"),
        "body": _text(assets / f"{kind.name}.html"),
        "data": encode.packed(said),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    return re.sub(
        r"<!--(\w+)-->", lambda mark: filled[mark[1]], _text(assets / "page.html")
    ).encode()


def _policy(scripts: list[str]) -> str:
    """Nothing may be fetched, and only these scripts run."""
    hashes = [base64.b64encode(sha256(one.encode()).digest()).decode() for one in scripts]
    allowed = " ".join(f"'sha256-{one}'" for one in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _text(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")
