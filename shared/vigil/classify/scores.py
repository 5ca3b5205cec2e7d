"""How good probabilities were: of ranks, of the probabilities, and of what was said."""

from typing import Any

import numpy as np

from vigil.panel import Floats

LEAST = 1e-6  # of a probability, where its logarithm counts


def numbers(probability: Floats, yes: Floats, threshold: float, covered: Floats) -> dict[str, Any]:
    """All that the table assessments holds of some records."""
    said = probability >= threshold
    hit, alarm = int((said & (yes == 1)).sum()), int((said & (yes == 0)).sum())
    positives = int(yes.sum())
    ranks = steps(probability, yes)
    return {
        "n": len(yes),
        "positives": positives,
        "mean_probability": float(probability.mean()),
        "auc": auc(*ranks),
        "average_precision": average_precision(*ranks),
        "brier": float(np.square(probability - yes).mean()),
        "log_loss": log_loss(probability, yes),
        "true_positives": hit,
        "false_positives": alarm,
        "false_negatives": positives - hit,
        "true_negatives": len(yes) - positives - alarm,
        "accuracy": float((said == yes).mean()),
        "f1": 2 * hit / (hit + alarm + positives) if hit + alarm + positives else None,
        "covered": float(covered.mean()),
    }


def log_loss(probability: Floats, yes: Floats) -> float:
    """Mean negative log likelihood."""
    own = np.clip(np.where(yes == 1, probability, 1 - probability), LEAST, 1.0)
    return float(-np.log(own).mean())


def auc(alarms: Floats, hits: Floats) -> float | None:
    """Of a yes and a no at random, how often the yes has more; half where they tie."""
    if not (alarms[-1] and hits[-1]):
        return None
    return float(np.trapezoid(hits, alarms) / (hits[-1] * alarms[-1]))


def average_precision(alarms: Floats, hits: Floats) -> float | None:
    """Precision, averaged over the steps of recall."""
    if not hits[-1]:
        return None
    precision = hits[1:] / (hits[1:] + alarms[1:])
    return float((np.diff(hits) * precision).sum() / hits[-1])


def steps(probability: Floats, yes: Floats) -> tuple[Floats, Floats]:
    """From the highest down: how many no and yes are at or above each probability that was said."""
    order = np.argsort(-probability, kind="stable")
    said, hits = probability[order], np.cumsum(yes[order])
    last = np.append(np.flatnonzero(np.diff(said)), len(said) - 1)
    hit = np.concatenate([[0.0], hits[last]])
    count = np.concatenate([[0.0], last + 1.0])
    return count - hit, hit
