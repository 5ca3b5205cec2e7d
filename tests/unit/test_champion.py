"""A champion: models of every measure in one bundle, and back."""

from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest
import small_views
from examples import grid, long

from vigil import champion, dossier, engine
from vigil.bundle import Bundle
from vigil.champion import Champion
from vigil.datasets import Aggregates
from vigil.dossier import Dossier, packed, unpacked
from vigil.errors import Rejected
from vigil.fans import SERIES, fan
from vigil.forecasts import forecast
from vigil.models.table import KEPT, choose
from vigil.outcomes import NOTHING
from vigil.panel import Key, Panel
from vigil.shelf import Made
from vigil.view import view

KEY = small_views.KEY
HORIZON = 14


def measured(days: int = 200, **fields: Any) -> tuple[Any, Panel]:
    """A dataset of counts in three places, and what is known of it."""
    dataset = long().model_copy(update={"grain": "day", "horizon": HORIZON, **fields})
    return dataset, {KEY: grid(small_views.waves(days).tolist(), "ABC")}


def made(recipe: str, dataset: Any, panel: Panel) -> Champion:
    """A recipe fitted to it."""
    seen = view(dataset, panel, KEY)
    assert seen is not None
    return Champion(dataset, recipe, {KEY: engine.train(seen, HORIZON, choose(recipe))})


@pytest.mark.parametrize("recipe", KEPT)
def test_a_recipe_forecasts_the_same_after_it_was_kept(recipe: str) -> None:
    """Through files, a packed file and back: every quantile to the last bit."""
    dataset, panel = measured()
    before = made(recipe, dataset, panel)
    bundle = before.bundle()
    after = champion.load(unpacked(packed(bundle), bundle.digest, "test"))
    assert after.recipe == recipe
    assert after.dataset == dataset
    [one], [other] = (each.forecast(panel) for each in (before, after))
    assert one.rows.equals(other.rows)
    assert set(one.served["model"].to_pylist()) == {recipe}
    assert set(one.served["series"].to_pylist()) == {"A", "B", "C"}


def test_the_same_models_pack_into_the_same_bytes() -> None:
    """What is written once may be written by two."""
    dataset, panel = measured()
    one, other = (packed(made("ridge", dataset, panel).bundle()) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("place", [0, 30, 200, -40, -1])
def test_a_changed_byte_anywhere_is_refused_or_changes_nothing(place: int) -> None:
    """Some bytes of a zip file say nothing of what is in it."""
    dataset, panel = measured()
    bundle = made("damped_growth", dataset, panel).bundle()
    body = bytearray(packed(bundle))
    body[place] ^= 0xFF
    assert _read(bytes(body), bundle.digest) in ("corrupt_model", bundle)


def _read(body: bytes, digest: str) -> Bundle | str:
    """What is in a packed file, or the rule by which it is refused."""
    try:
        return unpacked(body, digest, "test")
    except Rejected as refused:
        return refused.rule


@pytest.mark.parametrize("body", [b"", b"PK", b"\x80\x04K\x01."], ids=["empty", "cut", "pickle"])
def test_what_is_no_packed_model_is_refused(body: bytes) -> None:
    """By the rule of corrupt models, with what was expected."""
    with pytest.raises(Rejected, match="packed model") as refused:
        unpacked(body, None, "test")
    assert refused.value.rule == "corrupt_model"


def test_another_model_than_the_one_named_is_refused() -> None:
    """Whole in itself, with another digest."""
    dataset, panel = measured()
    body = packed(made("damped_growth", dataset, panel).bundle())
    with pytest.raises(Rejected, match="digest"):
        unpacked(body, "0" * 64, "test")


def test_a_dossier_comes_back_whole() -> None:
    """Models, numbers, tables."""
    dataset, panel = measured()
    bundle = made("ridge", dataset, panel).bundle()
    said = {"dataset": "tiny", "version": "20240101-a", "ratio": 0.5}
    before = Dossier("tiny", "20240101-a", bundle, said, NOTHING, NOTHING.slice(0, 0))
    after = Dossier.read(before.files(), bundle.digest)
    assert (after.version, after.bundle, after.said) == (before.version, bundle, said)
    assert after.scores.schema.equals(NOTHING.schema)
    assert set(before.files()) == {dossier.BUNDLE, dossier.SAID, dossier.SCORES, dossier.FAN}


def test_a_series_that_the_model_cannot_forecast_gets_the_baselines() -> None:
    """B began twenty days ago: under seasonal naive's name, or with a finding where it cannot."""
    dataset, panel = measured()
    values = small_views.waves(200)
    values[:-40, 1] = np.nan
    values[:, 2] = np.nan
    fresh = {KEY: grid(values.tolist(), "ABC")}
    [part] = forecast(dataset, fresh, "ridge", made("ridge", dataset, panel).models)
    pairs = zip(part.served["series"].to_pylist(), part.served["model"].to_pylist(), strict=True)
    by = dict(pairs)
    assert by["A"] == "ridge"
    assert set(by) == {"A", "B"}
    [said] = part.findings
    assert "['C']" in said.found


def test_seasonal_naive_stands_beside_every_forecast() -> None:
    """The same series, steps and dates; it is marked as not the published one."""
    dataset, panel = measured()
    [part] = forecast(dataset, panel, "ridge", made("ridge", dataset, panel).models)
    beside = part.rows.filter(pc.invert(part.rows["serves"]))
    assert set(beside["model"].to_pylist()) == {"seasonal_naive"}
    keys = ["series", "period", "horizon", "target_date"]
    order = [(name, "ascending") for name in keys]
    assert beside.select(keys).sort_by(order) == part.served.select(keys).sort_by(order)


def test_aggregates_are_sums_of_paths_of_all_that_is_published() -> None:
    """Means add up, bands do not; a member the model left out counts with seasonal naive's."""
    dataset, panel = measured(aggregates=Aggregates(whole="World"))
    models = made("ridge", dataset, panel).models
    [part] = forecast(dataset, panel, "ridge", models)
    for rows in (part.served, part.rows.filter(pc.invert(part.rows["serves"]))):
        of = {(r["series"], r["period"], r["horizon"]): r for r in rows.to_pylist()}
        for (series, period, horizon), row in of.items():
            if series == "World":
                members = [of[name, period, horizon] for name in "ABC"]
                assert row["mean"] == pytest.approx(sum(one["mean"] for one in members))
                wide = sum(one["q975"] - one["q025"] for one in members)
                assert row["q975"] - row["q025"] < wide
    assert part.groups == {"World": ("A", "B", "C")}


def test_without_a_model_all_is_the_baselines() -> None:
    """And a measure of which nothing is known has a finding."""
    dataset, panel = measured()
    [part] = forecast(dataset, panel, "ridge", {})
    assert set(part.rows["model"].to_pylist()) == {"seasonal_naive"}
    assert all(part.rows["serves"].to_pylist())
    [none] = forecast(dataset, {}, "ridge", {})
    assert not len(none.rows)
    assert none.findings[0].rule == "no_forecast"


def test_running_totals_go_on_from_what_was_counted() -> None:
    """A cumulative measure has totals, too, and they never fall."""
    dataset = long(measure={"cumulative": True}).model_copy(
        update={"grain": "day", "horizon": HORIZON}
    )
    counted = np.cumsum(small_views.waves(120), axis=0)
    [part] = forecast(dataset, {KEY: grid(counted.tolist(), "ABC")}, "ridge", {})
    rows = [row for row in part.rows.to_pylist() if row["period"] == "total"]
    assert len(rows) == HORIZON * 3
    of_a = [row["q500"] for row in rows if row["series"] == "A"]
    assert of_a == sorted(of_a)
    assert of_a[0] >= counted[-1, 0]


def test_a_fan_shows_the_largest_series_before_and_after() -> None:
    """Before the origin what came, after it what was said, too."""
    dataset, _ = measured()
    values = np.hstack([small_views.waves(200), 9 * small_views.waves(200), small_views.waves(200)])
    latest = view(dataset, {KEY: grid(values.tolist(), "ABCDEFGHI")}, KEY)
    assert latest is not None
    model = engine.train(latest.until(180), HORIZON, choose("ridge"))
    past = model.quantiles(latest.until(180), HORIZON)
    shown = fan(Key(*KEY), Made(past, past.quantiles), latest).to_pylist()
    assert len({row["series"] for row in shown}) == SERIES
    assert {"D", "E", "F"} <= {row["series"] for row in shown}
    of_d = [row for row in shown if row["series"] == "D"]
    assert [row["q500"] is None for row in of_d] == [True] * 56 + [False] * HORIZON
    assert [row["actual"] for row in of_d] == values[180 - 55 : 181 + HORIZON, 3].tolist()


def test_a_bundle_of_a_task_that_is_not_known_is_refused() -> None:
    """Later code may have a third one: what serves then is the last good version."""
    with pytest.raises(Rejected, match="a task to forecast or classify; found dance") as refused:
        champion.load(Bundle({champion.INDEX: b'{"task":"dance"}'}))
    assert refused.value.rule == "corrupt_model"
