"""What a dataset file may say, and what it means when it says nothing."""

import datetime as dt
import re
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, field_validator, model_validator

from vigil.datasets.names import NAME

Name = Annotated[str, Field(pattern=NAME)]
Stage = Literal["ingest", "train", "predict"]


class Record(BaseModel):
    """A part of a dataset file: no unknown fields, no changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Expect(Record):
    """What a good file of a source looks like; anything else is refused."""

    series: int = Field(1, ge=1, description="at least so many series")
    shrink: float = Field(0.02, ge=0, lt=1, description="share of known values that may vanish")
    stale_days: int = Field(7, ge=0, description="newest date at most so many days old")
    parts: dict[str, str] = Field({}, description="a pattern for a column of names or codes")

    @field_validator("parts")
    @classmethod
    def are_patterns(cls, value: dict[str, str]) -> dict[str, str]:
        """Regular expressions that compile."""
        for column, pattern in value.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{column}: no regular expression: {error}") from None
        return value


class Source(Record):
    """A file upstream: where it is, how it is written, what is expected of it."""

    url: HttpUrl
    files: str = Field(description="what its files are called upstream, as a pattern with *")
    layout: Literal["wide", "long"]
    delimiter: str = Field(",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8"
    date: str | None = Field(None, description="long: the column that holds the date")
    date_format: str = Field("%Y-%m-%d", description="how a date is written")
    series: tuple[str, ...] = Field(
        (), description="columns whose values, joined by /, name a series"
    )
    root: str | None = Field(None, description="what every series of this source stands under")
    where: dict[str, str] = Field({}, description="long: keep only rows with these values")
    attributes: dict[Literal["latitude", "longitude", "population"], str] = {}
    unused: tuple[str, ...] = Field((), description="columns that are known and left out")
    optional: tuple[str, ...] = Field((), description="columns that may be absent")
    expect: Expect = Expect()
    ended: dt.date | None = Field(None, description="the source's last date, once it has ended")

    @field_validator("encoding")
    @classmethod
    def is_encoding(cls, value: str) -> str:
        """An encoding that Python can read."""
        try:
            "".encode(value)
        except LookupError:
            raise ValueError("expected an encoding such as utf-8 or latin-1") from None
        return value

    @field_validator("date_format")
    @classmethod
    def is_date_format(cls, value: str) -> str:
        """A format that writes a date so that it can be read back."""
        day = dt.date(2021, 1, 30)
        try:
            read_back = dt.datetime.strptime(day.strftime(value), value).date()  # noqa: DTZ007
        except ValueError:
            read_back = None
        if read_back != day:
            raise ValueError("expected a format with day, month and year, such as %Y-%m-%d")
        return value

    @model_validator(mode="after")
    def fits_its_layout(self) -> Self:
        """Fields that say nothing in this layout are mistakes."""
        if self.layout == "wide" and self.where:
            raise ValueError("'where' keeps rows of a long layout; a wide one has none to drop")
        needed = {self.date, *self.series, *self.where, *self.attributes.values()}
        if wrong := set(self.optional) & needed:
            raise ValueError(f"{sorted(wrong)} cannot be optional: rows are read by them")
        if wrong := set(self.expect.parts) - set(self.series):
            raise ValueError(f"expect.parts: {sorted(wrong)} are no columns of 'series'")
        return self

    @model_validator(mode="after")
    def names_its_series(self) -> Self:
        """Every series needs a name, and a long file a date."""
        if not self.series and self.root is None:
            raise ValueError("name the columns of the series, or a root for a single series")
        if self.layout == "long" and self.date is None:
            raise ValueError("a long layout needs 'date': the column that holds the date")
        return self


class Measure(Record):
    """A number per series and date, as its sources publish it."""

    sources: dict[Name, str | None] = Field(
        min_length=1,
        description="source -> column; null in a wide layout, where all columns are dates",
    )
    unit: str
    cumulative: bool = False
    non_negative: bool = True
    publication_lag: int = Field(1, ge=0, description="days from a date to its publication")
    settle_days: int = Field(28, ge=0, description="days until a value counts as final")


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


class Dataset(Record):
    """Everything Vigil knows of a dataset."""

    name: Name
    title: str
    producer: str
    licence: str
    citation: str
    homepage: HttpUrl
    personal: bool = Field(False, description="true: personal data, restricted storage")
    horizon: int = Field(ge=1, le=120, description="days ahead")
    grain: Literal["week", "day"]
    schedules: Schedules
    sources: dict[Name, Source] = Field(min_length=1)
    targets: dict[Name, Measure] = Field(min_length=1)
    covariates: dict[Name, Measure] = {}
    not_places: tuple[str, ...] = Field((), description="series that are no places: ships, events")

    @property
    def measures(self) -> dict[str, Measure]:
        """Targets and covariates: all that is kept."""
        return {**self.targets, **self.covariates}

    def columns(self, source: str) -> dict[str, str | None]:
        """What a source gives: measure -> column."""
        return {
            name: measure.sources[source]
            for name, measure in self.measures.items()
            if source in measure.sources
        }

    @model_validator(mode="after")
    def fits_together(self) -> Self:
        """Measures name sources that exist, and columns as the layout asks."""
        if twice := set(self.targets) & set(self.covariates):
            raise ValueError(f"both a target and a covariate: {', '.join(sorted(twice))}")
        for name, measure in self.measures.items():
            for source, column in measure.sources.items():
                if source not in self.sources:
                    raise ValueError(f"{name}: no source {source!r}; add it under sources")
                if (column is None) != (self.sources[source].layout == "wide"):
                    raise ValueError(f"{name}: a column for a long source, null for a wide one")
        for source, spec in self.sources.items():
            given = self.columns(source)
            if not given or (spec.layout == "wide" and len(given) > 1):
                raise ValueError(f"{source}: a source gives a measure, a wide one exactly one")
        return self
