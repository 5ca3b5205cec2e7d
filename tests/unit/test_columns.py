"""Columns: the ones a file must have, may have, and has that nobody knows."""

import pytest
from examples import long, wide

from vigil import columns, datasets
from vigil.errors import Rejected

KNOWN = {"unused": ["note"], "optional": ["beds"]}


def spec(**source) -> datasets.Dataset:
    """Admissions by departement, with beds as a covariate that may be absent."""
    fields = long(**{**KNOWN, **source}).model_dump()
    fields["covariates"] = {"beds": {"sources": {"hospital": "beds"}, "unit": "beds"}}
    return datasets.Dataset.model_validate(fields)


def check(header: list[str], **source) -> frozenset:
    """The extra columns of a header that speak."""
    dataset = spec(**source)
    known = columns.declared(dataset, "hospital")
    mark = columns.check(dataset.sources["hospital"], header, known, "small.hospital")
    return mark.items if mark.speaks else frozenset()


def refused(header: list[str], **source) -> Rejected:
    """The reason why a header is refused."""
    with pytest.raises(Rejected) as reason:
        check(header, **source)
    return reason.value


def test_every_column_that_is_read_is_needed_unless_it_is_optional():
    """Date, series and target; the beds may come, and so may the note that nobody reads."""
    known = columns.declared(spec(), "hospital")
    assert set(known.needed) == {"jour", "dep", "incid_hosp"}
    assert known.kinds == dict.fromkeys(["jour", "dep"], "text") | dict.fromkeys(
        ["incid_hosp", "beds"], "number"
    )
    assert known.kind("note") is None
    assert check(["jour", "dep", "incid_hosp"]) == frozenset()
    assert check(["note", "beds", "incid_hosp", "jour", "dep"]) == frozenset()


def test_filters_names_and_attributes_are_read_too():
    """Each by the name that the dataset's file gives it."""
    source = {
        "where": {"age": "0"},
        "unnamed": "place",
        "aggregate": "continent",
        "attributes": {"population": "people"},
    }
    known = columns.declared(spec(**source), "hospital")
    assert [known.kind(name) for name in ("age", "place", "continent")] == ["text"] * 3
    assert known.kind("people") == "number"
    assert set(known.needed) >= {"age", "place", "continent", "people"}


def test_every_date_of_a_wide_file_is_read():
    """And the columns of names and places."""
    known = columns.declared(wide(), "deaths")
    assert known.kind("1/30/21") == "number"
    assert known.kind("30-Jan") is None
    assert set(known.kinds) == {"Country/Region", "Province/State", "Lat", "Long"}


def test_a_missing_column_is_refused():
    """The message says what was expected, and what else was there."""
    reason = refused(["jour", "dep", "age"])
    assert (reason.where, reason.rule) == ("small.hospital", "columns")
    assert reason.expected == "columns ['incid_hosp']"
    assert reason.found == "['age'] and 3 columns in all"


def test_a_renamed_column_is_proposed_as_an_alias():
    """The unknown column that looks most like the missing one."""
    reason = refused(["jour", "dep", "incid_hospit", "age"])
    assert reason.remedy == (
        "perhaps 'incid_hospit' is the new name of 'incid_hosp': if a column was renamed upstream, "
        "say so under aliases in the dataset's YAML."
    )


def test_a_missing_column_with_nothing_like_it_proposes_nothing():
    """The remedy stays general."""
    reason = refused(["jour", "dep", "zz"])
    assert reason.remedy == (
        "If a column was renamed upstream, say so under aliases in the dataset's YAML."
    )


def test_a_column_that_is_known_is_not_proposed():
    """An unused column is not the new name of another."""
    reason = refused(["jour", "dep", "incid_hosp2"], unused=["incid_hosp2"])
    assert "perhaps" not in reason.remedy


def test_an_extra_column_is_a_finding_when_it_is_one_too_many():
    """As many as the dataset's file says may be undeclared."""
    header = ["jour", "dep", "incid_hosp", "sex", "age"]
    assert check(header) == {"sex", "age"}
    assert check(header, expect={"extra_columns": 1}) == {"sex", "age"}
    assert check(header, expect={"extra_columns": 2}) == frozenset()
