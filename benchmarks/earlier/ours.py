"""What production would have forecast on past days, from what was known then."""

from collections.abc import Iterable, Iterator

import numpy as np

from vigil import engine
from vigil.datasets import Dataset
from vigil.panel import DAY, Dates, Floats, Key, Panel
from vigil.paths import Paths
from vigil.view import View, as_known, view


def views(dataset: Dataset, panel: Panel, key: Key, references: Dates) -> Iterator[View]:
    """The target as it was known when each reference date was its last day."""
    lags = {dataset.measures[each.target].publication_lag for each in panel}
    lag = dataset.measures[key.target].publication_lag
    whole = view(dataset, panel, key) if len(lags) == 1 else None
    for reference in references:
        if whole:  # all end on the same day, so that one view can be cut
            yield whole.until(int((reference - whole.dates[0]) / DAY))
        elif known := view(dataset, as_known(panel, dataset, reference + DAY * lag), key):
            yield known


def forecasts(seen: Iterable[View], horizon: int, refit: int) -> Iterator[Paths]:
    """Sample paths from every view, by a model fitted anew at every so-manieth."""
    model = None
    for count, one in enumerate(seen):
        if model is None or count % refit == 0:
            model = engine.train(one, horizon)
        yield engine.forecast(model, one, horizon)


def medians(paths: Paths, series: tuple[str, ...]) -> Floats:
    """The median of every day: days x series; NaN where there is no forecast."""
    return _laid(np.median(paths.values, axis=0), paths, series)


def totals(paths: Paths, series: tuple[str, ...], known: Floats) -> Floats:
    """The median of every day's running total, on top of the last one known."""
    return known + _laid(np.median(np.cumsum(paths.values, axis=1), axis=0), paths, series)


def _laid(values: Floats, paths: Paths, series: tuple[str, ...]) -> Floats:
    at = {name: column for column, name in enumerate(series)}
    laid = np.full((len(values), len(series)), np.nan)
    laid[:, [at[name] for name in paths.series]] = values
    return laid
