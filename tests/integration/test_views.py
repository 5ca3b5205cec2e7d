"""The views that people query, on rows written by hand."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from by_hand import insert, own_cloud
from stays_by_hand import classified, known, rule, stays

from vigil import export, hub, looker, views
from vigil.cloud import Cloud
from vigil.errors import Rejected
from vigil.paths import LEVELS
from vigil.steps.drivers import drivers

WEEK = timedelta(weeks=1)
FIRST = date(2024, 1, 6)  # a Saturday
SAME = {"dataset": "d", "source": "s", "target": "cases"}
WEEKLY = {**SAME, "period": "week"}
HEADLINE = "horizon IS NULL AND series IS NULL AND phase IS NULL"
SHOWN = [view for view in views.all_views() if not view.arguments]


def moment(day: int, hour: int = 0) -> datetime:
    """A moment in January 2024."""
    return datetime(2024, 1, day, hour, tzinfo=UTC)


def scored(week: int, horizon: int, wis: float | None, **more: Any) -> dict[str, Any]:
    """A score of that target week; seasonal naive's is 4."""
    target = FIRST + week * WEEK
    known = wis is not None
    return {
        **WEEKLY,
        "series": "A",
        "horizon": horizon,
        "target_date": target,
        "reference_date": target - horizon * WEEK,
        "phase": "growing" if week < 4 else "falling",
        "wis": wis,
        "naive_wis": 4.0 if known else None,
        "ae": 3.0 if known else None,
        "ale": 0.5 if known else None,
        "wis_log": 0.25 if known else None,
        "actual": 12.0,
        "covered50": week < 1,
        "covered80": week < 2,
        "covered95": week < 3,
        "naive_covered95": True,
        **more,
    }


@pytest.fixture(scope="module")
def filled(local_cloud: None) -> Iterator[Cloud]:
    """One warehouse for all of them."""
    with own_cloud() as cloud:
        insert(cloud, "members", [{**SAME, "aggregate": "World", "series": "A"}])
        one = [scored(week, 1, wis) for week, wis in enumerate([1.0, 2.0, 3.0, 2.0])]
        two = [scored(week, 2, wis) for week, wis in enumerate([2.0, 2.0, 4.0, 4.0, 3.0, 3.0, 3.0])]
        world = scored(0, 1, 400.0, series="World", naive_wis=400.0)
        correction = scored(5, 1, None, flag="negative", actual=-3.0)
        insert(cloud, "scores", [*one, *two, world, correction])
        grain = {"grain": "week", "adds_up": True, "cumulative": True}
        insert(cloud, "measures", [{**SAME, **grain}])
        insert(cloud, "heads", [{"dataset": "d", "champion": "v2"}])
        yield cloud


def one(cloud: Cloud, view: str, where: str) -> dict[str, Any]:
    """The only row that is so."""
    [row] = cloud.warehouse.rows(f"SELECT * FROM {view} WHERE {where}")
    return row


@pytest.mark.parametrize("view", SHOWN, ids=lambda view: view.name)
def test_a_view_has_the_columns_that_its_file_describes(view: views.View, filled: Cloud) -> None:
    """By name, type and order; BigQuery shows the description of each, and of the view."""
    made = filled.warehouse.client.get_table(f"{filled.settings.warehouse}.{view.name}")
    types = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
    found = [(c.name, types.get(c.field_type, c.field_type), c.description) for c in made.schema]
    assert found == [(c.name, c.type, c.description) for c in view.columns]
    assert made.description == view.description


@pytest.mark.parametrize(
    "call", ["observations_asof(@moment)", "actuals_asof(@moment, DATE '2024-01-01')"]
)
def test_a_table_function_returns_the_columns_that_its_file_describes(
    call: str, filled: Cloud
) -> None:
    """BigQuery has no place for their descriptions; the file has."""
    name = call.partition("(")[0]
    sql = f"SELECT * FROM `{filled.settings.warehouse}.{name}`({call.partition('(')[2]}"
    found = filled.warehouse.arrow(sql, moment=moment(1))
    assert found.column_names == [column.name for column in views.load(name).columns]


def test_accuracy_by_horizon_has_an_interval_from_blocks_as_long_as_the_horizon(
    filled: Cloud,
) -> None:
    """WIS 1, 2, 3, 2 against 4 each: half of it, and four blocks that miss by -1, 0, 1, 0.

    The logarithm's spread is the root of 2 x 4/3 x 2, over 8; Student's t of 3 is 2.3534, and
    the view's own 2.3470.
    """
    row = one(filled, "accuracy", "source = 's' AND horizon = 1")
    assert (row["n"], row["blocks"], row["forecasts_unscored"]) == (4, 4, 1)
    assert (row["wis"], row["naive_wis"], row["skill"]) == (2.0, 4.0, 0.5)
    half = 2.3470 * math.sqrt(2 * 4 / 3 * 2) / 8
    assert row["skill_low"] == pytest.approx(1 - 0.5 * math.exp(half), abs=1e-4)
    assert row["skill_high"] == pytest.approx(1 - 0.5 * math.exp(-half), abs=1e-4)
    assert (row["vintage_kind"], row["series"], row["phase"]) == ("known", None, None)


def test_accuracy_tells_errors_and_coverage_of_what_is_scored(filled: Cloud) -> None:
    """Errors of 3 where 12 came; one, two, three of four in the bands, naive's always."""
    row = one(filled, "accuracy", "source = 's' AND horizon = 1")
    assert (row["mae"], row["wape"], row["rmsle"], row["wis_log"]) == (3.0, 0.25, 0.5, 0.25)
    assert [row[f"coverage{share}"] for share in (50, 80, 95)] == [0.25, 0.5, 0.75]
    assert row["naive_coverage95"] == 1.0


def test_two_weeks_ahead_seven_weeks_make_three_blocks(filled: Cloud) -> None:
    """Weeks 1-2, 3-4 and 5-7, whose 4, 8 and 9 miss 3/4 of naive's 8, 8 and 12 by -2, 2 and 0."""
    row = one(filled, "accuracy", "horizon = 2")
    assert (row["n"], row["blocks"], row["skill"]) == (7, 3, 0.25)
    half = 2.8848 * math.sqrt(2 * 3 / 2 * 8) / 21
    assert row["skill_low"] == pytest.approx(1 - 0.75 * math.exp(half), abs=1e-4)


def test_the_headline_counts_the_longest_horizon_and_no_aggregate(filled: Cloud) -> None:
    """11 forecasts of A, WIS 8 + 21 of 44; the World's 400 stand in its own row."""
    row = one(filled, "accuracy", f"source = 's' AND {HEADLINE}")
    assert (row["n"], row["blocks"], row["forecasts_unscored"]) == (11, 3, 1)
    assert row["skill"] == pytest.approx(1 - 29 / 44)
    world = one(filled, "accuracy", "series = 'World'")
    assert (world["n"], world["wis"], world["skill"]) == (1, 400.0, 0.0)
    assert (world["blocks"], world["skill_low"], world["skill_high"]) == (1, None, None)


def test_days_make_blocks_of_whole_weeks(filled: Cloud) -> None:
    """Eight to fourteen days ahead are two weeks: six weeks of one day each make three blocks."""
    days = [
        scored(week, 8, 2.0, source="daily", period="day", reference_date=FIRST + (week - 1) * WEEK)
        for week in range(6)
    ]
    insert(filled, "scores", days)
    row = one(filled, "accuracy", "source = 'daily' AND horizon = 8")
    assert (row["n"], row["blocks"], row["skill"]) == (6, 3, 0.5)
    assert (row["skill_low"], row["skill_high"]) == (0.5, 0.5)  # no block misses


def test_accuracy_by_phase(filled: Cloud) -> None:
    """Eight forecasts while it grew, 8 + 12 of 32; three while it fell, 9 of 12."""
    where = "source = 's' AND phase ="
    growing, falling = (
        one(filled, "accuracy", f"{where} '{name}'") for name in ("growing", "falling")
    )
    assert (growing["n"], growing["skill"]) == (8, pytest.approx(1 - 20 / 32))
    assert (falling["n"], falling["skill"], falling["forecasts_unscored"]) == (3, 0.25, 1)


def test_past_origins_are_rows_of_their_own_kind_for_the_version_that_serves(
    filled: Cloud,
) -> None:
    """The champion's v2 with its kinds apart, not v1; an interval turns round with its ratio."""
    ratio = {"wis": 6.0, "naive_wis": 8.0, "relative_wis": 0.75}
    ends = {"relative_low": 0.5, "relative_high": 0.9}
    rows = [
        {**SAME, "version": version, "vintage_kind": kind, "n": 9, **ratio, **ends}
        for version in ("v1", "v2")
        for kind in ("known", "pseudo")
    ]
    insert(filled, "evaluations", rows)
    found = filled.warehouse.rows(
        "SELECT * FROM accuracy WHERE vintage_kind != 'known' ORDER BY vintage_kind"
    )
    assert [row["vintage_kind"] for row in found] == ["known_backtest", "pseudo"]
    assert {(row["period"], row["n"], row["skill"]) for row in found} == {("week", 9, 0.25)}
    assert found[0]["skill_low"] == pytest.approx(0.1)
    assert found[0]["skill_high"] == pytest.approx(0.5)


def quantiles(first: float) -> dict[str, float]:
    """23 quantiles, each one more than the one before."""
    return {f"q{1000 * level:03.0f}": first + at for at, level in enumerate(LEVELS)}


def test_the_hub_gets_every_quantile_of_days_and_weeks(filled: Cloud) -> None:
    """Thursday's forecast: the first Saturday is a week after the Saturday before."""
    thursday = date(2024, 3, 7)
    same = {**SAME, "series": "=A", "reference_date": thursday}
    day = {**same, "period": "day", "date": date(2024, 3, 9), "horizon": 2, **quantiles(5)}
    week = {**same, "period": "week", "date": date(2024, 3, 9), "horizon": 1, **quantiles(50)}
    total = {**same, "period": "total", "date": date(2024, 3, 9), "horizon": 2, **quantiles(500)}
    history = {**same, "period": "day", "date": thursday, "actual": 5.0}
    insert(filled, "outlook", [day, week, total, history])
    sql = "SELECT * FROM hub_forecasts WHERE dataset = 'd' ORDER BY period, output_type_id"
    rows = filled.warehouse.rows(sql)
    days, weeks = rows[:23], rows[23:]
    assert [row["output_type_id"] for row in days] == LEVELS.tolist()
    assert [row["value"] for row in weeks] == [50.0 + at for at in range(23)]
    assert {(row["target"], row["reference_date"], row["horizon"]) for row in days} == {
        ("day inc cases", thursday, 2)
    }
    assert {(row["target"], row["reference_date"], row["horizon"]) for row in weeks} == {
        ("wk inc cases", date(2024, 3, 2), 1)
    }
    same = {(row["model_id"], row["location"], row["output_type"]) for row in rows}
    assert same == {("vigil-champion", "=A", "quantile")}
    assert {row["target_end_date"] for row in rows} == {date(2024, 3, 9)}


def test_the_newest_forecast_leaves_as_files_for_people_and_for_a_hub(filled: Cloud) -> None:
    """Three rows of forecasts, none of history; one round of weeks; no formula in either."""
    same = {**SAME, "dataset": "files", "series": "=A", "reference_date": date(2024, 3, 7)}
    same |= {"date": date(2024, 3, 9)}
    forecast = [
        {**same, "period": period, "horizon": ahead, **quantiles(1 / 3)}
        for period, ahead in (("day", 2), ("week", 1), ("total", 2))
    ]
    history = {**same, "period": "day", "date": date(2024, 3, 7), "actual": 5.0}
    insert(filled, "outlook", [*forecast, history])
    insert(filled, "measures", [{**SAME, "dataset": "files", "adds_up": True}])
    people = export.forecasts(filled.warehouse.arrow(export.FORECASTS, dataset="files"))
    header, *lines = people.decode().splitlines()
    assert header.startswith(
        "target,source,series,period,reference_date,horizon,target_date,median"
    )
    assert [line[:40] for line in lines] == [
        "cases,s,'=A,day,2024-03-07,2,2024-03-09,",
        "cases,s,'=A,total,2024-03-07,2,2024-03-0",
        "cases,s,'=A,week,2024-03-07,1,2024-03-09",
    ]
    assert lines[0].split(",")[7] == "11.33"
    _, *weeks = hub.csv(filled.warehouse.arrow(hub.WEEKS, dataset="files")).decode().splitlines()
    assert len(weeks) == 23
    assert weeks[0] == "2024-03-02,wk inc cases,1,2024-03-09,'=A,quantile,0.01,0.333"


def test_a_forecast_stands_beside_what_came_as_known_then_and_now(filled: Cloud) -> None:
    """Median 16; 12 when it settled, 13 now. Seasonal naive's rows beside it are left out."""
    monday = date(2024, 2, 5)
    key = {**SAME, "series": "B", "period": "day", "model": "lightgbm"}
    key |= {"reference_date": monday, "horizon": 1, "target_date": monday + timedelta(days=1)}
    key |= {"publication": "p"}
    served = {**key, "serves": True, **quantiles(5)}
    insert(
        filled,
        "forecasts",
        [served, {**key, "serves": False, "model": "seasonal_naive", **quantiles(0)}],
    )
    insert(filled, "scores", [{**key, "actual": 12.0, "wis": 2.0, "naive_wis": 4.0}])
    for day, total, issued in ((5, 100.0, 6), (6, 112.0, 7), (6, 113.0, 20)):
        insert(filled, "observations", [{
            **SAME, "series": "B", "date": date(2024, 2, day), "value": total,
            "issued_at": datetime(2024, 2, issued, tzinfo=UTC),
        }])  # fmt: skip
    row = one(filled, "forecast_vs_actual", "series = 'B'")
    assert (row["median"], row["low95"], row["high95"]) == (16.0, 6.0, 26.0)
    assert (row["actual"], row["actual_now"], row["error"]) == (12.0, 13.0, 4.0)
    assert (row["wis"], row["naive_wis"], row["model"]) == (2.0, 4.0, "lightgbm")


def test_a_driver_has_a_sentence(filled: Cloud) -> None:
    """What it is, which way it moves, how much of all that does."""
    rows = [("own growth", 0.5, 0.41), ("all else", -0.1, 0.083), ("people_vaccinated", -0.2, 0.2)]
    insert(filled, "contributions", [
        {**SAME, "series": "A", "rank": rank, "driver": driver, "contribution": by, "share": share}
        for rank, (driver, by, share) in enumerate(rows, 1)
    ])  # fmt: skip
    found = filled.warehouse.rows(
        "SELECT sentence FROM drivers WHERE dataset = 'd' ORDER BY `rank`"
    )
    assert [row["sentence"] for row in found] == [
        "Its own recent growth pushes the forecast up; 41% of all that moves it.",
        "All else pulls the forecast down; 8% of all that moves it.",
        "What is known of people vaccinated pulls the forecast down; 20% of all that moves it.",
    ]


def test_a_published_forecast_is_explained(filled: Cloud) -> None:
    """By the command, in the order of dates and strength."""
    same = {**SAME, "dataset": "jhu_global", "series": "Italy", "driver": "own level"}
    weeks = [FIRST + WEEK, FIRST]
    insert(filled, "contributions", [
        {**same, "target_date": day, "rank": rank, "contribution": 0.1, "share": 0.5}
        for day in weeks for rank in (2, 1)
    ])  # fmt: skip
    vigil = str(Path(sys.executable).with_name("vigil"))
    asked = [vigil, "explain", "jhu_global", "--series", "Italy", "--json"]
    said = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)
    assert (said["dataset"], said["series"]) == ("jhu_global", "Italy")
    found = [(row["target_date"], row["rank"]) for row in said["drivers"]]
    assert found == [(str(day), rank) for day in reversed(weeks) for rank in (1, 2)]
    assert said["drivers"][0]["sentence"].startswith("Its own level pushes the forecast up; 50%")


WHY = {
    "World": "an aggregate",
    "Peru": "a forecast by seasonal_naive, which has no drivers",
    "Chad": "no forecast of it: run `vigil predict jhu_global` first",
    "Atlantis": "'Atlantis', which jhu_global does not have",
}


@pytest.mark.parametrize("series", WHY)
def test_what_cannot_be_explained_is_said_with_its_reason(series: str, filled: Cloud) -> None:
    """And refused: there is nothing to show."""
    same = {**SAME, "dataset": "jhu_global"}
    if series == "World":
        insert(filled, "members", [{**same, "aggregate": series, "series": "Italy"}])
        insert(filled, "outlook", [{**same, "series": series, "horizon": 1, "model": "lightgbm"}])
    if series == "Peru":
        naive = {"horizon": 1, "model": "seasonal_naive"}
        insert(filled, "outlook", [{**same, "series": series, **naive}])
    if series == "Chad":
        insert(filled, "series", [{"dataset": "jhu_global", "series": series}])
    with pytest.raises(Rejected) as reason:
        drivers("jhu_global", series, filled)
    assert WHY[series] in reason.value.found


def test_a_version_serves_until_the_next_one_is_promoted(filled: Cloud) -> None:
    """Three decisions; the second was refused, so the first serves until the third."""
    decided = [(1, "v1", True), (8, "v2", False), (15, "v3", True)]
    insert(filled, "promotions", [
        {"dataset": "d", "decided_at": moment(day), "version": version, "promoted": promoted,
         "run_id": version} for day, version, promoted in decided
    ])  # fmt: skip
    found = filled.warehouse.rows("SELECT * FROM model_history ORDER BY decided_at")
    assert [(row["served_from"], row["served_until"]) for row in found] == [
        (moment(1), moment(15)),
        (None, None),
        (moment(15), None),
    ]


def test_a_run_says_how_fresh_its_result_was_and_what_it_costs(filled: Cloud) -> None:
    """Began 5 minutes after its moment, took 120 s; 512 MiB, 200 vCPU-seconds, half a TiB."""
    run = {"started_at": moment(3, 6) + timedelta(minutes=5), "as_of": moment(3, 6)}
    took = {"seconds": 120.0, "cpu_seconds": 200.0, "peak_mb": 512.0, "billed_bytes": 1 << 39}
    insert(filled, "runs", [{"dataset": "d", **run, **took}])
    row = one(filled, "pipeline_runs", "dataset = 'd'")
    assert row["ended_at"] == moment(3, 6) + timedelta(minutes=7)
    assert row["freshness_minutes"] == 7.0
    expected = 200 * 0.000024 + 60 * 0.0000025 + 3.125
    assert row["estimated_cost"] == pytest.approx(expected)


def test_the_report_of_looker_studio_finds_all_that_it_names(filled: Cloud) -> None:
    """In a warehouse as it is made; elsewhere each view and column that is not there is named."""
    assert looker.preflight(filled.warehouse) == []
    name = f"{filled.settings.warehouse}_bare"
    filled.warehouse.client.create_dataset(name)
    bare = f"CREATE VIEW {name}.drivers AS SELECT 1 AS share, DATE '2024-01-01' AS target_date"
    filled.warehouse.query(bare)
    missing = looker.preflight(replace(filled.warehouse, name=name))
    assert "no view accuracy" in missing
    assert "no view drivers" not in missing
    assert [one for one in missing if "drivers" in one] == [
        "view drivers: no column rank, for 'Why'",
        "view drivers: no column sentence, for 'Why'",
    ]
    assert len(missing) == 2 + len(looker.sources()) - 1


def bands(cloud: Cloud, dataset: str) -> dict[tuple[str, str], list[tuple[str, int]]]:
    """Field and value -> how many are in each band."""
    sql = "SELECT field, value, band, n FROM risk_bands WHERE dataset = @dataset ORDER BY lower"
    found: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for row in cloud.warehouse.rows(sql, dataset=dataset):
        found.setdefault((row["field"], row["value"]), []).append((row["band"], row["n"]))
    return found


def test_a_group_with_a_count_below_ten_is_counted_with_another(filled: Cloud) -> None:
    """B has three at high risk. A is hidden beside it: else the total would betray the three."""
    insert(filled, "measures", [rule("bands")])
    ages = {
        "A": (10, 10, 10, 10),
        "B": (12, 10, 10, 3),
        "C": (10, 10, 10, 11),
        "": (20, 10, 10, 10),
    }
    stays(filled, "bands", ages)
    names = ("low", "moderate", "raised", "high")
    assert bands(filled, "bands") == {
        key: list(zip(names, counts, strict=True))
        for key, counts in {
            ("", ""): (52, 40, 40, 34),
            ("Age", "C"): (10, 10, 10, 11),
            ("Age", "not known"): (20, 10, 10, 10),
            ("Age", "other"): (22, 20, 20, 13),
        }.items()
    }
    row = one(filled, "risk_bands", "dataset = 'bands' AND value = 'C' AND band = 'raised'")
    assert (row["lower"], row["upper"], row["threshold"]) == (0.5, 0.75, 0.5)
    assert row["mean_probability"] == pytest.approx(0.6)


def test_bands_are_joined_where_there_are_few_and_nothing_is_shown_of_fewer(filled: Cloud) -> None:
    """Flagged or not, where that is ten; the number alone, where even that is not; then nothing."""
    insert(filled, "measures", [rule(name) for name in ("few", "fewer", "fewest")])
    stays(filled, "few", {"X": (5, 5, 10, 1), "Y": (0, 20, 15, 0)})
    stays(filled, "fewer", {"X": (9, 4, 0, 0), "Y": (0, 14, 9, 0)})
    stays(filled, "fewest", {"X": (9, 0, 0, 0)})
    assert bands(filled, "few") == {
        ("", ""): [("not flagged", 30), ("flagged", 26)],
        ("Age", "X"): [("not flagged", 10), ("flagged", 11)],
        ("Age", "Y"): [("not flagged", 20), ("flagged", 15)],
    }
    assert bands(filled, "fewer") == {
        ("", ""): [("all", 36)],
        ("Age", "X"): [("all", 13)],
        ("Age", "Y"): [("all", 23)],
    }
    assert bands(filled, "fewest") == {}


def test_the_newest_classification_is_that_of_the_newest_vintage_and_the_last_run(
    filled: Cloud,
) -> None:
    """Of two of one moment the later one; a record that was scored before only is gone."""
    said = [("a", 1, "p1", 0.9), ("b", 1, "p1", 0.2), ("a", 2, "p2", 0.1)]
    insert(filled, "classifications", [
        classified("newest", *row) for row in [*said, ("a", 2, "p3", 0.6)]
    ])  # fmt: skip
    insert(filled, "publications", [
        {"dataset": "newest", "publication": name, "issued_at": moment(day), "vintage": str(day),
         "published_at": moment(published)} for name, day, published in
        (("p1", 1, 1), ("p3", 2, 3), ("p2", 2, 2))
    ])  # fmt: skip
    row = one(filled, "latest_classifications", "dataset = 'newest'")
    assert (row["record"], row["probability"], row["band"]) == ("a", 0.6, "raised")


def test_a_classification_is_scored_once_by_the_outcome_that_came_after_it(filled: Cloud) -> None:
    """The last one before the outcome was first known counts, with the outcome as it was then.

    Yes was said of 32 + 20 and no of 20 + 35, each with 0.8 or 0.2; pairs are told apart 1120
    times, and 1340 times the two are the same.
    """
    insert(filled, "measures", [rule("came")])
    known(filled, "came", {"1": (10, 10, 10, 10), "2": (10, 10, 10, 10), "3": (12, 0, 0, 15)})
    row = one(filled, "classification_scores", "dataset = 'came' AND field = ''")
    assert (row["version"], row["n"], row["positives"]) == ("v", 107, 52)
    assert row["brier"] == pytest.approx((67 * 0.04 + 40 * 0.64) / 107)
    assert row["log_loss"] == pytest.approx(-(67 * math.log(0.8) + 40 * math.log(0.2)) / 107)
    assert row["auc"] == pytest.approx((1120 + 1340 / 2) / (52 * 55))
    kinds = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    assert [row[name] for name in kinds] == [32, 20, 20, 35]
    assert row["accuracy"] == row["covered"] == pytest.approx(67 / 107)
    assert row["mean_probability"] == pytest.approx((52 * 0.8 + 55 * 0.2) / 107)


def test_scores_by_group_show_no_count_below_ten(filled: Cloud) -> None:
    """Of 3 no wrong answer is there: it is counted with 1, else the total would say so."""
    found = filled.warehouse.rows(
        "SELECT * FROM classification_scores WHERE dataset = 'came' AND field != '' ORDER BY value"
    )
    assert [(row["field"], row["value"], row["n"]) for row in found] == [
        ("Age", "2", 40),
        ("Age", "other", 67),
    ]
    assert [(row["true_positives"], row["false_negatives"]) for row in found] == [
        (10, 10),
        (22, 10),
    ]
