"""What a year costs, by hand: rows, bytes, the columns that a chart reads."""

import pytest
from benchmarks import costs

from vigil import datasets, looker


@pytest.fixture
def year() -> costs.Year:
    """Two cumulative targets of ten series, 28 days ahead, after a hundred days."""
    return costs.Year(datasets.load("jhu_global"), series=10, observations=5_000_000, days=100)


def test_rows_follow_from_the_datasets_file(year: costs.Year) -> None:
    """28 days, 4 weeks and 28 running totals of 20 series; forecasts with seasonal naive's."""
    assert year.forecast == 20 * 60
    assert (year.rows("scores"), year.rows("forecasts")) == (120_000, 240_000)


def test_a_text_takes_two_bytes_and_its_own(year: costs.Year) -> None:
    """A date and a number 8 each, a series 2 + 10, a flag nobody sets 2."""
    assert costs.size("scores", {"target_date", "wis", "series", "flag"}) == 8 + 8 + 12 + 2


def test_a_chart_reads_the_columns_that_its_answer_needs_through_all_views() -> None:
    """Observations through a view and a function; no quantile that nobody asked for."""
    [chart] = [one for one in looker.charts() if one.title == "Forecasts over what came"]
    found = costs.read(chart)
    assert set(found) == {"forecasts", "scores", "observations", "measures", "members"}
    assert {"q500", "q025", "q975", "serves", "reference_date"} <= found["forecasts"]
    assert {"q010", "q250", "mean"}.isdisjoint(found["forecasts"])
    assert {"value", "issued_at", "series", "date"} <= found["observations"]


def test_a_small_table_is_billed_as_ten_mebibytes(year: costs.Year) -> None:
    """The table of decisions is; five million observations are billed as they are."""
    decisions, revisions = (
        next(one for one in looker.charts() if one.title == title)
        for title in ("Decisions", "Revisions by age")
    )
    assert costs.bytes_read(decisions, year) == 10 << 20
    columns = costs.read(revisions)["observations"]
    assert costs.bytes_read(revisions, year) == 5_000_000 * costs.size("observations", columns)


def test_prices_are_those_of_the_view() -> None:
    """One place says them."""
    assert costs.prices()["queried_tib"] == 6.25
