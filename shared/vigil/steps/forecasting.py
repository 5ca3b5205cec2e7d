"""The training of forecasts: recipes set to past weeks, and fitted to all that is known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa

from vigil import engine, evaluations, evidence, fans, outcomes, promotion, shelf, tables
from vigil.backtest import Fit, Walk
from vigil.calibration import HIGH, LOW, MEDIAN
from vigil.champion import Champion
from vigil.cloud import Cloud
from vigil.datasets import Dataset
from vigil.dossier import Dossier
from vigil.engine import Model
from vigil.errors import Rejected
from vigil.evidence import ORIGINS, WIS, Loss, Relative
from vigil.messages import Tick
from vigil.models.seasonal_naive import NAME as BASELINE
from vigil.models.table import KEPT, choose
from vigil.origins import Origin
from vigil.panel import Floats, Key, digest
from vigil.steps.archive import Archive
from vigil.view import WEEK, View

UNSETTLED = 20  # origins, at most, of which not all has come
LEAST = ORIGINS + 8  # origins of a contest: those that judge, and some before them that choose
ABOUT = {"dataset", "version", "decided_at", "run_id"}  # columns that say what a row is about


@dataclass(frozen=True)
class Span:
    """The past weeks on which recipes are set to work."""

    judged: int  # origins
    refit: int  # weeks


REFRESH, CONTEST = Span(ORIGINS, 13), Span(52, 8)
Pause = Callable[[int, int], None]  # called after every origin: may stop the work


@dataclass
class Forecasting:
    """The training of a dataset of series; what is asked twice is made once."""

    archive: Archive
    files: shelf.Files
    pause: Pause
    revision: str  # of the code
    fits: Callable[[str], Fit] = choose
    walks: dict[tuple[Key, str], Walk] = field(default_factory=dict)
    made: dict[str, Champion] = field(default_factory=dict)
    scored: dict[tuple[Key, str, Span], pa.Table] = field(default_factory=dict)
    span: Span = REFRESH
    loss: Loss = WIS

    @classmethod
    def of(cls, dataset: Dataset, tick: Tick, cloud: Cloud, pause: Pause) -> Self:
        """The training for a Tick."""
        archive = Archive(dataset, tick.as_of, cloud.warehouse)
        return cls(archive, cloud.vault.checkpoints(dataset.name), pause, cloud.settings.revision)

    @property
    def dataset(self) -> Dataset:
        """Its file."""
        return self.archive.dataset

    @cached_property
    def views(self) -> dict[Key, View]:
        """What is known by now of every measure."""
        keys = engine.keys(self.dataset)
        return {key: view for key in keys if (view := self.archive.latest(key))}

    @property
    def candidates(self) -> list[str]:
        """The recipes that may serve."""
        named = dict.fromkeys([self.dataset.recipe, *self.dataset.models])
        return [name for name in named if name in KEPT]

    def version(self, recipe: str) -> str:
        """The name of a training: the last day it knows, and a hash of all that decides it."""
        said = {
            "dataset": self.dataset.model_dump(mode="json"),
            "vintage": self.archive.vintage,
            "recipe": recipe,
        }
        known = self.archive.publications  # not the views: most ticks end here
        days = [known[key].last_date for key in engine.keys(self.dataset) if key in known]
        last = max(days, default=date.min)
        return f"{last:%Y%m%d}-{shelf.name_of(said)[:8]}"

    def settled(self, key: Key, count: int) -> list[Origin]:
        """The newest origins whose outcome is settled."""
        return self.archive.settled(key, self.views[key], count)

    def origins(self, key: Key, span: Span) -> list[Origin]:
        """Those that are judged, and those after them: what came of their first days teaches."""
        settled, taught = self.settled(key, span.judged), min(timedelta(WEEK), self.archive.ahead)
        most = span.judged + UNSETTLED
        every = self.archive.origins(key, self.views[key], taught, most)
        return [one for one in every if not settled or one.day >= settled[0].day]

    def can_contest(self) -> bool:
        """Whether there are enough origins."""
        settled = [len(self.settled(key, CONTEST.judged)) for key in self.views]
        return min(settled, default=0) >= LEAST

    def judge(self, recipes: Sequence[str], *, contest: bool) -> None:
        """Forecast from every origin by each recipe, as far as it is not done."""
        self.span = span = CONTEST if contest else REFRESH
        days = {key: self.origins(key, span) for key in self.views}
        for key, found in days.items():
            for recipe in recipes:
                walk = self.walks.get((key, recipe))
                if walk is None or (list(walk.origins), walk.refit) != (found, span.refit):
                    files = shelf.Nowhere() if recipe == BASELINE else self.files
                    self.walks[key, recipe] = self.archive.walk(
                        key, found, recipe, refit=span.refit, files=files, fit=self.fits(recipe)
                    )
        todo = sorted((one.day, key) for key, found in days.items() for one in found)
        for done, (day, key) in enumerate(todo, 1):
            for recipe in recipes:
                walk = self.walks[key, recipe]
                if len(walk.made) < len(walk.origins) and walk.origins[len(walk.made)].day == day:
                    walk.step()
            self.pause(done, len(todo))

    def scores(self, recipes: Sequence[str]) -> pa.Table:
        """What became of the judged origins' forecasts."""
        found = [self._scored(key, recipe) for key in self.views for recipe in recipes]
        parts = [one for one in found if one.num_rows]
        if not parts:
            return outcomes.NOTHING
        rows = pa.concat_tables(parts)
        return rows.add_column(0, "dataset", pa.repeat(pa.scalar(self.dataset.name), rows.num_rows))

    def _scored(self, key: Key, recipe: str) -> pa.Table:
        name = key, recipe, self.span
        if name not in self.scored:
            settled = {one.day for one in self.settled(key, self.span.judged)}
            walk = self.walks[key, recipe]
            pairs = zip(walk.origins, walk.made, strict=True)
            if known := [(one, made) for one, made in pairs if one.day in settled]:
                days, made = zip(*known, strict=True)
                self.scored[name] = outcomes.table(key, recipe, days, made, self.views[key])
            else:
                self.scored[name] = outcomes.NOTHING
        return self.scored[name]

    def relative(self, recipe: str, rival: str) -> Relative:
        """On the newest origins."""
        block = self.archive.ahead.days
        return evidence.recent(self.scores([recipe, rival]), recipe, rival, block)

    def choose(self, recipes: Sequence[str], champion: str) -> str | None:
        """On the origins before those."""
        return promotion.choose(evidence.earlier(self.scores(recipes), recipes, champion))

    def fan(self, recipe: str) -> pa.Table:
        """The last judged forecast of every measure, beside what came."""
        parts = []
        for key, latest in self.views.items():
            days = {one.day for one in self.settled(key, 1)}
            walk = self.walks[key, recipe]
            parts += [
                fans.fan(key, made, latest)
                for one, made in zip(walk.origins, walk.made, strict=True)
                if one.day in days
            ]
        return pa.concat_tables(parts) if parts else fans.NOTHING

    def champion(self, recipe: str) -> Champion:
        """The recipe fitted to all that is known, calibrated by its past weeks."""
        if recipe not in self.made:
            models = {key: model for key in self.views if (model := self._model(key, recipe))}
            self.made[recipe] = Champion(self.dataset, recipe, models)
        return self.made[recipe]

    def _model(self, key: Key, recipe: str) -> Model | None:
        """None where there is too little to learn from."""
        pasts = [made.past for made in self.walks[key, recipe].made]
        try:
            return engine.train(self.views[key], self.dataset.horizon, self.fits(recipe), pasts)
        except Rejected as short:
            if short.rule != "short_history":
                raise
            return None

    def compared(self, recipe: str, champion: Champion | None) -> tuple[list[str], float]:
        """What the newest fit cannot forecast, and how many series it moves far."""
        new, old = self.champion(recipe), champion
        bad, shares, sizes = [], [], []
        for key, view in self.views.items():
            name, ours = key.name, self._said(new, key)
            if ours is None:
                bad.append(f"{name}: no model")
                continue
            able = np.isfinite(ours).all(axis=(0, 1))
            if not able.any():
                bad.append(f"{name}: no forecast of any series")
            theirs = self._said(old, key) if old else None
            if theirs is None:
                continue
            lost = np.isfinite(theirs).all(axis=(0, 1)) & ~able
            if lost.any():
                bad.append(f"{name}: no forecast of {lost.sum()} series that the champion has")
            bands = theirs[LOW], theirs[HIGH]
            shares.append(promotion.outside(ours[MEDIAN], *bands, counts=view.measure.counts))
            sizes.append(able.sum())
        return bad, float(np.average(shares, weights=sizes)) if sizes else float("nan")

    def _said(self, champion: Champion, key: Key) -> Floats | None:
        """Natural quantiles of now: levels x horizons x series."""
        if key not in champion.models:
            return None
        view = self.views[key].latest(engine.NEEDED + 2 * self.dataset.horizon)
        return view.natural(champion.models[key].quantiles(view, self.dataset.horizon).quantiles)

    def dossier(
        self, recipe: str, judged: Sequence[str], said: Mapping[str, Any]
    ) -> Dossier | None:
        """Its models, the scores that judged it, and a forecast to look at."""
        new, about = self.champion(recipe), {**said, **self.told(recipe)}
        if not new.models:
            return None
        found = self.scores(judged), self.fan(recipe)
        return Dossier(self.dataset.name, self.version(recipe), new.bundle(), about, *found)

    def shown(self, dossier: Dossier) -> dict[str, pa.Table]:
        """How it did on the origins that judged it, beside the baseline."""
        recipe, block = dossier.said["recipe"], self.archive.ahead.days
        rows = [*evaluations.rows(dossier.scores, recipe, BASELINE, block)]
        columns = pa.schema([f for f in tables.load("evaluations").arrow if f.name not in ABOUT])
        return {"evaluations": pa.Table.from_pylist(rows, columns)}

    def told(self, recipe: str) -> dict[str, Any]:
        """What it was made of."""
        return {
            "as_of": self.archive.as_of.isoformat(),
            "vintage": self.archive.vintage,
            "code": shelf.code(),
            "revision": self.revision,
            "data_digest": digest(self.archive.panel(self.archive.as_of)),
            "rows": sum(int(np.isfinite(view.published).sum()) for view in self.views.values()),
            "measures": {
                key.name: {
                    "reference_date": str(view.dates[-1]),
                    "series": len(view.series),
                }
                for key, view in self.views.items()
            },
            "params": {
                "recipe": recipe,
                "horizon": self.dataset.horizon,
                "grain": self.dataset.grain,
                "transform": self.dataset.transform,
                "labels_after": self.dataset.labels_after,
            },
            "importance": {
                key.name: engine.importance(model)
                for key, model in self.champion(recipe).models.items()
            },
        }
