"""Sets of answers that hold the right one nine times of ten, of yes and of no alike."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from vigil.panel import Floats

MISSED = 0.1
ANSWERS = ["no", "yes", "either"]


@dataclass(frozen=True)
class Conformal:
    """Label-conditional: yes is possible from the one on, no up to the other."""

    yes_from: float = 0.0
    no_to: float = 1.0

    @classmethod
    def fit(cls, probability: Floats, yes: Floats) -> "Conformal":
        """From probabilities that were said without knowing the answer."""
        least = _lowest(probability[yes == 1])
        most = 1 - _lowest(1 - probability[yes == 0])
        return cls(least, most)

    def answers(self, probability: Floats) -> pa.Array:
        """The set of each: never empty, where neither fits both are possible."""
        able, unable = probability >= self.yes_from, probability <= self.no_to
        either = able == unable
        return pa.array(ANSWERS).take(pa.array(np.where(either, 2, able.astype(int))))

    def covered(self, probability: Floats, yes: Floats) -> Floats:
        """Whether the set holds the answer."""
        able, unable = probability >= self.yes_from, probability <= self.no_to
        found: Floats = (np.where(yes == 1, able, unable) | (able == unable)).astype(float)
        return found


def _lowest(said: Floats) -> float:
    """Below it lies a tenth, of so many and one more; nothing does where they are few."""
    rank = int(np.floor(MISSED * (len(said) + 1)))
    return float(np.partition(said, rank - 1)[rank - 1]) if rank else 0.0
