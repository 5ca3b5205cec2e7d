"""Public holidays: of which country, on which days."""

import pytest
from examples import days

from vigil.calendars import country_of, holidays


@pytest.mark.parametrize(
    ("series", "code"),
    [
        ("France", "FR"),
        ("France/75", "FR"),
        ("FR", "FR"),
        ("FRA", "FR"),
        ("US/Texas", "US"),
        ("United States", "US"),
        ("United Kingdom/Bermuda", "GB"),
        ("Korea, South", "KR"),
        ("Taiwan*", "TW"),
        ("Diamond Princess", None),
        ("75", None),
        ("", None),
    ],
)
def test_a_series_is_of_the_country_that_its_name_begins_with(series, code):
    """By name or code; a ship is of none."""
    assert country_of(series) == code


def test_each_series_has_the_holidays_of_its_country():
    """14 July is France's, 4 July the United States'; a ship has none."""
    week = days("2021-07-01", 14)
    off = holidays(None, ("Diamond Princess", "France/75", "US"), week)
    assert off.shape == (14, 3)
    assert [week[off[:, at]].astype(str).tolist() for at in range(3)] == [
        [],
        ["2021-07-14"],
        ["2021-07-04", "2021-07-05"],  # a Sunday, observed on Monday
    ]


def test_the_country_of_the_dataset_counts_for_every_series():
    """Departements are named by number."""
    off = holidays("FR", ("01", "US"), days("2021-07-14", 1))
    assert off.tolist() == [[True, True]]


def test_days_may_lie_in_two_years():
    """Christmas of one and New Year of the next."""
    span = days("2020-12-24", 10)
    off = holidays("FR", ("A",), span)[:, 0]
    assert span[off].astype(str).tolist() == ["2020-12-25", "2021-01-01"]
