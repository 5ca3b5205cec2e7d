"""What a source's reporting rhythm hides: numbers a day as they would stand without it.

Each day is judged by the days before it alone, so that a past day looks to training as it
looked on that day. Three rules, each of which a dataset may switch off (`rules:`):

- `rhythm`: a day without a number, or with a zero where at least five were expected, has not
  reported. It stands as the same weekday a week before, and the next day that reports is taken
  to hold what was owed. A weekday without numbers two weeks running is no reporting day: its
  zeros stand, and so do the sums of seven days.
- `falls`: a negative number corrects earlier days. Nobody says which, so it counts as not reported.
- `outliers`: a number above three times the highest of the last fourteen days holds more than a
  day. It is cut to one and a half times that highest, so that a true rise is followed in days.
"""

import numpy as np
from numpy.typing import NDArray

from vigil.datasets import Rules
from vigil.panel import Floats

WEEK, FORTNIGHT = 7, 14
WARM_UP = 21  # the first days are taken as they are
PLAUSIBLE_ZERO = 5.0  # with so many expected, none at all is one chance in 150
FACTOR, CUT, FEW = 3.0, 1.5, 10.0

Flags = NDArray[np.bool_]


def tidy(counts: Floats, rules: Rules) -> Floats:
    """Counts a day (consecutive days x series), with what the rules say of each; never NaN."""
    days, series = counts.shape
    none, fallen, zero = np.isnan(counts), counts < 0, counts == 0
    positive = np.where(counts > 0, counts, 0.0)
    silent = ~(counts > 0)
    late = none | fallen if rules.falls else none
    out = positive.copy()
    owed = np.zeros(series)
    for day in range(WARM_UP, days):
        before, usual, number = out[day - FORTNIGHT : day], out[day - WEEK], positive[day]
        missing = late[day]
        if rules.rhythm and zero[day].any():
            expected = np.minimum(usual, before.mean(axis=0))
            rests = silent[day - WEEK] & silent[day - FORTNIGHT]
            missing = missing | (zero[day] & (expected >= PLAUSIBLE_ZERO) & ~rests)
        if owed.any():
            number = _paid(np.where(missing, 0, number), usual, owed)
        if rules.outliers:
            highest = before.max(axis=0)
            much = number > FACTOR * highest + FEW
            if much.any():
                number = np.where(much, CUT * highest + FEW / 2, number)
        if missing.any():
            out[day] = np.where(missing, usual, number)
            still = missing & silent[day] & ~fallen[day] & rules.rhythm
            owed = np.where(still, owed + usual, np.where(missing, owed, 0))
        else:
            out[day] = number
            owed = np.zeros(series)
    return out


def _paid(number: Floats, usual: Floats, owed: Floats) -> Floats:
    """Today's own number, where it may hold what days without a report owed."""
    left = number - owed
    own = np.where(left > usual, left, np.minimum(number, np.maximum(usual, left)))
    return np.where(owed > 0, own, number)


def filled(values: Floats) -> Floats:
    """Levels a day (rates, changes): a missing one stands as a week before, else as the last."""
    out = values.copy()
    for day in range(1, len(out)):
        missing = np.isnan(out[day])
        if missing.any():
            back = out[day - WEEK] if day >= WEEK else out[day - 1]
            out[day, missing] = np.where(np.isnan(back), out[day - 1], back)[missing]
    return out
