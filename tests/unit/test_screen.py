"""The screen: tables, charts and JSON, as they stand in a terminal of 80 columns."""

import io
import json
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest
from examples import days, long, wide
from rich.console import Console

from vigil import screen
from vigil.panel import Grid, Key

ROW = {
    "target": "deaths",
    "series": "A",
    "period": "day",
    "reference_date": date(2021, 1, 3),
    "horizon": 1,
    "target_date": date(2021, 1, 4),
}
BANDS = {"q025": 0.0, "q250": 4.0, "q500": 6.0, "q750": 9.0, "q975": 12.0, "mean": 6.5}


@pytest.fixture
def shown(monkeypatch) -> io.StringIO:
    """What is printed."""
    stream = io.StringIO()
    monkeypatch.setattr(screen, "out", Console(file=stream, width=80, markup=False))
    return stream


def lines(stream: io.StringIO) -> list[str]:
    """The lines that are not empty."""
    return [line.rstrip() for line in stream.getvalue().splitlines() if line.strip()]


def forecast(*rows: dict) -> pa.Table:
    """Forecasts as the warehouse returns them, with columns that people do not read."""
    return pa.Table.from_pylist([{**ROW, **BANDS, "run_id": "x", **row} for row in rows])


def test_json_is_one_line_that_machines_read_back(shown):
    """Dates are ISO, names keep their accents, nothing is folded at 80 columns."""
    value = {"day": date(2021, 1, 30), "at": datetime(2021, 1, 30, 6, tzinfo=UTC), "n": "é" * 100}
    screen.print_json(value)
    [line] = shown.getvalue().splitlines()
    assert json.loads(line) == {
        "day": "2021-01-30",
        "at": "2021-01-30T06:00:00+00:00",
        "n": "é" * 100,
    }
    assert "é" in line


def test_json_has_no_word_for_no_number(shown):
    """NaN would not be JSON; plain rows say null instead."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        screen.print_json([float("nan")])
    rows = screen.plain_rows([{"a": float("nan"), "b": float("inf"), "c": 1.5, "d": "x"}])
    assert rows == [{"a": None, "b": None, "c": 1.5, "d": "x"}]


def test_a_table_shows_its_cells_as_people_write_them(shown):
    """Thousands, three digits, yes and no, minutes; what is missing is blank."""
    row = {
        "rows": 1_234_567,
        "seconds": 0.12345,
        "people": 12_345.6,
        "place": True,
        "at": datetime(2021, 1, 30, 6, 15, 7, tzinfo=UTC),
        "reason": None,
        "name": "Korea, South",
    }
    screen.table([row], "runs")
    title, _, cells = lines(shown)
    assert title == "runs"
    assert cells.split("  ")[0].strip() == "1,234,567"
    for part in ("0.123", "12,346", "yes", "2021-01-30 06:15", "Korea, South"):
        assert part in cells
    assert "None" not in cells


def test_numbers_stand_to_the_right(shown):
    """So that they can be compared."""
    screen.table([{"n": 5, "s": "a"}, {"n": 1000, "s": "bb"}])
    assert [line.split()[0] for line in lines(shown)[1:]] == ["5", "1,000"]
    assert lines(shown)[1].index("5") == lines(shown)[2].index("1,000") + 4


def test_a_long_table_is_cut_and_says_by_how_much(shown):
    """Three of five."""
    screen.table([{"n": n} for n in range(5)], most=3)
    assert [line.strip() for line in lines(shown)] == ["n", "0", "1", "2", "... and 2 more rows"]


def test_a_table_that_just_fits_is_whole(shown):
    """Nothing more is announced."""
    screen.table([{"n": n} for n in range(3)], most=3)
    assert [line.strip() for line in lines(shown)] == ["n", "0", "1", "2"]


def test_a_table_of_nothing_says_so(shown):
    """With its title, if it has one."""
    screen.table([], "findings")
    screen.table([])
    assert lines(shown) == ["findings: none", "no rows"]


def test_square_brackets_are_shown_as_they_are(shown):
    """A finding may quote a pattern, a list, or a column of somebody else's file."""
    screen.table([{"expected": "codes like [a-z]+"}])
    assert "[a-z]+" in shown.getvalue()


@pytest.mark.parametrize("console", ["out", "err"])
def test_a_line_on_either_console_is_shown_as_it_is(console, capsys):
    """A path may hold square brackets, and an error quotes it."""
    getattr(screen, console).print("file[a].csv: [/b]")
    assert getattr(capsys.readouterr(), console) == "file[a].csv: [/b]\n"


def test_no_text_can_break_the_screen(shown):
    """`vigil status` must work whatever a file upstream was called."""
    screen.table([{"found": "also ['a'], not [/b]"}])


def test_a_chart_has_a_column_a_day(shown):
    """Of a top of 12 a day of 6 is half the height; the median and its bands stand after it."""
    step = {"median": 6.0, "low50": 4.0, "high50": 9.0, "low95": 0.0, "high95": 12.0}
    screen.fan("A: deaths a day", [6.0, 12.0], [step])
    title, *chart, axis, legend = lines(shown)
    assert title == "A: deaths a day"
    labels = [line.partition("│")[0].strip() for line in chart]
    assert labels == ["12", "", "", "9", "", "", "6", "", "", "3", "", ""]
    columns = [line.partition("│")[2].ljust(3) for line in reversed(chart)]
    assert "".join(row[0] for row in columns) == "█" * 6 + " " * 6
    assert "".join(row[1] for row in columns) == "█" * 12
    assert "".join(row[2] for row in columns) == "░░░░▒▒━▒▒▒░░"
    assert axis.endswith("└───")
    assert "median" in legend


def test_a_chart_of_nothing_but_zeros_is_no_trouble(shown):
    """A series that never had a death."""
    nothing = dict.fromkeys(("median", "low50", "high50", "low95", "high95"), 0.0)
    screen.fan("A", [0.0, 0.0], [nothing])
    assert shown.getvalue().count("━") == 2  # in the chart and in the legend
    assert shown.getvalue().count("█") == 1  # in the legend


def test_forecast_rows_have_the_bands_that_people_read():
    """The median, half and 95 per cent, and the mean; no run, no model."""
    [row] = screen.forecast_rows(forecast({}))
    assert row == {
        **ROW,
        "median": 6.0,
        "low50": 4.0,
        "high50": 9.0,
        "low95": 0.0,
        "high95": 12.0,
        "mean": 6.5,
    }


def test_forecast_rows_may_be_of_one_series():
    """And of none where there is no such series, or no forecast."""
    found = forecast({}, {"series": "B"}, {"series": "B", "horizon": 2})
    assert len(screen.forecast_rows(found)) == 3
    assert [row["horizon"] for row in screen.forecast_rows(found, "B")] == [1, 2]
    assert screen.forecast_rows(found, "C") == []
    assert screen.forecast_rows(pa.table({}), "B") == []


def test_the_series_with_the_most_to_come_is_charted(shown):
    """A has 6 to come, B has 8: B's deaths, from totals turned into numbers a day."""
    totals = np.array([[0.0, 5.0], [1.0, 9.0], [1.0, 21.0]])
    panel = {
        Key("beds", "beds"): Grid(days("2021-01-01", 3), ("A", "B"), np.ones((3, 2))),
        Key("deaths", "deaths"): Grid(days("2021-01-01", 3), ("A", "B"), totals),
    }
    rows = screen.forecast_rows(forecast({}, {"series": "B", "q500": 8.0}))
    screen.show_forecast(rows, panel, wide())
    said = lines(shown)
    assert said[0] == "B: deaths a day, 35 days and what may follow"
    bars = [line.partition("│")[2].ljust(4) for line in reversed(said[1:13])]
    heights = [sum(row[column] == "█" for row in bars) for column in range(3)]
    assert heights == [0, 4, 12]  # nothing known, 4 and 12 of a top of 12
    assert said[-1].split()[:3] == ["day", "2021-01-04", "8"]


def test_what_came_after_the_reference_date_is_not_charted(shown):
    """A forecast is shown beside what was known when it was made."""
    values = np.array([[12.0], [12.0], [12.0], [99.0]])
    panel = {Key("hospital", "admitted"): Grid(days("2021-01-01", 4), ("A",), values)}
    rows = screen.forecast_rows(forecast({"target": "admitted"}))
    screen.show_forecast(rows, panel, long())
    assert lines(shown)[1].partition("│")[2].startswith("███░")


def test_a_forecast_without_days_is_not_charted(shown):
    """Nothing is printed, and nothing goes wrong."""
    screen.show_forecast(screen.forecast_rows(forecast({"period": "week"})), {}, wide())
    assert shown.getvalue() == ""


def test_where_nobody_looks_nothing_moves(capsys):
    """No spinner and no bar without a terminal."""
    with screen.busy("asking"), screen.progress() as bars:
        bars("replayed", 1, 2)
        bars("replayed", 2, 2)
    assert capsys.readouterr() == ("", "")


def test_bars_share_a_scale_and_a_mark(shown):
    """30 cells for the highest, 2: half of them for 1, where the mark is; what is unknown has none.

    The mark is hidden where a bar reaches it.
    """
    screen.bars("WIS", [("a", 2.0), ("b", 0.5), ("c", float("nan"))], mark=1.0)
    title, top, low, none = shown.getvalue().splitlines()
    assert title == "WIS"
    assert top == "a " + "█" * 30 + "  2"
    assert low == "b " + "███████▌" + " " * 7 + "│" + " " * 15 + " 0.5"
    assert none == "c " + " " * 15 + "│" + " " * 15 + " nan"


def test_bars_of_nothing_but_zeros_are_no_trouble(shown):
    """An empty bin of a histogram."""
    screen.bars("PIT", [("0.0", 0.0)])
    assert lines(shown) == ["PIT", "0.0" + " " * 33 + "0"]


NUMBERS = {"n": 12345, "wis": 2.5, "mae": 1234.0, "bias": -1234.0, "rmsle": 0.25, "wape": 0.125}
COVERED = dict.fromkeys(("coverage50", "coverage80", "coverage95"), 0.5)
SPREAD = {"target": "deaths", "source": "a", "vintage_kind": "pseudo", "model": "ours"}
SCORE = {**SPREAD, "horizon": 1, "relative_wis": 0.8, **NUMBERS, **COVERED}


def test_a_backtest_shows_each_measure_apart(shown):
    """Its numbers, a bar for every model but the baseline, and the histogram of the best."""
    rows = [SCORE, {**SCORE, "model": "naive"}, {**SCORE, "vintage_kind": "known", "n": 7}]
    pits = [{**SPREAD, "shares": [0.25, 0.75]}, {**SPREAD, "vintage_kind": "known", "shares": []}]
    screen.show_backtest(rows, pits, "naive")
    said = lines(shown)
    assert said[0] == "deaths of a, from the first vintage, cut at what was published"
    assert said[1] == "ours"
    assert said[2].split() == [
        "ahead", "n", "wis", "ratio", "mae", "bias", "rmsle", "wape", "50%", "80%", "95%",
    ]  # fmt: skip
    assert said[3].split() == [
        "1", "12,345", "2.5", "0.8", "1,234", "-1,234", "0.25", "0.125", *["0.5"] * 3
    ]  # fmt: skip
    assert max(map(len, said)) <= 80
    assert len([line for line in said if line.startswith("ours 1 █")]) == 2
    assert not [line for line in said if line.startswith("naive 1 ")]
    assert said.count("PIT of ours: honest forecasts are even, at 0.5") == 1
    assert [line.split()[-1] for line in said if line.startswith(("0.0", "0.5"))] == [
        "0.25",
        "0.75",
    ]
    assert "deaths of a, from what was known" in said


def test_progress_is_a_line_where_there_is_no_terminal(capsys):
    """And nothing where a machine listens."""
    with screen.reported(quiet=False) as say:
        say("origins", 1, 2)
    assert capsys.readouterr() == ("", "origins: 1 of 2\n")
    with screen.reported(quiet=True) as say:
        say("origins", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_drivers_are_bars_for_the_nearest_date_and_a_table_for_all(shown):
    """The strongest fills the bar; signs say which way it moves; a driver of one date is blank."""
    same = {"target": "deaths", "source": "dead"}
    near, far = date(2021, 1, 9), date(2021, 1, 16)
    drivers = [
        {**same, "target_date": near, "driver": "own growth", "contribution": 0.3, "share": 0.6},
        {**same, "target_date": near, "driver": "all else", "contribution": -0.1, "share": 0.3},
        {**same, "target_date": far, "driver": "own growth", "contribution": 0.1, "share": 0.25},
    ]
    screen.show_drivers("Italy", drivers)
    title, growth, rest, table, header, *rows = lines(shown)
    assert title == "Italy: deaths of dead, 2021-01-09"
    assert growth == f"own growth {'█' * 30}  +60%"
    assert rest == f"  all else {'█' * 15}{' ' * 17}-30%"
    assert table.startswith("+ pushes the forecast up")
    assert header.split() == ["driver", "2021-01-09", "2021-01-16"]
    assert [row.split() for row in rows] == [
        ["own", "growth", "+60%", "+25%"],
        ["all", "else", "-30%"],
    ]


def test_risk_is_bars_for_all_and_a_table_for_groups(shown):
    """The largest band fills the bar; where nothing may be shown nothing is."""
    same = {"lower": 0.0, "upper": 1 / 3, "mean_probability": 0.2}
    rows = [
        {**same, "field": "", "value": "", "band": "not flagged", "n": 40},
        {**same, "field": "", "value": "", "band": "flagged", "lower": 1 / 3, "upper": 1, "n": 20},
        {**same, "field": "Age", "value": "0-10", "band": "not flagged", "n": 15},
    ]
    screen.show_bands([])
    screen.show_bands(rows)
    title, none, flagged, header, group = lines(shown)
    assert title.startswith("How many are how much at risk")
    assert none == f"not flagged, 0% to 33% {'█' * 30}  40"
    assert flagged == f"  flagged, 33% to 100% {'█' * 15}{' ' * 17}20"
    assert group.split() == ["Age", "0-10", "not", "flagged", "15", "0.2"]
    assert header.split() == ["field", "value", "band", "n", "mean_probability"]
