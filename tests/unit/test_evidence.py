"""How much better a recipe was, worked out by hand, and how sure that is."""

import json
import math

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from score_tables import rows, table

from vigil import bootstrap, scoring
from vigil.evidence import newest, older, relative

NAN = math.nan


def scores(seed: int, measures: int = 1, origins: int = 26) -> np.ndarray:
    """Recipe and rival x measures x origins."""
    return np.exp(np.random.default_rng(seed).normal(0, 0.3, (2, measures, origins)))


def test_measures_count_alike_whatever_their_size():
    """8 against 2 is 4, 100 against 100 is 1: together the root of 4 x 1."""
    small = table({"new": [3, 5], "old": [1, 1]}, target="deaths")
    large = table({"new": [40, 60], "old": [70, 30]}, target="cases")
    found = relative(pa.concat_tables([small, large]), "new", "old", block_days=7)
    assert found.ratio == pytest.approx(2)
    assert found.measures == pytest.approx({"deaths.dead": 4, "cases.dead": 1})
    assert (found.rows, found.origins) == (4, 2)


def test_one_target_of_two_sources_is_two_measures():
    """Each source has its own places and sizes."""
    both = [table({"new": [n], "old": [2]}, source=s) for n, s in ((1, "one"), (4, "two"))]
    found = relative(pa.concat_tables(both), "new", "old")
    assert found.measures == pytest.approx({"deaths.one": 0.5, "deaths.two": 2})


def test_only_rows_that_both_have_are_compared():
    """2 + 3 against 4 + 6; of the rival's three rows the recipe lacks one."""
    found = relative(table({"new": [2, None, 3, 9], "old": [4, 1, 6, None]}), "new", "old")
    assert found.ratio == pytest.approx(0.5)
    assert (found.rows, found.origins) == (2, 2)
    assert found.missing == pytest.approx(1 / 3)


def test_a_measure_that_the_recipe_lacks_is_not_hidden_by_a_larger_one():
    """All of it is missing, though few rows are."""
    scored = table({"new": [1.0] * 300, "old": [2.0] * 300}, target="cases")
    lacking = rows("old", [1.0], target="deaths")
    assert relative(pa.concat_tables([scored, lacking]), "new", "old").missing == 1


def test_the_same_origin_of_another_vintage_is_no_common_row():
    """What was known then is never compared with what is thought to have been."""
    other = pa.concat_tables([rows("new", [1.0], kind="known"), rows("old", [2.0], kind="pseudo")])
    found = relative(other, "new", "old")
    assert (found.rows, found.kind) == (0, "none")


def test_known_and_pseudo_vintages_are_told_apart():
    """1 against 2 on one known origin; 6 against 8 on two pseudo ones."""
    pseudo = table({"new": [2, 4], "old": [3, 5]}, kind="pseudo")
    known = table({"new": [1], "old": [2]}, kind="known", start=2)
    told = relative(pa.concat_tables([pseudo, known]), "new", "old").told()
    assert told["vintage_kind"] == "mixed"
    assert told["kinds"] == {
        "known": {"ratio": 0.5, "origins": 1, "rows": 1},
        "pseudo": {"ratio": 0.75, "origins": 2, "rows": 2},
    }
    assert relative(known, "new", "old").kind == "known"


def test_what_is_told_is_json_without_nan():
    """Nothing in common: null, and nothing to write that a reader would refuse."""
    told = relative(table({"new": [None], "old": [1.0]}), "new", "old").told()
    assert told["ratio"] is told["upper"] is None
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_the_newest_origins_are_those_of_each_measure():
    """A source that ended earlier has its own newest two."""
    ended = rows("new", [1.0, 2, 3], source="ended")
    both = pa.concat_tables([ended, rows("new", [4.0, 5, 6], source="live", start=9)])
    assert newest(both, 2)["wis"].to_pylist() == [2, 3, 5, 6]
    assert older(both, 2)["wis"].to_pylist() == [1, 4]
    assert newest(both, 9).num_rows == 6
    assert newest(both.slice(0, 0), 2).num_rows == 0


def test_origins_are_counted_where_they_are_fewest():
    """Three origins of one measure do not make up for one of another."""
    many = table({"new": [1, 1, 1], "old": [1, 1, 1]}, target="cases")
    few = table({"new": [1], "old": [1]}, target="deaths")
    assert relative(pa.concat_tables([many, few]), "new", "old").origins == 1


def test_a_recipe_that_is_always_half_as_far_off_is_surely_so():
    """No draw of origins says anything else."""
    wis = [1.0, 4, 2, 3, 7, 5, 6, 8]
    found = relative(table({"new": wis, "old": [2 * one for one in wis]}), "new", "old", 28)
    assert [found.low, found.high, found.upper] == pytest.approx([0.5, 0.5, 0.5])


def test_the_block_is_the_horizon_in_weeks_begun():
    """Of 8 origins 28 days make two blocks, 29 days do not: no interval."""
    wis = {"new": [1.0, 4, 2, 3, 7, 5, 6, 8], "old": [2.0, 3, 4, 5, 6, 7, 8, 9]}
    assert math.isfinite(relative(table(wis), "new", "old", 28).upper)
    assert math.isnan(relative(table(wis), "new", "old", 29).upper)


def test_all_measures_are_drawn_together():
    """What one gains in every draw the other loses: together always 1."""
    one = scores(1)
    limits = bootstrap.limits(np.concatenate([one, one[::-1]], axis=1), block=4)
    assert limits == pytest.approx({"low": 1, "high": 1, "upper": 1})
    assert bootstrap.limits(one, block=4)["high"] > 1.1


def test_the_interval_is_that_of_the_formula():
    """Against a loop: log ratios of blocks drawn anew, widened, as Student's t."""
    made, block = scores(2, measures=2), 4
    drawn = scoring.blocks(26, block, bootstrap.ROUNDS, bootstrap.SEED)
    logs = [
        np.mean([np.log(made[0, m, at].sum() / made[1, m, at].sum()) for m in (0, 1)])
        for at in drawn
    ]
    shares = np.mean([one / one.sum() for one in made.sum(axis=0)], axis=0)
    blocks = 1 / (shares**2).sum() / block
    half = np.std(logs) * np.sqrt(2 * blocks / (blocks - 1)) * bootstrap.student(0.95, blocks - 1)
    middle = np.mean([np.log(made[0, m].sum() / made[1, m].sum()) for m in (0, 1)])
    found = bootstrap.limits(made, block)
    assert found["low"] == pytest.approx(np.exp(middle - half))
    assert found["high"] == pytest.approx(np.exp(middle + half))
    assert np.exp(middle) < found["upper"] < found["high"]


def test_an_interval_is_the_same_every_time_and_in_every_unit():
    """Fixed seed; people or thousands of people."""
    made = scores(3)
    assert bootstrap.limits(made, 4) == bootstrap.limits(made.copy(), 4)
    assert bootstrap.limits(1000 * made, 4) == pytest.approx(bootstrap.limits(made, 4))


@pytest.mark.parametrize(
    ("level", "freedom"), [(0.9, 1), (0.9, 1.2), (0.9, 2.7), (0.95, 5.5), (0.95, 80)]
)
def test_students_quantiles_are_between_those_of_the_table(level, freedom):
    """At most 1.2% above the exact ones, never below."""
    exact = stats.t.ppf(level, freedom)
    assert 0.9999 * exact < bootstrap.student(level, freedom) < 1.012 * exact


def test_a_single_wave_counts_as_few_origins():
    """Equal origins count each; of scores 3 1 0 0, shares 3/4 and 1/4, 16/10 are left."""
    assert bootstrap.counting(np.ones((2, 1, 26))) == pytest.approx(26)
    assert bootstrap.counting(np.array([[[2.0, 1, 0, 0]], [[1.0, 0, 0, 0]]])) == pytest.approx(1.6)


def test_one_wave_widens_the_interval():
    """The same noise tells less where one wave has nearly all the scores."""
    even = scores(4)
    wave = even * np.exp(3 * np.sin(np.arange(26) / 4))
    wide, narrow = (bootstrap.limits(one, 4) for one in (wave, even))
    assert wide["high"] / wide["low"] > narrow["high"] / narrow["low"]


def test_a_rival_that_never_errs_cannot_be_beaten():
    """0 against 0 is as good; 1 against 0 is infinitely worse, and stays so in every limit."""
    assert relative(table({"new": [0.0, 0], "old": [0.0, 0]}), "new", "old").ratio == 1
    found = relative(table({"new": [1.0, 0] * 4, "old": [0.0, 0] * 4}), "new", "old")
    assert found.ratio == math.inf
    assert not found.upper < 1
    assert found.told()["ratio"] is None
