"""A forecast that is published nowhere: the engine, trained here and now on what is known."""

from datetime import timedelta

import numpy as np
import pyarrow as pa

from vigil import datasets, engine
from vigil.backtest import rolling
from vigil.calibration import Past
from vigil.cloud import Cloud
from vigil.errors import Rejected
from vigil.messages import Tick
from vigil.models import boosted, seasonal_naive
from vigil.origins import weekly
from vigil.panel import EMPTY, Floats, Grid, Key
from vigil.paths import Paths, days, totals, weeks
from vigil.steps.archive import Archive, refused
from vigil.steps.predict import futures, rows_of
from vigil.view import WEEK, View

CALIBRATED = 13  # weeks before, forecast by one fit that predates them
MODEL = "lightgbm"


def rehearse(tick: Tick, cloud: Cloud) -> tuple[pa.Table, dict[str, str]]:
    """The forecasts of every target as rows, and which model made each."""
    dataset = datasets.load(tick.dataset)
    if dataset.task == "classify":
        raise refused(dataset.name, "a dataset to forecast", "one to classify")
    archive = Archive(dataset, tick.as_of, cloud.warehouse)
    rows, models = [], {}
    for key in engine.keys(dataset) if archive.vintage else ():
        view = archive.latest(key)
        if view is None:
            continue
        future, models[f"{key.source}.{key.target}"] = _future(archive, key, view)
        steps = [days(future), weeks(future, adds_up=view.measure.adds_up)]
        if view.measure.cumulative:
            steps.append(
                totals(future, _counted(archive.panel(tick.as_of).get(key, EMPTY), future))
            )
        rows += [rows_of(key.target, future, one) for one in steps if future.series]
    return (pa.concat_tables(rows) if rows else pa.table({})), models


def _future(archive: Archive, key: Key, view: View) -> tuple[Paths, str]:
    """The engine's, or seasonal naive's where there is too little to learn from."""
    horizon = archive.dataset.horizon
    try:
        model = engine.train(view, horizon, pasts=_pasts(archive, key, view))
        return engine.forecast(model, view, horizon), MODEL
    except Rejected as short:
        if short.rule != "short_history":
            raise
        known = Grid(view.dates, view.series, view.published)
        return futures(known, horizon, view.measure.non_negative), seasonal_naive.NAME


def _pasts(archive: Archive, key: Key, view: View) -> list[Past]:
    """Forecasts of the weeks before, each from what was known then."""
    first, last = view.dates[0].astype(object), view.dates[-1].astype(object)
    publications = archive.publications[key]
    found = weekly(publications, first, last, timedelta(days=WEEK), CALIBRATED)
    seen = (archive.sight(key, origin) for origin in found)
    return list(rolling(seen, archive.dataset.horizon, boosted.fit, refit=CALIBRATED))


def _counted(known: Grid, future: Paths) -> Floats:
    """The last running total of each series."""
    at = known.until(future.reference_date)
    values = at.onto(at.dates, future.series)
    row = np.maximum.accumulate(
        np.where(np.isfinite(values), np.arange(len(values))[:, None], 0), axis=0
    )[-1]
    counted: Floats = values[row, np.arange(values.shape[1])]
    return counted
