"""LightGBM models as files of a bundle, in LightGBM's own text."""

import lightgbm as lgb

from vigil.bundle import Bundle


def dump(booster: lgb.Booster) -> bytes:
    """The text of a model; all digits of every number."""
    return booster.model_to_string().encode("utf-8")


def load(bundle: Bundle, name: str) -> lgb.Booster:
    """The model in that file of a bundle that was checked: LightGBM survives no other text."""
    return lgb.Booster(model_str=bundle.body(name).decode("utf-8"))
