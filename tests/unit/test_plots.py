"""Plots: what they show, read from the figure itself."""

import sys
from functools import cache
from subprocess import run
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
from matplotlib.figure import Figure
from training import dossier

from vigil import canvas, outcomes, plots
from vigil.dossier import Dossier


@cache
def told() -> Dossier:
    """A training."""
    return dossier()


@cache
def rows() -> list[dict[str, Any]]:
    """Its scores, beside the baseline's."""
    return outcomes.summary(told().scores, "seasonal_naive")


@cache
def made() -> dict[str, Figure]:
    """All plots of it."""
    return plots.all_of(told(), rows())


@pytest.mark.parametrize("name", ["fan", "wis_by_horizon", "pit", "importance"])
def test_every_plot_has_a_panel_a_measure_and_becomes_a_picture(name):
    """Cases and deaths beside each other."""
    assert len(made()[name].axes) == 2
    assert canvas.png(made()[name]).startswith(b"\x89PNG")


def test_the_fan_shows_its_intervals_inside_each_other():
    """95% holds 80% holds 50% holds the median, on the day the forecast ends."""
    bands = made()["fan"].axes[0].collections
    assert [one.get_label() for one in bands] == ["95%", "80%", "50%"]
    heights = [np.ptp(one.get_paths()[0].vertices[:, 1]) for one in bands]
    assert heights == sorted(heights, reverse=True)


def test_scores_are_drawn_beside_the_baselines():
    """One line each, a point a step ahead."""
    drawn = {line.get_label(): line.get_ydata() for line in made()["wis_by_horizon"].axes[1].lines}
    own = [r["wis"] for r in rows() if r["model"] == "ridge" and r["target"] == "deaths"]
    assert set(drawn) == {"ridge", "seasonal_naive"}
    assert list(drawn["ridge"]) == own[:-1]  # the last is the one over all horizons


def test_the_bars_of_the_pit_are_shares_of_all_outcomes():
    """They add up to one, in ten bins."""
    bars = made()["pit"].axes[0].patches
    assert len(bars) == 10
    assert sum(bar.get_height() for bar in bars) == pytest.approx(1)


def test_the_most_important_feature_stands_on_top():
    """With its share of the gain."""
    axis = made()["importance"].axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()][-1] == "growth"
    assert axis.texts[-1].get_text() == "40%"


def test_what_there_is_nothing_to_show_of_is_left_out():
    """A recipe without features has no importance."""
    assert canvas.importance({}, "the gain") is None
    assert canvas.importance({"deaths": {"growth": 0.0}}, "the gain") is None


def test_no_state_of_the_process_is_touched():
    """No pyplot: it keeps figures alive and is not safe in threads."""
    code = "import sys, vigil.plots; print('matplotlib.pyplot' in sys.modules)"
    assert run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"


def test_a_fan_of_weeks_shows_as_much_past_as_one_of_days():
    """A point a week: the time before the origin counts, not the number of points."""
    dates = told().fan["date"].to_numpy().astype("datetime64[D]").astype(int)
    weekly = told().fan.filter(dates % 7 == 0)
    [known] = [line for line in plots.fan(weekly).axes[0].lines if line.get_label() == "known then"]
    assert len(known.get_xdata()) >= 8


def test_a_measure_that_was_not_forecast_has_no_fan():
    """Nothing but its past is there: no panel, and no error."""
    past = told().fan.filter(pc.is_nan(told().fan["q500"]))
    assert past.num_rows
    assert plots.fan(past) is None
