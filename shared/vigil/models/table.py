"""The models by name. What a model needs is loaded when it is fitted, not before."""

from importlib import import_module

from vigil.bundle import Bundle
from vigil.errors import Misconfigured, Rejected
from vigil.models import ensemble, rules
from vigil.models.fitted import Fit, Fitted
from vigil.view import View

PACKAGES = {"sklearn": "scikit-learn"}  # where the package's name is not the module's


def later(module: str, function: str = "fit") -> Fit:
    """A model of a module that is loaded on first use."""

    def fit(view: View, ahead: int) -> Fitted:
        try:
            found: Fit = getattr(import_module(f"vigil.models.{module}"), function)
        except ModuleNotFoundError as missing:
            name = (missing.name or "").partition(".")[0]
            raise Misconfigured(
                f"model {module}: expected the package {PACKAGES.get(name, name)}; found none. "
                f"Install it: pip install {PACKAGES.get(name, name)}"
            ) from None
        return found(view, ahead)

    return fit


SINGLE: dict[str, Fit] = {
    "last_value": rules.last_value,
    "seasonal_naive": rules.seasonal_naive,
    "drift": rules.drift,
    "damped_growth": rules.damped_growth,
    "ridge": later("ridge"),
    "random_forest": later("forest"),
    "ets": later("statistical", "ets"),
    "theta": later("statistical", "theta"),
    "arima": later("statistical", "arima"),
    "lightgbm": later("boosting"),
}
KEPT = {"lightgbm": "boosted", "ridge": "ridge", "damped_growth": "rules"}  # those that can serve
MEMBERS = ("damped_growth", "ridge", "lightgbm")
MODELS = {**SINGLE, "ensemble": ensemble.of([SINGLE[name] for name in MEMBERS])}


def load(name: str, bundle: Bundle) -> Fitted:
    """A model of that name from the files of a bundle that was checked."""
    found: Fitted = import_module(f"vigil.models.{KEPT[name]}").load(bundle)
    return found


def choose(name: str) -> Fit:
    """The model of that name; an unknown one is rejected with the list of those there are."""
    if name not in MODELS:
        raise Rejected(
            "models", rule="name", expected=f"one of {', '.join(MODELS)}", found=repr(name)
        )
    return MODELS[name]
