"""Several models as one: the median or a weighted mean of their quantiles, level by level.

Weights are learnt from what the members said before, where the outcome is settled: the better a
member's weighted interval score, so many weeks or days ahead, the more it weighs. While past
origins are few, all weigh nearly the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from vigil.calibration import Past, bucket, settled
from vigil.models.fitted import Fit, Fitted
from vigil.panel import DAY, Floats, Index
from vigil.scoring import wis
from vigil.view import View

HALF_LIFE = 84  # days after which an origin counts half
POWER = 2.0  # half the score, four times the weight
PRIOR = 8.0  # origins that weigh as much as not knowing who is better
SMALLEST = 1e-9


@dataclass(frozen=True)
class Ensemble:
    """Members, and their weights (members x weeks or days ahead); without any, the median."""

    members: tuple[Fitted, ...]
    weights: Floats | None = None

    def quantiles(self, view: View, horizons: Index) -> Floats:
        """Of the view's last day: levels x horizons x series."""
        said = np.array([member.quantiles(view, horizons) for member in self.members])
        if self.weights is None:
            return median(said)
        buckets = bucket(horizons, by_week=view.grain == "week")
        return mean(said, self.weights[:, np.minimum(buckets, self.weights.shape[1] - 1)])


def of(fits: Sequence[Fit], weights: Floats | None = None) -> Fit:
    """An ensemble of models that are yet to be fitted."""

    def fit(view: View, ahead: int) -> Ensemble:
        return Ensemble(tuple(one(view, ahead) for one in fits), weights)

    return fit


def equal(members: int) -> Floats:
    """All weigh the same: the plain mean."""
    return np.full((members, 1), 1 / members)


def median(said: Floats) -> Floats:
    """Of members x levels x horizons x series: who says nothing of a series is left out."""
    known = np.isfinite(said).any(axis=0)
    out = np.full(known.shape, np.nan)
    out[known] = np.nanmedian(said[:, known], axis=0)
    return out


def mean(said: Floats, weights: Floats) -> Floats:
    """The same, by weights (members x horizons); the others take over for who says nothing."""
    weight = np.where(np.isfinite(said), weights[:, None, :, None], 0.0)
    total = weight.sum(axis=0)
    summed = (np.nan_to_num(said) * weight).sum(axis=0)
    weighed: Floats = np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0)
    return weighed


def learnt(pasts: Sequence[Sequence[Past]], view: View, ahead: int) -> Floats:
    """Weights from the forecasts of each member at the same origins: members x buckets."""
    by_week, members = view.grain == "week", len(pasts)
    count = int(bucket(np.array([ahead]), by_week=by_week)[0]) + 1
    scored = np.zeros((members, count))
    seen = np.zeros((2, count))  # scores of series, and origins, by age
    for made in zip(*pasts, strict=True):
        age = int((view.dates[-1] - made[0].origin) / DAY)
        weight = 0.5 ** (age / HALF_LIFE)
        for into, scores in _scores(made, view, by_week=by_week):
            common = np.isfinite(scores).all(axis=0)
            scored[:, into] += weight * scores[:, common].sum(axis=1)
            seen[:, into] += weight * common.sum(), weight * common.any()
    better = np.maximum(scored / np.maximum(seen[0], SMALLEST), SMALLEST) ** -POWER
    share = seen[1] / (seen[1] + PRIOR)
    weights: Floats = share * better / better.sum(axis=0) + (1 - share) / members
    return weights


def _scores(made: Sequence[Past], view: View, *, by_week: bool) -> Iterable[tuple[int, Floats]]:
    """Of one origin, for every horizon whose outcome is settled: its bucket; members x series."""
    first = made[0]
    if any(one.origin != first.origin or one.series != first.series for one in made):
        raise ValueError("expected the same origins and series of every member")
    places = {name: at for at, name in enumerate(view.series)}
    here = [at for at, name in enumerate(first.series) if name in places]
    columns = [places[first.series[at]] for at in here]
    for at, row in settled(first, view):
        into = int(bucket(first.horizons[at : at + 1], by_week=by_week)[0])
        came = view.truth[row, columns]
        yield into, np.array([wis(one.quantiles[:, at, here], came) for one in made])
