"""Rolling origins: what a model would have said on past days, from what was known then."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from vigil.calibration import Past, calibrate
from vigil.horizons import ahead, steps
from vigil.models.fitted import Fit, Fitted
from vigil.origins import Origin
from vigil.shelf import Made, Shelf
from vigil.view import View

__all__ = ["Fit", "Sight", "Walk", "forecast", "rolling"]

Sight = Callable[[Origin], View]


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


@dataclass
class Walk:
    """One model from origin to origin; what lies on its shelf is not made again.

    A run that stopped between two fits fits once more to the origin of the last one.
    """

    sight: Sight
    origins: Sequence[Origin]
    horizon: int
    fit: Fit
    refit: int
    shelf: Shelf
    calibrated: bool = True
    made: list[Made] = field(default_factory=list)
    fitted: tuple[int, Fitted] | None = None

    def step(self) -> Made:
        """The forecast of the next origin."""
        origin = self.origins[len(self.made)]
        made = self.shelf.get(origin.day)
        if made is None:
            made = self._make(self.sight(origin))
            self.shelf.put(origin.day, made)
        self.made.append(made)
        return made

    def _make(self, view: View) -> Made:
        past = forecast(self._fitted(), view, self.horizon)
        if not self.calibrated:
            return Made(past, past.quantiles)
        learnt = calibrate((one.past for one in self.made), view, ahead(self.horizon, view.grain))
        return Made(past, learnt.applied(past))

    def _fitted(self) -> Fitted:
        """The newest fit of those that are due every so many origins."""
        due = len(self.made) // self.refit * self.refit
        if self.fitted is None or self.fitted[0] != due:
            view = self.sight(self.origins[due])
            self.fitted = due, self.fit(view, ahead(self.horizon, view.grain))
        return self.fitted[1]
