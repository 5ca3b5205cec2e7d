"""What every forecaster is: fitted to a view, asked for quantiles."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from vigil.panel import Floats, Index
from vigil.view import View


class Fitted(Protocol):
    """A forecaster that has learnt."""

    def quantiles(self, view: View, horizons: Index) -> Floats:
        """From the view's last day, so many days ahead: levels x horizons x series.

        On the view's scale (`view.transform`), of what `view.truth` will say; NaN where a series
        cannot be forecast.
        """
        ...


@runtime_checkable
class Kept(Fitted, Protocol):
    """One that can be put into a bundle."""

    def files(self) -> dict[str, bytes]:
        """As files of a bundle."""
        ...


Fit = Callable[[View, int], Fitted]  # a view, and the furthest day ahead
