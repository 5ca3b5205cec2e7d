"""Plots of classifiers: what they show, read from the figure itself."""

from functools import cache
from typing import Any

import admitted
import pyarrow.compute as pc
import pytest
from admitted import dossier
from matplotlib.figure import Figure

from vigil import canvas, curves
from vigil.exhibits import Exhibits


@cache
def rows() -> list[dict[str, Any]]:
    """How it was judged."""
    return Exhibits(dossier()).judged.rows


@cache
def made() -> dict[str, Figure]:
    """All plots of it."""
    return curves.all_of(dossier(), rows())


NAMES = ["reliability", "roc", "precision_recall", "calibration_by_group", "errors_by_group"]


def lines(name: str) -> dict:
    """What is drawn, by its name in the legend."""
    return {line.get_label(): line for line in made()[name].axes[0].lines}


@pytest.mark.parametrize("name", NAMES)
def test_every_plot_becomes_a_picture(name):
    """With a title and a legend."""
    assert canvas.png(made()[name]).startswith(b"\x89PNG")
    assert made()[name].legends


@pytest.mark.parametrize("name", NAMES[:3])
def test_the_recipe_is_drawn_above_those_beside_it(name):
    """In the colour of all recipes."""
    drawn = lines(name)
    assert drawn["trees"].get_color() == canvas.BLUE
    assert {"logistic"} < drawn.keys()
    assert drawn["trees"].get_zorder() > drawn["logistic"].get_zorder()


def test_the_reliability_curve_says_of_how_many_records_a_dot_is():
    """As many as the table says."""
    own = dossier().fan.filter(pc.equal(dossier().fan["curve"], "reliability"))
    low, high = min(own["n"].to_pylist()), max(own["n"].to_pylist())
    title = made()["reliability"].axes[0].get_title(loc="left")
    assert f"{low}" in title
    assert f"{high}" in title
    assert low >= 10


def test_groups_are_dots_of_what_was_said_and_what_came():
    """A dot a value, with its number of records; a panel a field."""
    axes = made()["calibration_by_group"].axes
    assert [axis.get_title(loc="left") for axis in axes] == ["Age", "Ward_Type"]
    came = [row["share"] for row in rows() if own(row) and row["field"] == "Ward_Type"]
    [drawn] = [line for line in axes[1].lines if line.get_label() == "came"]
    assert sorted(drawn.get_xdata()) == sorted(came)
    assert axes[1].get_yticklabels()[-1].get_text().startswith("Q (")


def own(row: dict) -> bool:
    """Of the recipe, in cross-validation."""
    return row["model"] == "trees" and row["split"] == "crossed"


def test_a_group_whose_mistakes_are_few_has_no_dots_among_them():
    """They are hidden; what there is nothing to show of is left out."""
    none = [{**row, "found": None} for row in rows()]
    assert "errors_by_group" not in curves.all_of(dossier(), none)


def test_what_moves_records_most_stands_on_top():
    """Severe cases stay long: the simulation says so."""
    labels = [label.get_text() for label in made()["importance"].axes[0].get_yticklabels()]
    assert labels[-1] == "Severity of Illness"
    assert set(labels) <= {*admitted.TOLD.fields, *admitted.TOLD.classification.derived}
