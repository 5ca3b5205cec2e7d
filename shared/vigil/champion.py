"""A version: the models of one training, one a measure, and the dataset's file behind them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vigil import engine
from vigil.bundle import Bundle, corrupt, json_bytes
from vigil.classify import classifier
from vigil.datasets import Dataset
from vigil.engine import Model
from vigil.forecasts import Part, forecast
from vigil.panel import Key, Panel

INDEX = "champion.json"


@dataclass(frozen=True)
class Champion:
    """What one training of one recipe has learnt."""

    dataset: Dataset
    recipe: str
    models: Mapping[Key, Model]

    def bundle(self) -> Bundle:
        """As files with digests; those of a measure bear its number."""
        said = {
            "recipe": self.recipe,
            "dataset": self.dataset.model_dump(mode="json"),
            "measures": [list(key) for key in self.models],
        }
        files = {INDEX: json_bytes(said)}
        for number, model in enumerate(self.models.values()):
            own = engine.bundle(model).files
            files |= {_prefix(number) + name: body for name, body in own.items()}
        return Bundle(files)

    def forecast(self, panel: Panel) -> list[Part]:
        """What it says of every measure of a panel."""
        return forecast(self.dataset, panel, self.recipe, self.models)


def load(bundle: Bundle) -> Any:
    """From the files of a bundle that was checked: a Champion, or a Classifier."""
    task = bundle.json(INDEX).get("task", "forecast")  # older bundles do not say it
    if task not in LOADS:
        raise corrupt("model", f"a task to {' or '.join(LOADS)}", task)
    return LOADS[task](bundle)


def _load(bundle: Bundle) -> Champion:
    said = bundle.json(INDEX)
    recipe = said["recipe"]
    models = {
        Key(*key): engine.load(_part(bundle, number), recipe)
        for number, key in enumerate(said["measures"])
    }
    return Champion(Dataset.model_validate(said["dataset"]), recipe, models)


LOADS: Mapping[str, Callable[[Bundle], Any]] = {"forecast": _load, "classify": classifier.load}


def _part(bundle: Bundle, number: int) -> Bundle:
    start = _prefix(number)
    own = {n.removeprefix(start): body for n, body in bundle.files.items() if n.startswith(start)}
    return Bundle(own)


def _prefix(number: int) -> str:
    return f"{number:02d}-"
