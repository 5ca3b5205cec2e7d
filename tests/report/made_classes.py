"""Made-up stays in hospital, judged and scored, as the tables and views would give them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from vigil import datasets
from vigil.panel import Floats
from vigil.report import Classified

ISSUED = datetime(2024, 3, 5, 6, 45, tzinfo=UTC)
THRESHOLD = 1 / 3
AGES = [f"{low + (low > 0)}-{low + 10}" for low in range(0, 100, 10)]
WARDS = ["P", "Q", "R", "S", "T", "U"]
SHARES = {
    "Age": [0.02, 0.05, 0.13, 0.2, 0.2, 0.15, 0.13, 0.08, 0.03, 0.01],
    "Ward_Type": [0.02, 0.33, 0.4, 0.24, 0.0099, 0.0001],
}
VALUES = {"Age": AGES, "Ward_Type": WARDS}
SKILL = {"trees": 1.35, "logistic": 1.1, "forest": 1.2, "base_rate": 0.0}
EDGES = (0.0, THRESHOLD / 2, THRESHOLD, (1 + THRESHOLD) / 2, 1.0)
BANDS = ("low", "moderate", "raised", "high")
WEIGHTS = {
    "Visitors with Patient": 0.61, "Ward_Type": 0.33, "Age": 0.24, "Type of Admission": 0.21,
    "Severity of Illness": 0.16, "Bed Grade": 0.15, "Available Extra Rooms in Hospital": 0.12,
    "Admission_Deposit": 0.09, "Hospital_code": 0.08, "Department": 0.05, "Same city": 0.03,
    "City_Code_Patient": 0.03, "Visits of the patient": 0.02, "Gynaecology": 0.01,
}  # fmt: skip


def said(
    rng: np.random.Generator, count: int, skill: float, away: float = 0
) -> tuple[Floats, Floats]:
    """Probabilities that tell so much, and what came."""
    odds = -0.55 + away + skill * rng.normal(0, 1, count)
    probability = 1 / (1 + np.exp(-odds))
    return probability, (rng.random(count) < probability).astype(float)


def judged(probability: Floats, yes: Floats) -> dict[str, Any]:
    """What assessments and scores say of them."""
    flagged = probability >= THRESHOLD
    order = np.argsort(-probability)
    hits, alarms = np.cumsum(yes[order]), np.cumsum(1 - yes[order])
    own = np.where(yes == 1, probability, 1 - probability)
    return {
        "n": len(yes), "positives": int(yes.sum()), "mean_probability": float(probability.mean()),
        "auc": float(np.trapezoid(hits, alarms) / max(hits[-1] * alarms[-1], 1)),
        "average_precision": float((hits / (hits + alarms) * yes[order]).sum() / max(hits[-1], 1)),
        "brier": float(np.square(probability - yes).mean()),
        "log_loss": float(-np.log(own).mean()),
        "true_positives": int((flagged & (yes == 1)).sum()),
        "false_positives": int((flagged & (yes == 0)).sum()),
        "false_negatives": int((~flagged & (yes == 1)).sum()),
        "true_negatives": int((~flagged & (yes == 0)).sum()),
        "accuracy": float((flagged == yes).mean()), "covered": 0.903,
    }  # fmt: skip


def classified(count: int = 137_057, known: int = 318_438, seed: int = 1) -> Classified:
    """A report's data, with everything there can be."""
    rng = np.random.default_rng(seed)
    dataset = datasets.load("hospital_stay")
    return Classified(
        dataset=dataset,
        made=ISSUED,
        publication={
            "publication": "p", "issued_at": ISSUED, "model": "trees", "version": "4", "rows": count
        },
        bands=[*_bands(rng, count)],
        scores=[*_scores(rng, known // 60)],
        assessments=[*_assessments(rng, known)],
        curves=[*_curves(rng, known)],
        drivers=[{"feature": name, "size": size} for name, size in WEIGHTS.items()],
        drift=[*_drift(rng, count)],
        health=[{
            "source": "admissions", "status": "ok", "last_date": None, "errors": 0, "warnings": 0,
            "issued_at": ISSUED - timedelta(minutes=11), "checked_at": ISSUED, "worst": None,
        }],
        model=MODEL,
    )  # fmt: skip


def _bands(rng: np.random.Generator, count: int) -> Iterator[dict[str, Any]]:
    for field, values, shares in (("", [""], [1.0]), *_fields()):
        for value, share in zip(values, shares, strict=True):
            away = 0.25 * (len(values) > 1) * (values.index(value) - len(values) / 2)
            probability, _ = said(rng, round(count * share), 1.35, away)
            for band, low, high in zip(BANDS, EDGES[:-1], EDGES[1:], strict=True):
                own = probability[(probability >= low) & (probability < high)]
                if len(own) >= 10:
                    yield {
                        "field": field, "value": value, "band": band, "lower": low, "upper": high,
                        "n": len(own), "mean_probability": float(own.mean()),
                    }  # fmt: skip


def _fields() -> list[tuple[str, list[str], list[float]]]:
    return [(field, VALUES[field], shares) for field, shares in SHARES.items()]


def _assessments(rng: np.random.Generator, known: int) -> Iterator[dict[str, Any]]:
    for split, part in (("crossed", 1.0), ("grouped", 0.2), ("random", 0.2)):
        for model, skill in SKILL.items():
            probability, yes = said(rng, int(known * part), skill)
            yield {
                "model": model,
                "split": split,
                "field": "",
                "value": "",
                **judged(probability, yes),
            }
            for field, values, shares in _fields():
                which = rng.choice(len(values), len(yes), p=np.array(shares) / sum(shares))
                for at, value in enumerate(values):
                    own = which == at
                    if own.sum() >= 10:
                        yield {
                            "model": model,
                            "split": split,
                            "field": field,
                            "value": value,
                            **judged(probability[own], yes[own]),
                        }


def _curves(rng: np.random.Generator, known: int) -> Iterator[dict[str, Any]]:
    probability, yes = said(rng, known, 1.35)
    order = np.argsort(probability)
    for at, part in enumerate(np.array_split(order, 20)):
        yield _point("reliability", at, probability[part].mean(), yes[part].mean(), len(part))
    down = order[::-1]
    hits, alarms = np.cumsum(yes[down]), np.cumsum(1 - yes[down])
    for at, last in enumerate(np.linspace(10, known - 1, 200).astype(int)):
        yield _point("roc", at, alarms[last] / alarms[-1], hits[last] / hits[-1], int(last) + 1)


def _point(curve: str, at: int, x: float, y: float, n: int) -> dict[str, Any]:
    return {"model": "trees", "curve": curve, "position": at, "x": float(x), "y": float(y), "n": n}


def _drift(rng: np.random.Generator, count: int) -> Iterator[dict[str, Any]]:
    sizes = {"Admission_Deposit": 0.31, "Ward_Type": 0.14}
    for name in WEIGHTS:
        psi = sizes.get(name, float(rng.uniform(0, 0.03)))
        blank = 0.014 if name == "City_Code_Patient" else 0.0
        unseen = 4 / count if name == "Hospital_code" else 0.0
        yield {"feature": name, "psi": psi, "unseen": unseen, "missing": blank, "rows": count}


def _scores(rng: np.random.Generator, count: int) -> Iterator[dict[str, Any]]:
    for version, part in (("3", 1.0), ("4", 0.4)):
        probability, yes = said(rng, int(count * part), 1.3)
        yield {"version": version, "field": "", "value": "", **judged(probability, yes)}
    for field, values, shares in _fields():
        for value, share in zip(values, shares, strict=True):
            probability, yes = said(rng, int(0.4 * count * share), 1.3)
            row = judged(probability, yes) if len(yes) > 200 else None
            if row:
                yield {"version": "4", "field": field, "value": value, **row}


MODEL: dict[str, Any] = {
    "decided_at": ISSUED - timedelta(days=2),
    "kind": "refresh",
    "version": "4",
    "recipe": "trees",
    "champion": "4",
    "reason": "its Brier is 0.99 of the champion's in 26 groups (90% interval 0.98 to 1.00)",
    "decided_by": "train",
    "as_of": ISSUED - timedelta(days=2, hours=1),
    "relative_wis": 0.71,
    "relative_low": 0.70,
    "relative_high": 0.72,
    "judged_against": "base_rate",
    "origins": 26,
    "vintage_kind": None,
    "served_from": ISSUED - timedelta(days=2),
    "served_until": None,
}
