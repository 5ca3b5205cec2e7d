"""A forecast that is published nowhere: the engine, trained here and now on what is known."""

from datetime import timedelta

import pyarrow as pa

from vigil import datasets, engine
from vigil.backtest import rolling
from vigil.calibration import Past
from vigil.cloud import Cloud
from vigil.engine import Model
from vigil.errors import Rejected
from vigil.forecasts import Part, forecast
from vigil.messages import Tick
from vigil.models import boosting
from vigil.panel import Key
from vigil.steps.archive import Archive, refused
from vigil.view import WEEK, View

CALIBRATED = 13  # weeks before, forecast by one fit that predates them
MODEL = "lightgbm"


def rehearse(tick: Tick, cloud: Cloud) -> tuple[pa.Table, dict[str, str]]:
    """The forecasts of every target as rows, and which model made each."""
    dataset = datasets.load(tick.dataset)
    if dataset.task == "classify":
        raise refused(dataset.name, "a dataset to forecast", "one to classify")
    archive = Archive(dataset, tick.as_of, cloud.warehouse)
    models = {key: one for key in _keys(archive) if (one := _trained(archive, key))}
    parts = forecast(dataset, archive.panel(tick.as_of), MODEL, models)
    rows = [one.served for one in parts if one.rows]
    said = {one.key.name: _serves(one) for one in parts if one.rows}
    return pa.concat_tables(rows) if rows else pa.table({}), said


def _serves(part: Part) -> str:
    """The model that comes first: what it left out comes after it."""
    name: str = part.served["model"][0].as_py()
    return name


def _keys(archive: Archive) -> list[Key]:
    return engine.keys(archive.dataset) if archive.vintage else []


def _trained(archive: Archive, key: Key) -> Model | None:
    """None where there is too little to learn from."""
    view = archive.latest(key)
    if view is None:
        return None
    try:
        return engine.train(view, archive.dataset.horizon, pasts=_pasts(archive, key, view))
    except Rejected as short:
        if short.rule != "short_history":
            raise
        return None


def _pasts(archive: Archive, key: Key, view: View) -> list[Past]:
    """Forecasts of the weeks before, each from what was known then."""
    found = archive.origins(key, view, timedelta(days=WEEK), CALIBRATED)
    seen = (archive.sight(key, origin) for origin in found)
    return list(rolling(seen, archive.dataset.horizon, boosting.fit, refit=CALIBRATED))
