"""One small training of a classifier, as its dossier; among its records is one like no other."""

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from vigil import datasets, shelf
from vigil.classify.frame import frame
from vigil.classify.importance import importance
from vigil.classify.trial import Trial
from vigil.dossier import Dossier
from vigil.steps.progress import quiet

TOLD = datasets.load("hospital_stay")
RECIPES = ["trees", "logistic", "forest", "base_rate"]
CASE, PERSON = "case-7f3a", "a1b2c3d4e5f6"  # how names of records and people begin
RARE = {
    "Hospital_code": 917354, "City_Code_Patient": 884172, "Department": "xenobiology",
    "Ward_Type": "Quux", "Age": "117-118", "Admission_Deposit": 7654321.25,
}  # fmt: skip
COUNT = 600


def record(draw: np.random.Generator) -> dict[str, Any]:
    """An admission: severe ones stay long more often."""
    severe = bool(draw.integers(2))
    stay = "41-50" if draw.random() < (0.75 if severe else 0.2) else "0-10"
    return {
        "Hospital_code": int(draw.integers(1, 5)),
        "City_Code_Hospital": int(draw.integers(1, 3)),
        "City_Code_Patient": int(draw.integers(1, 4)),
        "Department": str(draw.choice(["gynecology", "surgery"])),
        "Ward_Type": str(draw.choice(["Q", "R", "S"])),
        "Bed Grade": int(draw.integers(1, 4)) if draw.random() < 0.9 else None,
        "Severity of Illness": "Extreme" if severe else "Minor",
        "Age": str(draw.choice(["21-30", "41-50", "71-80"])),
        "Admission_Deposit": round(float(draw.normal(4800, 900)), 2),
        "Stay": stay,
    }


@cache
def admissions() -> list[dict[str, Any]]:
    """What is said of each; of the last few it is not known how long they stay."""
    draw = np.random.default_rng(8)
    rows = [record(draw) for _ in range(COUNT)]
    rows[300] |= RARE
    return [row | ({"Stay": None} if at >= COUNT - 40 else {}) for at, row in enumerate(rows)]


@cache
def records() -> pa.Table:
    """As the warehouse has them: two of a person."""
    return pa.table(
        {
            "record": [f"{CASE}-{at}" for at in range(COUNT)],
            "person": [f"{PERSON}{at // 2:020x}" for at in range(COUNT)],
            "fields": [json.dumps(row) for row in admissions()],
        }
    )


def file() -> pd.DataFrame:
    """As a hospital's file has them: all columns, some of them blank."""
    held = records()
    named = {"case_id": held["record"].to_pylist(), "patientid": held["person"].to_pylist()}
    return pd.DataFrame(admissions(), columns=[*TOLD.fields]).assign(**named)


@cache
def trial() -> Trial:
    """Recipes, judged."""
    return Trial(TOLD, frame(TOLD, records()), quiet, shelf.Nowhere())


@cache
def dossier(version: str = "20240131-1a2b3c4d", recipe: str = "trees") -> Dossier:
    """All of it."""
    reason = "Brier 0.76 of base_rate's"
    said = {
        "dataset": TOLD.name, "version": version, "recipe": recipe,
        "as_of": "2024-01-31T23:59:59+00:00", "vintage": "5e6f7a8b", "vintage_kind": "crossed",
        "data_digest": "d" * 64, "code": "c0de", "revision": "63ab632", "rows": COUNT - 40,
        "measures": {}, "params": {"recipe": recipe, "threshold": 1 / 3},
        "decisions": [
            {"kind": "first", "promoted": True, "reason": reason, "recipe": recipe,
             "rival": "base_rate", "numbers": {}}
        ],
    }  # fmt: skip
    one = trial()
    said["importance"] = {TOLD.title: importance(one.classifier(recipe), one.frame)}
    curves = pa.concat_tables([one.curves(name) for name in RECIPES])
    bundle = one.classifier(recipe).bundle()
    return Dossier(TOLD.name, version, bundle, said, one.assessments(RECIPES), curves)
