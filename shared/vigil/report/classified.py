"""The data of the page of a classified dataset: counts, rates and curves, nobody single."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vigil.report import few
from vigil.report.encode import about, plain_row
from vigil.report.notices import odd
from vigil.report.shown import Classified, Row

BASELINE = "base_rate"
SPLITS = ("crossed", "grouped", "random")
LAST = ("not known", "other")  # among values
RATES = ("auc", "average_precision", "brier", "log_loss", "accuracy", "covered")
DIGITS = 4
ANOTHER = 0.25  # of the population stability index


def data(shown: Classified) -> dict[str, Any]:
    """All that the page's script reads."""
    asked = shown.dataset.classification
    if asked is None:
        raise ValueError(f"{shown.dataset.name}: expected a dataset to classify")
    return {
        **about(shown),
        "question": asked.question,
        "noun": noun(shown),
        "costs": asked.costs.model_dump(),
        "threshold": asked.costs.threshold,
        "notices": notices(shown),
        "published": plain_row(shown.publication) if shown.publication else None,
        "bands": _by_field(shown, [_rounded(row) for row in shown.bands]),
        "judged": _judged(shown),
        "models": [_rounded(row) for row in shown.assessments if not row["field"]],
        "groups": _by_field(shown, _groups(shown)),
        "curves": {name: _curve(shown, name) for name in ("reliability", "roc")},
        "drivers": [_rounded(row) for row in shown.drivers],
        "drift": [_drift(row) for row in sorted(shown.drift, key=lambda row: -row["psi"])],
        "scores": _by_field(shown, [_rounded(row) for row in shown.scores]),
    }


def noun(shown: Classified) -> str:
    """What the records are: the name of their source, where there is one."""
    sources = [*shown.dataset.sources]
    return sources[0].replace("_", " ") if len(sources) == 1 else "records"


def notices(shown: Classified) -> list[str]:
    """Sentences, the gravest first; none when all is well."""
    made, things = shown.publication, noun(shown)
    if made is None:
        return [f"There is nothing to show yet: no {things} have been classified."]
    moved = [row["feature"].replace("_", " ") for row in shown.drift if row["psi"] > ANOTHER]
    far = f"The {things} scored last are not like those that were learnt from: {', '.join(moved)}."
    if made["model"] == BASELINE:
        rate = "the share of yes among those whose outcome is known"
        return [f"No trained model serves: all {things} get the same probability, {rate}."]
    return [*odd(shown, made["issued_at"]), *([far] if moved else [])]


def _served(shown: Classified) -> str | None:
    """The recipe that is judged on the page."""
    if shown.model:
        return str(shown.model["recipe"])
    return str(shown.publication["model"]) if shown.publication else None


def _own(shown: Classified) -> list[Row]:
    """How the model that serves did in cross-validation."""
    served = _served(shown)
    return [row for row in shown.assessments if (row["model"], row["split"]) == (served, "crossed")]


def _whole(shown: Classified) -> Row | None:
    """In all."""
    return next((row for row in _own(shown) if not row["field"]), None)


def _judged(shown: Classified) -> dict[str, Any] | None:
    """In all: counts only where there are ten of each kind."""
    if (whole := _whole(shown)) is None:
        return None
    kept = _rounded(whole)
    return kept if few.enough(whole) else {name: kept[name] for name in ("model", "n", *RATES)}


def _groups(shown: Classified) -> list[dict[str, Any]]:
    """By group, with what is left of the whole as another."""
    own, whole = _own(shown), _whole(shown)
    found: list[dict[str, Any]] = []
    if whole is None:
        return found
    for field in dict.fromkeys(row["field"] for row in own if row["field"]):
        rows = few.groups([row for row in own if row["field"] == field], whole)
        left = few.rest(rows, whole)
        found += [_rounded(row) for row in rows]
        if rows and any(left.values()):
            found.append({"field": field, "value": "other", **_left(rows, whole, left)})
    return found


def _left(rows: Sequence[Row], whole: Row, left: Mapping[str, int]) -> dict[str, Any]:
    """What can be said of all other groups together."""
    n = sum(left.values())
    said = [row["n"] * row["mean_probability"] for row in (whole, *rows)]
    return {
        **left,
        "n": n,
        "positives": left["true_positives"] + left["false_negatives"],
        "mean_probability": round((said[0] - sum(said[1:])) / n, DIGITS),
    }


def _by_field(shown: Classified, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows of all first, then field by field in the order of the dataset's file."""
    asked = shown.dataset.classification
    fields = ["", *(asked.groups if asked else ())]
    found = ((field, [row for row in rows if row["field"] == field]) for field in fields)
    return [{"field": field, "rows": _in_order(own)} for field, own in found if own]


def _in_order(rows: Iterable[Row]) -> list[Row]:
    """By value, what is several together last."""
    return sorted(rows, key=lambda row: (row["value"] in LAST, row["value"]))


def _curve(shown: Classified, name: str) -> list[list[float]]:
    """Its points: across, up, records."""
    served = _served(shown)
    own = [row for row in shown.curves if (row["model"], row["curve"]) == (served, name)]
    points = sorted(own, key=lambda row: int(row["position"]))
    return [[round(row["x"], DIGITS), round(row["y"], DIGITS), row["n"]] for row in points]


def _drift(row: Row) -> dict[str, Any]:
    """A feature; a share that would tell of fewer than ten is not said."""
    rare = {name: few.share(row[name], row["rows"]) for name in ("unseen", "missing")}
    return _rounded({"feature": row["feature"], "psi": row["psi"], **rare})


def _rounded(row: Row) -> dict[str, Any]:
    said = plain_row(row)
    return {k: round(v, DIGITS) if isinstance(v, float) else v for k, v in said.items()}
