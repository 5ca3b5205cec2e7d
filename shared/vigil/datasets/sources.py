"""What a dataset file may say of a source, and what it means when it says nothing."""

import datetime as dt
import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, field_validator, model_validator

from vigil.datasets.names import NAME

Name = Annotated[str, Field(pattern=NAME)]
Column = Literal["integer", "number", "text"]
Attribute = Literal["latitude", "longitude", "population", "name", "parent"]


class Record(BaseModel):
    """A part of a dataset file: no unknown fields, no changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Expect(Record):
    """What a good file of a source looks like: a threshold for every rule of docs/quality.md."""

    series: int = Field(1, ge=1, description="at least so many series or records")
    parts: dict[str, str] = Field({}, description="a pattern for a column of names or codes")
    categories: dict[str, tuple[str, ...]] = Field({}, description="the texts that a field has")
    extra_columns: int = Field(0, ge=0, description="so many columns may be undeclared")
    duplicates: int = Field(0, ge=0, description="so many rows may be repeated")
    future_days: int = Field(1, ge=0, description="a date may lie so many days ahead")
    stale_days: int = Field(7, ge=0, description="newest date at most so many days old")
    shrink: float = Field(0.02, ge=0, lt=1, description="share of known values that may vanish")
    retreat_days: int = Field(3, ge=0, description="the newest date may go back so many days")
    zeros: float = Field(1.0, gt=0, le=1, description="share of zeros at which it is refused")
    gaps: int = Field(0, ge=0, description="so many rows may be missing between others")
    negatives: int = Field(0, ge=0, description="so many numbers may be below zero")
    falls: int = Field(0, ge=0, description="a running total may fall so many times")
    jump: float = Field(10, gt=1, description="times the largest of the 28 days before")
    rhythm: float = Field(3, gt=0, description="change in days a week with a report")
    overlap: float = Field(0.05, ge=0, description="difference from the source it follows")

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

    url: HttpUrl | None = Field(None, description="none: files are put into the inbox")
    hosts: tuple[str, ...] = Field((), description="other hosts that it may redirect to")
    member: str | None = Field(None, description="the file to take out of a zip, as a pattern")
    files: str = Field(description="what its files are called upstream, as a pattern with *")
    layout: Literal["wide", "long", "records"]
    delimiter: str = Field(",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8"
    aliases: dict[str, str] = Field({}, description="other name of a column: the name used here")
    date: str | None = Field(None, description="long: the column that holds the date")
    date_format: str = Field("%Y-%m-%d", description="how a date is written")
    series: tuple[str, ...] = Field(
        (), description="columns whose values, joined by /, name a series"
    )
    unnamed: str | None = Field(None, description="the column that names a row without a series")
    root: str | None = Field(None, description="what every series of this source stands under")
    entities: dict[str, str] = Field({}, description="a series' name here: its name elsewhere")
    where: dict[str, tuple[str, ...]] = Field(
        {}, description="long: keep only rows with these values"
    )
    aggregate: str | None = Field(None, description="series without a value here are aggregates")
    attributes: dict[Attribute, str] = {}
    record: str | None = Field(None, description="records: the column that names a record")
    person: str | None = Field(None, description="records: the column of the person, hashed")
    fields: dict[str, Column] = Field({}, description="records: column: integer, number or text")
    unused: tuple[str, ...] = Field((), description="columns that are known and left out")
    optional: tuple[str, ...] = Field((), description="columns that may be absent")
    expect: Expect = Expect()
    ended: dt.date | None = Field(None, description="the source's last date, once it has ended")

    @field_validator("where", mode="before")
    @classmethod
    def one_or_many(cls, value: object) -> object:
        """One value may stand without brackets."""
        if not isinstance(value, dict):
            return value
        return {name: (kept,) if isinstance(kept, str) else kept for name, kept in value.items()}

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
        records = {"record": self.record, "person": self.person, "fields": self.fields}
        if self.layout == "records":
            if not (self.record and self.fields):
                raise ValueError("a records layout needs 'record' and 'fields'")
            return self
        if given := [name for name, value in records.items() if value]:
            raise ValueError(f"{given} are for the layout 'records'")
        if self.layout == "wide" and (self.where or self.aggregate):
            raise ValueError("'where' and 'aggregate' are for a long layout")
        needed = {self.date, *self.series, *self.where, *self.attributes.values()}
        if wrong := set(self.optional) & needed:
            raise ValueError(f"{sorted(wrong)} cannot be optional: rows are read by them")
        return self

    @model_validator(mode="after")
    def names_its_columns(self) -> Self:
        """Every series needs a name, a long file a date, a pattern a column."""
        if self.layout != "records" and not self.series and self.root is None:
            raise ValueError("name the columns of the series, or a root for a single series")
        if self.layout == "long" and self.date is None:
            raise ValueError("a long layout needs 'date': the column that holds the date")
        if wrong := set(self.expect.parts) - {*self.series, *self.fields}:
            raise ValueError(
                f"expect.parts: {sorted(wrong)} are no columns of 'series' or 'fields'"
            )
        texts = {column for column, kind in self.fields.items() if kind == "text"}
        if wrong := set(self.expect.categories) - texts:
            raise ValueError(f"expect.categories: {sorted(wrong)} are no fields of text")
        return self
