"""The tidy table of a backtest and what it says in short, by hand."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from examples import days, long

from vigil import outcomes
from vigil.calibration import Past
from vigil.origins import Origin
from vigil.panel import DAY, Grid, Key
from vigil.paths import LEVELS
from vigil.shelf import Made
from vigil.view import View, view

KEY = Key("hospital", "admitted")
ORIGIN = Origin(date(2024, 4, 7), "known", date(2024, 4, 6))


def latest(values: list[float], **said: object) -> View:
    """What is known by now of series A, up to 2024-04-08."""
    first = np.datetime64("2024-04-09") - len(values) * DAY
    grid = Grid(days(str(first), len(values)), ("A",), np.array(values)[:, None])
    dataset = long(measure=said)
    found = view(dataset.model_copy(update={"transform": "none"}), {KEY: grid}, KEY)
    assert found is not None
    return found


def made(*medians: float, series: str = "A") -> Made:
    """One number for each of two days ahead, certain of itself, for every series."""
    levels = np.array(medians).reshape(2, len(series))[None].repeat(len(LEVELS), axis=0)
    return Made(Past(np.datetime64("2024-04-06"), np.array([1, 2]), tuple(series), levels), levels)


def table(model: str, one: Made, values: list[float], **said: object) -> pa.Table:
    """Of one origin."""
    return outcomes.table(KEY, model, [ORIGIN], [one], latest(values, **said))


SEEN = [5.0] * 30 + [10.0, 20.0]  # the 7th and the 8th of April


def test_a_row_for_every_number_that_came():
    """Forecast 12 and 20 where 10 and 20 came: a certain forecast scores its error."""
    first, second = table("m", made(12, 20), SEEN).to_pylist()
    assert first["target_date"] == date(2024, 4, 7)
    assert (first["origin"], first["reference_date"]) == (ORIGIN.day, ORIGIN.reference)
    assert (first["vintage_kind"], first["series"], first["horizon"]) == ("known", "A", 1)
    assert (first["actual"], first["median"], first["ae"]) == (10, 12, 2)
    assert first["wis"] == pytest.approx(2)
    assert first["wis_log"] == pytest.approx(np.log(13 / 11))
    assert (first["covered95"], second["covered95"], second["wis"]) == (0, 1, 0)


def test_what_did_not_come_has_no_row():
    """The last day is not known; series B is not there any more."""
    found = table("m", made(12, 12, 20, 20, series="AB"), [*SEEN[:-1], float("nan")])
    assert found["horizon"].to_pylist() == [1]
    assert found["series"].to_pylist() == ["A"]


def test_where_no_forecast_was_made_there_is_no_score():
    """The row stays, so that models have the same rows."""
    [first, _] = table("m", made(float("nan"), 20), SEEN).to_pylist()
    assert (first["actual"], first["wis"], first["median"]) == (10, None, None)
    assert (first["covered50"], first["pit"]) == (None, None)


def test_changes_that_may_be_negative_have_no_logarithm():
    """A change of mobility of -30 per cent is a number like any other, but on no log scale."""
    said = {"non_negative": False, "adds_up": False}
    found = table("m", made(-12, -20), [-5.0] * 30 + [-10.0, -20.0], **said)
    assert found["wis"].to_pylist() == pytest.approx([2, 0])
    assert found["wis_log"].null_count == 2
    [row, *_] = outcomes.summary(found, "m")
    assert np.isnan(row["rmsle"])


def test_a_summary_compares_on_common_rows():
    """Ours errs by 2 and 4, the baseline by 4 and has no second forecast: 2 / 4, not 6 / 4."""
    both = pa.concat_tables(
        [table("ours", made(12, 24), SEEN), table("naive", made(6, float("nan")), SEEN)]
    )
    rows = outcomes.summary(both, "naive")
    assert [(row["model"], row["horizon"], row["n"]) for row in rows] == [
        ("ours", 1, 1), ("ours", 2, 1), ("ours", "all", 2),
        ("naive", 1, 1), ("naive", 2, 0), ("naive", "all", 1),
    ]  # fmt: skip
    ours = rows[2]
    assert ours["relative_wis"] == pytest.approx(0.5)
    assert (ours["mae"], ours["bias"]) == (3, 3)
    assert ours["wis"] == pytest.approx(3)
    assert ours["wape"] == pytest.approx(6 / 30)
    assert ours["rmsle"] == pytest.approx(
        np.sqrt((np.log(13 / 11) ** 2 + np.log(25 / 21) ** 2) / 2)
    )
    assert (ours["coverage50"], rows[3]["bias"]) == (0, -4)
    assert np.isnan(rows[4]["wis"])


def test_what_was_known_is_never_pooled_with_what_is_thought_to_have_been():
    """The same origin of both kinds: two groups of one row a horizon."""
    known = table("m", made(12, 20), SEEN)
    pseudo = known.set_column(
        known.schema.get_field_index("vintage_kind"), "vintage_kind", pa.array(["pseudo"] * 2)
    )
    rows = outcomes.summary(pa.concat_tables([known, pseudo]), "m")
    assert [row["vintage_kind"] for row in rows] == ["known"] * 3 + ["pseudo"] * 3
    assert {row["n"] for row in rows if row["horizon"] != "all"} == {1}


def test_the_histogram_is_of_the_model_with_the_lowest_relative_wis():
    """What came lay above all that the better one said: its levels stand in the last bin."""
    both = pa.concat_tables([table("ours", made(9, 19), SEEN), table("naive", made(20, 40), SEEN)])
    [said] = outcomes.pit(both, outcomes.summary(both, "naive"))
    assert said["model"] == "ours"
    assert said["shares"] == [0.0] * 9 + [1.0]
