"""What a dataset file may say, and what it means when it says nothing."""

import datetime as dt
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter
from pydantic import Field, HttpUrl, field_validator, model_validator

from vigil.datasets.questions import (
    CLASSIFIERS,
    Classification,
    Classifier,
)  # fmt: skip
from vigil.datasets.sources import Column, Name, Record, Source

Model = Literal[  # those of vigil/models/table.py
    "last_value", "seasonal_naive", "drift", "damped_growth", "ridge", "random_forest",
    "ets", "theta", "arima", "lightgbm", "ensemble",
]  # fmt: skip

LATE = 2  # trainings


class Measure(Record):
    """A number per series and date, as its sources publish it."""

    sources: dict[Name, str | None] = Field(
        min_length=1,
        description="source -> column; null in a wide layout, where all columns are dates",
    )
    unit: str
    cumulative: bool = False
    non_negative: bool = True
    adds_up: bool = Field(True, description="false: a week is the mean of its days")
    publication_lag: int = Field(1, ge=0, description="days from a date to its publication")
    settle_days: int = Field(28, ge=0, description="days until a value counts as final")

    @property
    def counts(self) -> bool:
        """Whether its numbers count something: never below zero, and a week is its days' sum."""
        return self.non_negative and self.adds_up


class Schedules(Record):
    """When Cloud Scheduler sends the dataset's Ticks, in one time zone."""

    ingest: str
    train: str
    predict: str
    timezone: str = "UTC"

    @field_validator("ingest", "train", "predict")
    @classmethod
    def is_cron(cls, value: str) -> str:
        """A cron expression of five fields, as Cloud Scheduler reads it."""
        if len(value.split()) != 5 or not croniter.is_valid(value):
            raise ValueError("expected five cron fields such as '15 6 * * *'")
        return value

    @field_validator("timezone")
    @classmethod
    def is_zone(cls, value: str) -> str:
        """A zone of the IANA database."""
        if value not in available_timezones():
            raise ValueError("expected a zone such as Europe/Paris")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The zone the cron expressions are read in."""
        return ZoneInfo(self.timezone)

    def late(self, moment: dt.datetime) -> dt.timedelta:
        """How old a champion may be: so many trainings may fail before it counts as stale."""
        times = croniter(self.train, moment.astimezone(self.zone))
        first: dt.datetime = times.get_next(dt.datetime)
        second: dt.datetime = times.get_next(dt.datetime)
        return LATE * (second - first)


class Aggregates(Record):
    """Series that nobody publishes: forecast as sums of what is forecast of their members."""

    whole: str | None = Field(None, description="the name of all series together")
    parents: bool = Field(False, description="true: each country of its provinces")


class Anomaly(Record):
    """Days whose numbers say nothing of the epidemic: forecasts of them are not scored."""

    target: Name
    series: str = Field("", description="empty: every series")
    first: dt.date
    last: dt.date
    reason: str

    @model_validator(mode="after")
    def is_in_order(self) -> Self:
        """The last day is not before the first."""
        if self.last < self.first:
            raise ValueError("anomalies: 'last' is before 'first'")
        return self


class Known(Record):
    """A finding that is expected: it stays in the table, and alerts nobody."""

    rule: str
    scope: str = Field("", description="source, or source.measure; empty: the whole dataset")
    reason: str


class Rules(Record):
    """How numbers are read before models see them (vigil/rhythm.py)."""

    rhythm: bool = Field(True, description="days that did not report stand as a week before")
    falls: bool = Field(True, description="a negative number is a correction, not a day's number")
    outliers: bool = Field(True, description="a number far above all of late is cut")


class Dataset(Record):
    """Everything Vigil knows of a dataset."""

    name: Name
    title: str
    producer: str
    licence: str
    citation: str
    homepage: HttpUrl
    task: Literal["forecast", "classify"] = "forecast"
    personal: bool = Field(False, description="true: restricted storage, people as keyed hashes")
    retention_days: int | None = Field(None, ge=1, description="personal: kept so many days")
    horizon: int = Field(0, ge=0, le=120, description="days ahead")
    grain: Literal["week", "day"] = "week"
    transform: Literal["fourth_root", "log", "none"] = Field(
        "fourth_root", description="the scale models work on"
    )
    rules: Rules = Rules()
    labels_after: int = Field(0, ge=0, description="days until a number may teach or calibrate")
    country: str | None = Field(None, pattern="^[A-Z]{2}$", description="whose holidays count")
    classification: Classification | None = Field(None, description="classify: the question")
    models: tuple[Literal[Model, Classifier], ...] = Field(
        ("lightgbm",), description="what `vigil backtest` compares; classify: what may serve"
    )
    recipe: Literal["lightgbm", "ridge", "damped_growth", Classifier] = Field(
        "lightgbm", description="the model that is trained until another is promoted"
    )
    schedules: Schedules
    sources: dict[Name, Source] = Field(min_length=1)
    successions: dict[Name, dict[Name, dt.date | None]] = Field(
        {}, description="sources that follow each other: from which date each counts"
    )
    targets: dict[Name, Measure] = Field(min_length=1)
    covariates: dict[Name, Measure] = Field({}, description="kept, not forecast")
    aggregates: Aggregates = Field(Aggregates(), description="sums that are forecast, too")
    anomalies: tuple[Anomaly, ...] = Field((), description="days that are not scored")
    not_places: tuple[str, ...] = Field((), description="series that are no places: ships, events")
    provisional_days: int = Field(28, ge=0, description="a new series is provisional so long")
    known: tuple[Known, ...] = Field((), description="findings that are expected, with the reason")

    @property
    def measures(self) -> dict[str, Measure]:
        """Targets and covariates: all that is kept."""
        return {**self.targets, **self.covariates}

    @property
    def baseline(self) -> str:
        """What serves while there is nothing better, and what that is judged against."""
        return "base_rate" if self.task == "classify" else "seasonal_naive"

    @property
    def fields(self) -> dict[str, Column]:
        """The fields of its records."""
        return {name: kind for one in self.sources.values() for name, kind in one.fields.items()}

    @property
    def digest(self) -> str:
        """A hash of all that decides what the tables show of an arrival."""
        shown = {"sources", "successions", "targets", "covariates", "not_places", "known"}
        text = self.model_dump_json(include={*shown, "provisional_days"})
        return sha256(text.encode()).hexdigest()[:16]

    def line(self, source: str) -> str:
        """What a source's values are kept under: its succession, else itself."""
        return next((n for n, members in self.successions.items() if source in members), source)

    def members(self, line: str) -> dict[str, dt.date | None]:
        """The sources of a line in order, each with the date from which it counts."""
        return self.successions.get(line, {line: None})

    def columns(self, source: str) -> dict[str, str | None]:
        """What a source gives: measure -> column."""
        names = (source, self.line(source))
        return {
            measure: spec.sources[name]
            for measure, spec in self.measures.items()
            if (name := next((n for n in names if n in spec.sources), None))
        }

    def lines(self, measure: str) -> list[str]:
        """The lines that give a measure."""
        return list(dict.fromkeys(map(self.line, self._given_by(measure))))

    def _given_by(self, measure: str) -> Iterator[str]:
        for name in self.measures[measure].sources:
            yield from self.successions.get(name, {name: None})

    @model_validator(mode="before")
    @classmethod
    def has_the_models_of_its_task(cls, said: Any) -> Any:
        """Trees classify where nothing else is said."""
        if isinstance(said, dict) and said.get("task") == "classify":
            return {"recipe": "trees", "models": ["trees"], **said}
        return said

    @model_validator(mode="after")
    def fits_its_task(self) -> Self:
        """Forecasts need a horizon, classifications records, personal data an end."""
        records = [name for name, one in self.sources.items() if one.layout == "records"]
        if self.task == "forecast" and (records or not self.horizon):
            raise ValueError("task forecast: needs 'horizon', and no source with layout records")
        if self.task == "classify" and (self.horizon or len(records) < len(self.sources)):
            raise ValueError("task classify: only sources with layout records, no 'horizon'")
        if self.personal != (self.retention_days is not None):
            raise ValueError("'personal: true' and 'retention_days' belong together")
        if any(one.person for one in self.sources.values()) and not self.personal:
            raise ValueError("a source with 'person' needs 'personal: true'")
        return self

    @model_validator(mode="after")
    def classifies_its_fields(self) -> Self:
        """A question for each dataset to classify, about fields that it has."""
        asked = self.classification
        if (asked is not None) != (self.task == "classify"):
            raise ValueError("'task: classify' and 'classification' belong together")
        named = {self.recipe, *self.models}
        if unfit := {one for one in named if (one in CLASSIFIERS) != (asked is not None)}:
            raise ValueError(f"recipe, models: {sorted(unfit)} cannot {self.task}")
        if asked is not None:
            asked.check(set(self.fields))
        return self

    @model_validator(mode="after")
    def anomalies_are_of_targets(self) -> Self:
        """Only forecasts are scored."""
        if wrong := {one.target for one in self.anomalies} - set(self.targets):
            raise ValueError(f"anomalies: no target {sorted(wrong)}; there are {[*self.targets]}")
        return self

    @model_validator(mode="after")
    def successions_are_in_order(self) -> Self:
        """Each source once, each later than the one before."""
        members = [name for one in self.successions.values() for name in one]
        if wrong := set(members) - set(self.sources):
            raise ValueError(f"successions: no source {sorted(wrong)}; add it under sources")
        if len(set(members)) < len(members) or set(self.successions) & set(self.sources):
            raise ValueError("successions: a source in one succession only, and names of their own")
        for name, one in self.successions.items():
            first, *later = one.values()
            dates = [day for day in later if day]
            if first or len(dates) < len(later) or dates != sorted(set(dates)):
                raise ValueError(f"successions: {name}: first null, then dates that ascend")
        return self

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        """Measures name sources that exist, and columns as the layout asks."""
        if twice := set(self.targets) & set(self.covariates):
            raise ValueError(f"both a target and a covariate: {', '.join(sorted(twice))}")
        for name, measure in self.measures.items():
            if wrong := set(measure.sources) - {*self.sources, *self.successions}:
                raise ValueError(f"{name}: no source {sorted(wrong)}; add it under sources")
        for source, spec in self.sources.items():
            given = self.columns(source)
            if not given or (spec.layout == "wide" and len(given) > 1):
                raise ValueError(f"{source}: a source gives a measure, a wide one exactly one")
            for name, column in given.items():
                if (column is None) != (spec.layout == "wide"):
                    raise ValueError(f"{name}: a column for a long source, null for a wide one")
        return self
