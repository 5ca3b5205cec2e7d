"""Who serves: each check alone, and rates where the truth is known."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from benchmarks.promotions import measured
from score_tables import rows, table

from sizes import sized
from vigil import promotion
from vigil.evidence import BRIER, ORIGINS, WIS, Loss, earlier, recent
from vigil.promotion import Decision, choose, outside

NAN = math.nan
BLOCK = 28
NAIVE = "seasonal_naive"
LOSSES = pytest.mark.parametrize("loss", [WIS, BRIER], ids=["WIS", "Brier"])
WAVE = [2.0 + np.sin(n) for n in range(ORIGINS)]


def decided(kind, scores, recipe, rival, block=BLOCK, *, loss: Loss = WIS, **more) -> Decision:
    """A decision of that kind on the newest origins."""
    found = replace(recent(scores, recipe, rival, block), loss=loss)
    return getattr(promotion, kind)(found, recipe, rival, **more)


def first(scores, recipe, rival, block=BLOCK, bad: Sequence[str] = (), **more) -> Decision:
    """Of a first model."""
    return decided("first", scores, recipe, rival, block, bad=bad, **more)


def refresh(scores, recipe, rival, block=BLOCK, **more) -> Decision:
    """Of newer data."""
    return decided("refresh", scores, recipe, rival, block, **more)


def switch(scores, recipe, rival, block=BLOCK, bad: Sequence[str] = (), **more) -> Decision:
    """Of another recipe."""
    return decided("switch", scores, recipe, rival, block, bad=bad, **more)


def times(factor: float) -> list[float]:
    """A score at each of 26 origins."""
    return [factor * one for one in WAVE]


def noisy(seed: int, mean: float) -> list[float]:
    """Scores that scatter by a fifth around so many times the usual ones."""
    noise = np.random.default_rng(seed).normal(0, 0.2, ORIGINS)
    return (mean * np.array(WAVE) * np.exp(noise)).tolist()


@LOSSES
def test_the_first_model_serves_if_it_beats_the_baseline(loss):
    """0.9 of its loss is enough, 1 and 1.1 are not; the sentence names loss and evidence."""
    said = {
        share: first(table({"ridge": times(share), NAIVE: WAVE}), "ridge", NAIVE, loss=loss)
        for share in (0.9, 1, 1.1)
    }
    assert [one.promoted for one in said.values()] == [True, False, False]
    unit = {"WIS": "origins", "Brier": "groups"}[loss.name]
    assert said[0.9].reason == (
        f"ridge is promoted (first); {loss.name} relative to seasonal_naive: "
        f"0.900 on 26 known {unit}, upper limit 0.900."
    )
    assert f"its {loss.name} is not below seasonal_naive's" in said[1.1].reason


def test_the_first_model_is_judged_by_its_ratio_not_by_the_interval():
    """Better on the whole, though not surely."""
    said = first(table({"ridge": noisy(3, 0.97), NAIVE: noisy(4, 1)}), "ridge", NAIVE, BLOCK)
    assert said.promoted
    assert said.numbers["upper"] > 1


@LOSSES
@pytest.mark.parametrize("how", [{"kind": "first"}, {"kind": "refresh", "outside": 0.0}])
def test_without_an_origin_nothing_is_promoted(how, loss):
    """Nobody knows how good it is."""
    said = decided(scores=rows(NAIVE, WAVE), recipe="ridge", rival=NAIVE, loss=loss, **how)
    assert not said.promoted
    unit = {"WIS": "origin", "Brier": "group"}[loss.name]
    assert said.reason.endswith(f": no {unit} to judge it on.")


def test_a_refresh_is_promoted_unless_a_check_fails():
    """One tenth of the series outside is the most."""
    good = table({"ridge": times(0.9), NAIVE: WAVE})
    said = refresh(good, "ridge", NAIVE, BLOCK, outside=0.1)
    assert (said.kind, said.promoted, said.recipe, said.rival) == ("refresh", True, "ridge", NAIVE)
    assert (said.numbers["outside"], said.numbers["bad"]) == (0.1, [])


MEDIANS = "medians of 11.0% of the series leave the champion's 95% band, 10% may"
CLASSES = "11.0% of the records change their class, 10% may"


@pytest.mark.parametrize(
    ("loss", "share", "left", "bad", "because"),
    [
        (WIS, 1.0, 0.0, [], "its WIS is not below seasonal_naive's"),
        (BRIER, 1.0, 0.0, [], "its Brier is not below seasonal_naive's"),
        (WIS, 0.9, 0.11, [], MEDIANS),
        (BRIER, 0.9, 0.11, [], CLASSES),
        (WIS, 0.9, 0.0, ["deaths: 3 cross"], "bad rows: deaths: 3 cross"),
        (BRIER, 0.9, 0.0, ["3 above one"], "bad rows: 3 above one"),
    ],
)
def test_each_check_alone_stops_a_refresh(loss, share, left, bad, because):
    """And says so."""
    scores = table({"ridge": times(share), NAIVE: WAVE})
    said = refresh(scores, "ridge", NAIVE, loss=loss, outside=left, bad=bad)
    assert not said.promoted
    assert said.reason.startswith(f"ridge is not promoted (refresh): {because};")


def test_a_champion_that_forecasts_nothing_stops_no_refresh():
    """There is no band to leave; the numbers say that nothing was compared."""
    scores = table({"ridge": times(0.9), NAIVE: WAVE})
    said = refresh(scores, "ridge", NAIVE, BLOCK, outside=NAN)
    assert said.promoted
    assert said.numbers["outside"] is None


def test_a_refresh_rests_on_the_newest_origins():
    """A glorious past does not make up for half a year behind the baseline."""
    scores = table({"ridge": [0.01] * 30 + times(1.1), NAIVE: [1.0] * 30 + WAVE})
    said = refresh(scores, "ridge", NAIVE, BLOCK, outside=0.0)
    assert not said.promoted
    assert said.numbers["ratio"] == pytest.approx(1.1)


def test_a_recipe_that_is_surely_better_takes_over():
    """By a tenth, week after week."""
    said = switch(table({"new": times(0.9), "old": WAVE}), "new", "old", BLOCK)
    assert (said.kind, said.promoted) == ("switch", True)


def test_better_but_not_surely_so_is_not_enough():
    """The ratio is below 1, its upper limit is not."""
    said = switch(table({"new": noisy(3, 0.97), "old": noisy(4, 1)}), "new", "old", BLOCK)
    assert said.numbers["ratio"] < 1 < said.numbers["upper"]
    assert not said.promoted
    assert f"the upper limit of 90% is {said.numbers['upper']:.3f}" in said.reason


def test_a_horizon_too_long_for_an_interval_allows_no_switch():
    """Of 26 origins 14 weeks make no two blocks."""
    said = switch(table({"new": times(0.1), "old": WAVE}), "new", "old", 14 * 7)
    assert not said.promoted
    assert "too long for an interval" in said.reason


def test_a_recipe_never_takes_over_from_itself():
    """As good is not better."""
    assert not switch(table({"new": WAVE, "old": WAVE}), "new", "old", BLOCK).promoted


@LOSSES
def test_fewer_than_26_origins_are_no_ground_for_a_switch(loss):
    """However much better it is; 26 are, be they weeks or groups of people."""
    scores = {n: table({"new": times(0.1)[:n], "old": WAVE[:n]}) for n in (25, 26)}
    said = {n: switch(own, "new", "old", loss=loss) for n, own in scores.items()}
    assert said[26].promoted
    assert not said[25].promoted
    unit = {"WIS": "origins", "Brier": "groups"}[loss.name]
    assert f"25 {unit} to judge it on, 26 are needed" in said[25].reason


@pytest.mark.parametrize(("deaths", "promoted"), [(1.04, True), (1.06, False)])
def test_no_measure_may_lose_more_than_a_twentieth(deaths, promoted):
    """Half the error in cases does not pay for it."""
    cases = table({"new": times(0.5), "old": WAVE}, target="cases")
    others = table({"new": times(deaths), "old": WAVE}, target="deaths")
    said = switch(pa.concat_tables([cases, others]), "new", "old", BLOCK)
    assert said.numbers["upper"] < 1
    assert said.promoted is promoted
    assert ("deaths.dead stands at 1.060, above 1.05" in said.reason) is not promoted


def test_a_recipe_that_leaves_out_what_is_hard_does_not_take_over():
    """It forecasts one of two places: half the rows, though at every origin."""
    easy = table({"new": times(0.9), "old": WAVE})
    hard = rows("old", times(9), series="Italy")
    said = switch(pa.concat_tables([easy, hard]), "new", "old", BLOCK)
    assert not said.promoted
    assert "it lacks 50.0% of what old forecasts" in said.reason


def test_bad_rows_stop_a_switch():
    """Whatever the scores say."""
    good = table({"new": times(0.5), "old": WAVE})
    assert not switch(good, "new", "old", BLOCK, bad=["cases: 1 below zero"]).promoted


def test_the_choice_takes_no_part_of_what_is_judged():
    """Before the newest 26 origins b was better, since then a is: b it is."""
    scores = table(
        {
            "a": [3.0, 3, *times(0.1)],
            "b": [2.0, 2, *times(2)],
            "old": [4.0, 4, *WAVE],
        }
    )
    assert choose(earlier(scores, ["a", "b"], "old")) == "b"
    assert choose(earlier(scores, ["a"], "old")) == "a"
    assert choose(earlier(scores, ["a", "b", "old"], "a")) == "b"


def test_nothing_is_chosen_where_nothing_was_before():
    """26 origins judge; there is none left to choose on."""
    assert choose(earlier(table({"a": times(0.1), "old": WAVE}), ["a"], "old")) is None


def test_known_and_pseudo_vintages_are_never_one_number_in_the_sentence():
    """Each with its origins."""
    pseudo = table({"new": [1.0] * 16, "old": [2.0] * 16}, kind="pseudo")
    known = table({"new": [3.0] * 10, "old": [4.0] * 10}, start=16)
    said = switch(pa.concat_tables([pseudo, known]), "new", "old", BLOCK)
    assert "0.750 on 10 known origins and 0.500 on 16 pseudo origins" in said.reason
    assert said.numbers["vintage_kind"] == "mixed"


@pytest.mark.parametrize("count", [0, 3, 26])
def test_the_evidence_is_json(count):
    """All of it, null where nothing is known."""
    scores = table({"new": times(0.5)[:count], "old": WAVE[:count]})
    for said in (
        switch(scores, "new", "old", BLOCK, bad=["x"]),
        refresh(scores, "new", "old", BLOCK, outside=NAN),
    ):
        assert json.loads(json.dumps(said.numbers, allow_nan=False)) == said.numbers


def test_a_series_is_outside_where_its_median_leaves_the_band_once():
    """Two horizons of four series: inside, below once, above twice, and on the edge."""
    low, high = np.full((2, 4), 10.0), np.full((2, 4), 20.0)
    medians = np.array([[15.0, 9, 21, 10], [12, 15, 22, 20]])
    assert outside(medians, low, high) == 0.5


def test_a_count_may_leave_the_band_by_half():
    """Between 0.4 and 0 lies no other count; a rate has no such excuse."""
    medians, low, high = np.array([[0.4, 0.6]]), np.zeros((1, 2)), np.zeros((1, 2))
    assert outside(medians, low, high, counts=True) == 0.5
    assert outside(medians, low, high) == 1


def test_what_cannot_be_compared_is_not_inside_by_chance():
    """No median is outside; a series without a band does not count; without any, no share."""
    low, high = np.array([[1.0, 1, NAN]]), np.array([[2.0, 2, NAN]])
    assert outside(np.array([[NAN, 1.5, 1.5]]), low, high) == 0.5
    assert math.isnan(outside(np.ones((1, 1)), np.full((1, 1), NAN), np.full((1, 1), NAN)))


def test_the_better_of_two_that_are_as_good_seldom_takes_over():
    """Classifiers are chosen in the groups that judge them: 10 contests of 100 at most."""
    draw, promoted = np.random.default_rng(7), 0
    for _ in range(100):
        truth = draw.random((ORIGINS, 30))
        came = draw.random(truth.shape) < truth
        said = np.clip(truth + draw.normal(0, 0.1, (3, *truth.shape)), 0, 1)
        losses = np.square(came - said).sum(axis=-1).tolist()
        scores = table(dict(zip(("old", "a", "b"), losses, strict=True)))
        found = {name: recent(scores, name, "old", 7) for name in ("a", "b")}
        best = choose(found)
        promoted += promotion.switch(replace(found[best], loss=BRIER), best, "old").promoted
    assert promoted <= 10


@pytest.mark.slow
def test_where_the_truth_is_known_the_gate_is_mostly_right():
    """Of simulated weeks: refreshes pass, equals seldom, shuffled targets never."""
    weeks = sized(test=20, soak=100)
    said = measured(range(1000, 1000 + weeks), better={})
    assert said["refresh"]["promoted"] >= 0.95 * weeks
    assert said["switch_as_good"]["promoted"] <= 0.1 * weeks
    assert said["switch_shuffled"]["promoted"] == said["refresh_shuffled"]["promoted"] == 0


def test_a_better_recipe_is_found():
    """A recipe nearly without noise, of ten weeks most."""
    said = measured(range(2000, 2010), better={"better": 0.2})
    assert said["switch_better"]["relative_wis"] < 0.8
    assert said["switch_better"]["promoted"] >= 8
