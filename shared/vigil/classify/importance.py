"""What a classifier looks at."""

import numpy as np

from vigil.classify.classifier import Classifier
from vigil.classify.columns import columns
from vigil.classify.frame import Frame

ENOUGH = 20_000  # records


def importance(classifier: Classifier, known: Frame) -> dict[str, float]:
    """How far each feature moves a record on average, to or fro, in log odds."""
    some = known.take(np.arange(0, len(known), len(known) // ENOUGH + 1))
    table = classifier.encoder.encode(columns(classifier.asked, some, known))
    moved = np.abs(classifier.model.adds(table)).mean(axis=0)
    return dict(zip(classifier.encoder.names, moved.tolist(), strict=True))
