"""The file that a hub takes: each rule of a submission, on rows as the view returns them."""

import csv
import io
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import pyarrow as pa
import pytest

from vigil import hub
from vigil.paths import LEVELS

SATURDAY = date(2024, 3, 2)
TASK = ("reference_date", "target", "horizon", "target_end_date", "location", "output_type")


def forecast(location: str, reference: date = SATURDAY, first: float = 1 / 3) -> list[dict]:
    """Four weeks of a place, as rows of the view."""
    return [
        {
            "reference_date": reference,
            "target": "wk inc cases",
            "horizon": week,
            "target_end_date": reference + timedelta(weeks=week),
            "location": location,
            "output_type": "quantile",
            "output_type_id": level,
            "value": first * week + at // 2,
        }
        for week in range(1, 5)
        for at, level in enumerate(LEVELS.tolist())
    ]


@pytest.fixture(scope="module")
def submitted() -> list[dict[str, Any]]:
    """What the file says of two places of this round, and one whose source has ended."""
    ended = forecast("Gone", SATURDAY - timedelta(weeks=20))
    rows = [*forecast("Italy"), *ended, *forecast('=HYPERLINK("x")', first=0.0)]
    text = hub.csv(pa.Table.from_pylist(rows)).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_a_file_has_the_columns_of_a_hub_and_no_others(submitted: list[dict]) -> None:
    """model_id is the name of the file, not a column."""
    assert tuple(submitted[0]) == hub.COLUMNS
    assert "model_id" not in submitted[0]


def test_a_file_is_one_round_and_its_dates_fit_its_horizons(submitted: list[dict]) -> None:
    """One reference date, a Saturday; each horizon that many weeks after it."""
    assert {row["reference_date"] for row in submitted} == {"2024-03-02"}
    for row in submitted:
        end = SATURDAY + timedelta(weeks=int(row["horizon"]))
        assert date.fromisoformat(row["target_end_date"]) == end


def test_every_task_has_each_level_once_and_values_that_do_not_fall(submitted: list[dict]) -> None:
    """23 quantiles from 0.01 to 0.99, as numbers, none below zero."""
    tasks = {key: list(rows) for key, rows in
             groupby(submitted, lambda row: tuple(row[name] for name in TASK))}  # fmt: skip
    assert len(tasks) == 2 * 4
    for rows in tasks.values():
        assert [float(row["output_type_id"]) for row in rows] == LEVELS.tolist()
        values = [float(row["value"]) for row in rows]
        assert values == sorted(values)
        assert values[0] >= 0


def test_a_place_that_is_a_formula_is_text_and_numbers_are_short(submitted: list[dict]) -> None:
    """A spreadsheet shows it and does not follow it."""
    assert {row["location"] for row in submitted} == {"Italy", '\'=HYPERLINK("x")'}
    assert submitted[0]["value"] == "0.333"


def test_nothing_to_submit_is_a_file_with_a_header() -> None:
    """A dataset without weeks has an empty round."""
    empty = pa.Table.from_pylist(forecast("Italy")).slice(0, 0)
    assert hub.csv(empty).decode() == ",".join(hub.COLUMNS) + "\n"
