"""What must be seen before any number is: that no model serves, or an old one."""

from datetime import datetime
from typing import Any

import pyarrow.compute as pc

from vigil.models import seasonal_naive
from vigil.report.shown import Classified, Shown


def notices(shown: Shown) -> list[str]:
    """Sentences, the gravest first; none when a model serves that is young enough."""
    rows = shown.outlook
    made = rows.filter(pc.is_valid(rows["horizon"]))
    if not rows.num_rows:
        return ["There is nothing to show yet: no forecast has been made."]
    if not made.num_rows:
        return ["There is no forecast yet; the numbers reported so far are shown."]
    if set(pc.unique(made["model"]).to_pylist()) == {seasonal_naive.NAME}:
        return [_naive(shown)]
    return odd(shown, pc.max(made["issued_at"]).as_py())


def _naive(shown: Shown) -> str:
    return (
        "No trained model serves: this forecast is seasonal naive, "
        + (
            "the numbers of a week before"
            if shown.dataset.grain == "day"
            else "the last week again"
        )
        + ", with ranges as wide as its past errors."
    )


def odd(shown: Shown | Classified, issued: datetime) -> list[str]:
    """What is odd about the model that served at a moment."""
    model: Any = shown.model
    if model is None or model["as_of"] is None:
        return []
    if model["served_until"] is not None and model["served_until"] <= issued:
        return [f"The champion cannot be used: version {model['version']}, an earlier one, serves."]
    age = issued - model["as_of"]
    if age <= shown.dataset.schedules.late(issued):
        return []
    said = (
        f"The model is {age.days} days old: trainings since have brought no other. "
        f"It has learnt from what was known on {model['as_of']:%-d %B %Y}."
    )
    return [said]
