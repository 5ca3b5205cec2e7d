"""From rows to a classifier that is not calibrated yet, and how one is kept meanwhile."""

import json
from collections.abc import Callable

from vigil.bundle import MANIFEST, Bundle, json_bytes
from vigil.classify import classifier
from vigil.classify.classifier import Classifier, question
from vigil.classify.columns import Columns
from vigil.classify.drift import Population
from vigil.classify.encoder import Encoder
from vigil.classify.fitting import FITS
from vigil.classify.frame import Frame
from vigil.datasets import Dataset
from vigil.errors import Rejected
from vigil.panel import Floats
from vigil.shelf import Files

LEAST, OF_EACH = 100, 10  # records with an outcome


def check(dataset: Dataset, known: Frame) -> None:
    """Refuse to learn from too little."""
    yes = int((known.outcome == 1).sum())
    no = len(known) - yes
    if len(known) < LEAST or min(yes, no) < OF_EACH:
        raise Rejected(
            dataset.name,
            rule="few_outcomes",
            expected=f"at least {LEAST} records with an outcome, {OF_EACH} of each answer",
            found="fewer, or answers that are nearly all the same",
            remedy="Wait for more outcomes; until then the base rate serves.",
        )


def fitted(dataset: Dataset, recipe: str, columns: Columns, yes: Floats) -> Classifier:
    """Features, model and population of these rows, and of no others."""
    encoder = Encoder.fit(question(dataset), columns)
    table = encoder.encode(columns)
    model = FITS[recipe](encoder, table, yes)
    return Classifier(dataset, recipe, encoder, model, Population.of(encoder, table))


def kept(files: Files, name: str, make: Callable[[], Classifier]) -> Classifier:
    """The one that was kept under that name, else one that is made and kept."""
    if (found := _read(files.read(name))) is not None:
        return found
    made = make()
    bundle = made.bundle()
    bodies = {**bundle.files, MANIFEST: bundle.manifest()}
    files.write(name, json_bytes({each: body.decode() for each, body in bodies.items()}))
    return made


def _read(body: bytes | None) -> Classifier | None:
    """None where there is nothing, or nothing whole."""
    if body is None:
        return None
    try:
        said = json.loads(body)
        bundle = Bundle.checked({name: text.encode() for name, text in said.items()})
    except (ValueError, AttributeError, Rejected):
        return None
    return classifier.load(bundle)
