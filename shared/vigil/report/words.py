"""How targets are called: in words a reader knows."""

from collections import Counter

from vigil.datasets import Dataset

A_DAY = (" a day", " a week")


def nouns(dataset: Dataset) -> dict[str, str]:
    """What each target counts, or its name where units do not tell them apart."""
    names = {name: _noun(name, spec.unit) for name, spec in dataset.targets.items()}
    often = Counter(names.values())
    return {
        name: _sentence(noun if often[noun] == 1 else name.replace("_", " "))
        for name, noun in names.items()
    }


def titles(dataset: Dataset, target: str) -> dict[str, str]:
    """The title of a chart, by period."""
    noun, spec = nouns(dataset)[target], dataset.targets[target]
    if not spec.adds_up:
        return {"day": f"{noun}, {spec.unit}", "week": f"{noun}, {spec.unit}: mean of the week"}
    return {
        "day": f"{noun} a day",
        "week": f"{noun} a week",
        "total": f"{noun}: running total",
    }


def _noun(target: str, unit: str) -> str:
    """`deaths a day` says more than `incid_dchosp`."""
    found = next((unit.removesuffix(end) for end in A_DAY if unit.endswith(end)), None)
    return found or target.replace("_", " ")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
