"""One protocol's table: every method on the same numbers, ours to the best of the others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vigil import accuracy
from vigil.panel import Floats

OURS = "ours"
METRICS = {name: getattr(accuracy, name) for name in ("mae", "rmse", "wape", "rmsle")}


@dataclass(frozen=True)
class Result:
    """Scores of a protocol: method -> metric -> number."""

    protocol: str
    rolling: bool  # a single window is reported, a rolling protocol is to be won
    n: int
    share: float  # of the numbers that came true, those that all methods forecast
    scores: dict[str, dict[str, float]]
    note: str = ""

    def best(self, metric: str) -> str:
        """The best of the others."""
        others = (name for name in self.scores if name != OURS)
        return min(others, key=lambda name: self.scores[name][metric])

    def told(self) -> dict[str, Any]:
        """As data."""
        metrics = list(self.scores[OURS])
        best = {metric: self.best(metric) for metric in metrics}
        return {
            "protocol": self.protocol,
            "rolling": self.rolling,
            "n": self.n,
            "share": rounded(self.share),
            "scores": {
                m: {k: rounded(v) for k, v in one.items()} for m, one in self.scores.items()
            },
            "best_earlier": best,
            "ratio": {
                metric: rounded(self.scores[OURS][metric] / self.scores[best[metric]][metric])
                for metric in metrics
            },
            **({"note": self.note} if self.note else {}),
        }

    def lines(self) -> Iterator[str]:
        """For people."""
        told = self.told()
        kind = "rolling" if self.rolling else "single window"
        yield f"{self.protocol} ({kind}, n = {self.n})"
        yield f"  {'':24s}" + "".join(f"{metric.upper():>12s}" for metric in told["ratio"])
        for method, one in told["scores"].items():
            yield f"  {method:24s}" + "".join(f"{value:12.4g}" for value in one.values())
        ratios = "".join(f"{value:12.2f}" for value in told["ratio"].values())
        yield f"  {'ours / best of them':24s}{ratios}"
        if self.note:
            yield f"  {self.note}"


def compare(
    protocol: str,
    truth: Floats,
    made: Mapping[str, Floats],
    metrics: tuple[str, ...],
    *,
    rolling: bool,
    note: str = "",
) -> Result:
    """Score forecasts of the same shape, where all of them and the truth are known."""
    known = np.isfinite(truth)
    common = known & np.isfinite(np.array(list(made.values()))).all(axis=0)
    scores = {
        name: {metric: METRICS[metric](values[common], truth[common]) for metric in metrics}
        for name, values in made.items()
    }
    share = float(common.sum() / max(known.sum(), 1))
    return Result(protocol, rolling, int(common.sum()), share, scores, note)


def rounded(value: float) -> float:
    """Four digits that matter."""
    return float(f"{value:.4g}")
