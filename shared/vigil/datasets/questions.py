"""What a dataset file may ask of its records: a question of yes or no."""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from vigil.datasets.sources import Record

Classifier = Literal["trees", "logistic", "forest"]  # those of vigil/classify/fitting.py
CLASSIFIERS = get_args(Classifier)
FEW = 10  # records: what fewer have may tell of somebody


class Outcome(Record):
    """What makes the answer yes: the first number of a field's label."""

    field: str
    above: float


class Costs(Record):
    """What a wrong answer costs, in any unit."""

    missed: float = Field(1, gt=0, description="no was said, and it was yes")
    false_alarm: float = Field(1, gt=0, description="yes was said, and it was no")

    @property
    def threshold(self) -> float:
        """The probability from which to say yes costs less."""
        return self.false_alarm / (self.false_alarm + self.missed)


class Derived(Record):
    """A feature made of fields, none of them the outcome: one kind each."""

    same: tuple[str, str] | None = Field(None, description="whether two fields agree")
    equals: tuple[str, str] | None = Field(None, description="whether a field has this value")
    distinct: str | None = Field(None, description="how many values of this field there are...")
    by: str | None = Field(None, description="...among training records that agree in this one")
    visits: bool = Field(False, description="how many records of the same person are known")

    @property
    def reads(self) -> set[str]:
        """The fields it is made of."""
        named = {*(self.same or ()), *(self.equals or ())[:1], self.distinct, self.by}
        return {name for name in named if name}

    @model_validator(mode="after")
    def is_of_one_kind(self) -> Self:
        """Exactly one of the four."""
        kinds = (self.same, self.equals, self.distinct, self.visits or None)
        if sum(kind is not None for kind in kinds) != 1 or bool(self.distinct) != bool(self.by):
            raise ValueError("one of 'same', 'equals', 'distinct' with 'by', 'visits'")
        return self


class Classification(Record):
    """A question of yes or no about every record, and what answers it."""

    question: str
    outcome: Outcome
    costs: Costs = Costs()
    codes: tuple[str, ...] = Field((), description="fields whose numbers are names")
    derived: dict[str, Derived] = Field({}, description="features made of fields")
    groups: tuple[str, ...] = Field((), description="fields by which it is judged whether it fits")

    @property
    def reads(self) -> set[str]:
        """The fields that it names, but the outcome's."""
        return {*self.codes, *self.groups}.union(*(one.reads for one in self.derived.values()))

    def check(self, fields: set[str]) -> None:
        """Refuse a question about what a dataset does not have, or that gives its answer away."""
        if wrong := {self.outcome.field, *self.reads} - fields:
            raise ValueError(f"classification: no field {sorted(wrong)}; add it to a source")
        if self.outcome.field in self.reads:
            raise ValueError(f"classification: {self.outcome.field} is the outcome, no feature")
        if twice := set(self.derived) & fields:
            raise ValueError(f"classification: {sorted(twice)} are fields and derived, too")
