"""Seconds and memory of a training and of a scoring at full size, on simulated admissions."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import lightgbm as lgb
import pyarrow as pa

from vigil import datasets, layouts, shelf
from vigil.classify import fitting
from vigil.classify.encoder import Numbers
from vigil.classify.frame import Frame, frame
from vigil.classify.trial import Trial
from vigil.ledger import peak_mb
from vigil.local.sample import hospital_stay
from vigil.panel import Floats
from vigil.records import keyed_hash

DATASET = datasets.load("hospital_stay")
BOUNDS = {"train": 60.0, "predict": 5.0, "around": 1.2, "peak_mb": 1536.0}
ROUNDS = 5


def full() -> dict[str, Any]:
    """Train on all that have ended, score all that have not."""
    texts = [rows(body) for body in hospital_stay.files(1, *hospital_stay.FULL).values()]
    took: dict[str, float] = {}
    with timed(took, "train"):
        with timed(took, "frame"):
            every = frame(DATASET, pa.concat_tables(texts))
        trial = Trial(DATASET, every, lambda _done, _total: None, shelf.Nowhere())
        with timed(took, "cross_validation"):
            trial.judge([fitting.BASELINE, "trees"])
        with timed(took, "fit"):
            one = trial.classifier("trees")
        with timed(took, "compare"):
            trial.compared(one, one)
        with timed(took, "tables"):
            trial.assessments([fitting.BASELINE, *DATASET.models])
            trial.curves("trees")
            ratio = trial.relative("trees", fitting.BASELINE).ratio
    peak = peak_mb()
    with timed(took, "predict"):
        asked = frame(DATASET, texts[1])
        one.scored(asked, every)
        one.drift(asked, every)
    ended = frame(DATASET, texts[0])
    rounds = [
        (seconds(lambda: fitted(trial)), seconds(lambda: again(trial, ended)))
        for _ in range(ROUNDS)
    ]
    bare, ours = map(min, zip(*rounds, strict=True))
    said = {name: round(value, 2) for name, value in took.items()}
    said |= {"bare": round(bare, 2), "ours": round(ours, 2), "around": round(ours / bare, 3)}
    said |= {"peak_train_mb": peak, "peak_mb": peak_mb(), "brier_of_base_rate": round(ratio, 4)}
    return {**said, "broken": [name for name, most in BOUNDS.items() if said[name] > most]}


def rows(body: Iterator[bytes]) -> pa.Table:
    """A file as the table records has it."""
    text = BytesIO(b"".join(body)).getvalue()
    hashed = keyed_hash(b"a key", DATASET.name)
    return pa.Table.from_batches(
        layouts.parse(DATASET, "admissions", text, hashed).records.blocks()
    )


def fitted(trial: Trial) -> None:
    """LightGBM alone: the same trees of a table that is there."""
    table, names, yes = encoded(trial)
    settings = {**fitting.TREES, "num_leaves": fitting.leaves(len(yes))}
    binned = lgb.Dataset(table, yes, categorical_feature=names, params=settings)
    lgb.train(settings, binned, fitting.rounds(len(yes)))


def encoded(trial: Trial) -> tuple[Numbers, list[int], Floats]:
    """What the trees learn from."""
    encoder = trial.classifier("trees").encoder
    return encoder.encode(trial.columns), encoder.categories, trial.known.outcome


def again(trial: Trial, ended: Frame) -> None:
    """All of ours but cross-validation: from typed columns to a bundle."""
    fresh = Trial(DATASET, ended, trial.pause, trial.files)
    fresh.crossed = {"trees": trial.crossed["trees"]}
    fresh.classifier("trees").bundle()


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    took: dict[str, float] = {}
    with timed(took, "it"):
        work()
    return took["it"]


@contextmanager
def timed(took: dict[str, float], name: str) -> Iterator[None]:
    """Note how long it takes."""
    started = time.perf_counter()
    yield
    took[name] = time.perf_counter() - started
