"""Rolling origins: what a model would have said on past days, from what was known then."""

from collections.abc import Iterable, Iterator

from vigil.calibration import Past
from vigil.horizons import ahead, steps
from vigil.models.fitted import Fit, Fitted
from vigil.view import View

__all__ = ["Fit", "forecast", "rolling"]


def rolling(views: Iterable[View], horizon: int, fit: Fit, *, refit: int) -> Iterator[Past]:
    """A forecast from every view (one an origin, in order), by a fit no more than *refit* old."""
    fitted: Fitted | None = None
    for count, view in enumerate(views):
        furthest = ahead(horizon, view.grain)
        if fitted is None or count % refit == 0:
            fitted = fit(view, furthest)
        yield forecast(fitted, view, horizon)


def forecast(fitted: Fitted, view: View, horizon: int) -> Past:
    """One forecast, before calibration."""
    wanted = steps(view, horizon)
    return Past(view.dates[-1], wanted, view.series, fitted.quantiles(view, wanted))
