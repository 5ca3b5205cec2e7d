"""The page: template, style and scripts of the package, filled with the data."""

import base64
import html
import re
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable

from vigil.report import queries
from vigil.report.encode import data, packed
from vigil.report.shown import Shown

HERE = resources.files("vigil.report")
VENDORED = ("d3.min.js", "plot.umd.min.js")
SCRIPTS = (
    "words.js", "data.js", "state.js", "chart.js", "reader.js", "table.js", "picker.js",
    "controls.js", "drivers.js", "accuracy.js", "about.js", "page.js",
)  # fmt: skip


MOST = 2_900_000  # bytes
FEWER = (queries.WEEKS, 5, 2, 0)  # weeks of earlier forecasts, where all would be too large


def page(shown: Shown) -> bytes:
    """The report of a dataset: one file of HTML that reads nothing else."""
    for weeks in FEWER:
        made = _filled(shown, weeks)
        if len(made) <= MOST:
            break
    return made


def _filled(shown: Shown, weeks: int) -> bytes:
    libraries = [_text(HERE / "vendor" / name) for name in VENDORED]
    own = "\n".join(_text(HERE / "assets" / name) for name in SCRIPTS)
    scripts = [*libraries, f'"use strict";\n{own}']
    filled = {
        "policy": _policy(scripts),
        "title": html.escape(shown.dataset.title),
        "style": _text(HERE / "assets" / "page.css"),
        "data": packed(data(shown, weeks)),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    template = _text(HERE / "assets" / "page.html")
    return re.sub(r"<!--(\w+)-->", lambda mark: filled[mark[1]], template).encode()


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
