"""What MLflow is told of a training."""

from dataclasses import replace
from functools import cache

import pytest
from training import dossier

from vigil import backtested, backtested_card
from vigil.exhibits import Exhibits

ROW = {
    "target": "deaths",
    "source": "dead",
    "vintage_kind": "known",
    "horizon": "all",
    "model": "m",
}
SCORES = dict.fromkeys(backtested.OVERALL, 2.0)


@cache
def shown():
    """A training, as it is shown."""
    return Exhibits(dossier())


def row(**said):
    """One row of a summary."""
    return {**ROW, **SCORES, **said}


def test_a_metric_is_named_for_its_measure_score_and_step():
    """Weeks ahead where the model forecasts weeks, days where it forecasts days."""
    steps = [row(), row(horizon=7)]
    assert {"deaths.wis", "deaths.wis.d07"} <= dict(backtested.metrics(steps, "day")).keys()
    assert "deaths.wis.w07" in dict(backtested.metrics(steps, "week"))


def test_two_sources_of_a_measure_keep_apart():
    """Each name says which; a measure with one source is named short."""
    rows = [row(), row(source="hospital"), row(target="cases", source="tests")]
    assert [name for name, _ in backtested.named(rows)] == [
        "deaths.dead",
        "deaths.hospital",
        "cases",
    ]


def test_scores_on_pseudo_vintages_never_bear_the_name_of_known_ones():
    """Comparing runs in MLflow compares like with like."""
    rows = [row(), row(vintage_kind="pseudo", wis=3.0)]
    found = dict(backtested.metrics(rows, "day"))
    assert (found["deaths.wis"], found["pseudo.deaths.wis"]) == (2.0, 3.0)


def test_a_score_that_is_no_number_is_left_out():
    """MLflow would keep NaN, and its plots break on it."""
    found = dict(backtested.metrics([row(rmsle=float("nan"))], "day"))
    assert "deaths.rmsle" not in found
    assert "deaths.mae" in found


def test_only_the_recipes_scores_are_metrics_and_the_baseline_is_their_yardstick():
    """The plots compare; the metrics are the version's own."""
    assert {one["model"] for one in shown().judged.rows} == {"ridge", "seasonal_naive"}
    assert {one["model"] for one in shown().judged.summary} == {"ridge"}
    found = dict(backtested.metrics(shown().judged.summary, "week"))
    assert 0 < found["deaths.relative_wis"] < 1


def test_tags_say_what_a_version_is_and_what_was_decided():
    """Enough to find it and to tell it from others, without opening a file."""
    tags = shown().tags
    assert tags["vigil.version"] == "20211010-1a2b3c4d"
    assert tags["vigil.digest"] == shown().dossier.bundle.digest
    assert tags["vigil.decision"] == "refresh promoted"
    assert tags["vigil.reason"] == "WIS 0.71 of seasonal naive's"
    assert tags["vigil.skill"].startswith("cases 0.")
    assert "deaths 0." in tags["vigil.skill"]
    assert {"vigil.as_of", "vigil.vintage", "vigil.vintage_kind", "vigil.code"} <= tags.keys()


def test_the_dataset_is_named_with_its_digest_and_moment():
    """Which observations, as known when; MLflow has room for 36 characters of a digest."""
    said = shown().input
    assert (said.dataset.name, said.dataset.digest) == ("epidemic", "d" * 36)
    tags = {tag.key: tag.value for tag in said.tags}
    assert tags["mlflow.data.context"] == "training"
    assert tags["as_of"] == "2021-10-10T23:59:59+00:00"


def test_a_training_that_nobody_judged_has_no_scores_and_a_card():
    """The first days of a dataset: too few origins."""
    bare = Exhibits(replace(dossier(), scores=dossier().scores.slice(0, 0)))
    assert bare.judged.summary == []
    assert "judged on no origin" in bare.card


@pytest.mark.parametrize("said", ["refresh: **promoted**", "`ridge`", "3,600", "dddd", "63ab632"])
def test_the_card_of_a_version_says_what_it_learnt_and_why_it_serves(said):
    """In words that need no other page."""
    assert said in shown().card


def test_the_card_names_its_own_weak_points():
    """An interval that held too little is said, not left to be found."""
    found = {"deaths": row(coverage95=0.8, relative_wis=1.02)}
    text = backtested_card.of_training(shown().champion.dataset, shown().dossier.said, found)
    assert "deaths: no better than seasonal naive" in text
    assert "deaths: the 95% interval held 80%" in text


def test_pseudo_vintages_are_explained_on_the_card():
    """A reader who has not heard the word learns what it costs."""
    found = {"pseudo.deaths": row(vintage_kind="pseudo", coverage95=0.95, relative_wis=0.5)}
    text = backtested_card.of_training(shown().champion.dataset, shown().dossier.said, found)
    assert "real scores may be worse" in text.replace("\n", " ")


def test_the_card_of_a_dataset_says_how_to_load_its_champion():
    """One line that works."""
    assert "models:/vigil-epidemic@champion" in shown().judged.about
