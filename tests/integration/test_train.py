"""Train on a small dataset: who serves, on what evidence, and what becomes of it when it breaks."""

import io
import json
import pickle
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kept import Kept
from subjects import HORIZON, RECORDS, SERIES, Subject
from tiny import WAVES
from wards import OPEN

from sizes import soaked
from vigil.cloud import Cloud
from vigil.deadline import Deadline
from vigil.dossier import BUNDLE
from vigil.errors import Paused, Rejected
from vigil.messages import Tick, parse_moment
from vigil.models import table
from vigil.steps import train as trains
from vigil.steps.ingest import ingest
from vigil.steps.predict import predict
from vigil.steps.promote import Word, promote, rollback, served, versions
from vigil.steps.train import train
from vigil.vault import LAST, Vault
from vigil.view import View

ONLY_SERIES = pytest.mark.parametrize("subject", [SERIES], indirect=True, ids=["forecast"])
ONLY_RECORDS = pytest.mark.parametrize("subject", [RECORDS], indirect=True, ids=["classify"])
DAYS = 330
TODAY = WAVES + timedelta(days=DAYS)


@pytest.fixture(params=[SERIES, soaked(RECORDS)], ids=lambda one: one.task)
def subject(request: pytest.FixtureRequest) -> Subject:
    """What is trained: series, and records of people."""
    found: Subject = request.param
    return found


@pytest.fixture
def cloud(cloud: Cloud, subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A cloud that knows the dataset; personal data lie where the others do."""
    subject.write(tmp_path / "datasets")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.setenv("VIGIL_RESTRICTED_WAREHOUSE", cloud.settings.warehouse)
    monkeypatch.setenv("VIGIL_RESTRICTED_BUCKET", cloud.settings.raw_bucket)
    monkeypatch.setenv("VIGIL_HASH_KEY", "a secret of the tests")
    return Cloud.from_env()


def tick(day: date) -> Tick:
    """A Tick of that day."""
    return Tick("tiny", parse_moment(str(day), "test"))


def known(cloud: Cloud, subject: Subject, folder: Path, count: int) -> Tick:
    """What there is after so many days; the Tick of the day after."""
    file = folder / f"visits_{count}.csv"
    file.write_bytes(subject.file(count))
    at = tick(WAVES + timedelta(days=count))
    ingest(at, cloud, {"visits": str(file)})
    return at


@pytest.fixture(scope="module")
def kept() -> dict[str, Kept]:
    """What was trained once, by task."""
    return {}


@pytest.fixture
def trained(cloud: Cloud, subject: Subject, tmp_path: Path, kept: dict[str, Kept]) -> Cloud:
    """A warehouse with a year of numbers, and a first champion."""
    if subject.task in kept:
        kept[subject.task].put_back(cloud)
    else:
        train(known(cloud, subject, tmp_path, DAYS), cloud)
        kept[subject.task] = Kept.of(cloud, subject.task)
    return Cloud.from_env()


def decisions(cloud: Cloud) -> list[dict[str, Any]]:
    """All of them, in order."""
    return cloud.warehouse.rows("SELECT * FROM promotions ORDER BY decided_at")


def findings(cloud: Cloud, rule: str) -> list[dict[str, Any]]:
    """Those of one rule."""
    return cloud.warehouse.rows("SELECT * FROM findings WHERE rule = @rule", rule=rule)


def test_the_first_model_serves_if_it_beats_the_baseline(trained: Cloud, subject: Subject) -> None:
    """It does where there is something to learn; the row of the decision has its numbers."""
    [row] = decisions(trained)
    head = trained.warehouse.head("tiny")
    assert (row["kind"], row["promoted"], row["recipe"]) == ("first", True, subject.recipe)
    assert row["version"] == row["champion"] == head.champion
    assert row["before"] is None
    assert row["judged_against"] == subject.baseline
    assert row["origins"] == 26
    assert row["vintage_kind"] == subject.evidence
    assert row["relative_wis"] < row["relative_high"] < 1
    assert row["data_digest"]
    assert head.champion_digest == row["digest"]
    predict(tick(TODAY), trained)
    assert subject.answered(trained) == {(subject.recipe, head.champion)}


@ONLY_SERIES
def test_how_a_version_did_is_kept_by_horizon(trained: Cloud) -> None:
    """As the decision says it, and for each day ahead."""
    [row], champion = decisions(trained), trained.warehouse.head("tiny").champion
    rows = trained.warehouse.rows("SELECT * FROM evaluations ORDER BY horizon")
    assert [one["horizon"] for one in rows] == [None, *range(1, HORIZON + 1)]
    assert {(one["version"], one["vintage_kind"]) for one in rows} == {(champion, "pseudo")}
    assert rows[0]["relative_wis"] == pytest.approx(row["relative_wis"], abs=1e-4)
    assert rows[0]["relative_high"] == pytest.approx(row["relative_high"], abs=1e-4)


@ONLY_RECORDS
def test_how_a_classifier_did_is_kept_without_a_row_of_a_person(trained: Cloud) -> None:
    """Assessments and curves of ten records or more; the decision's ratio is that of Brier."""
    [row], champion = decisions(trained), trained.warehouse.head("tiny").champion
    sql = "SELECT * FROM assessments WHERE split = 'crossed' AND field = ''"
    brier = {one["model"]: one["brier"] for one in trained.warehouse.rows(sql)}
    assert brier["trees"] / brier["base_rate"] == pytest.approx(row["relative_wis"], abs=1e-4)
    for name in ("assessments", "curves"):
        rows = trained.warehouse.rows(f"SELECT * FROM {name}")
        assert {one["version"] for one in rows} == {champion}
        assert min(one["n"] for one in rows) >= 10
    assert re.search("Brier relative to base_rate: 0[.][0-9]+ on 26 crossed groups", row["reason"])


@ONLY_RECORDS
def test_every_record_without_an_outcome_is_answered_once(trained: Cloud) -> None:
    """Those of the last days, with a probability of their own; a second Tick adds nothing."""
    for _ in range(2):
        predict(tick(TODAY), trained)
    rows = trained.warehouse.rows("SELECT * FROM classifications")
    assert {one["record"] for one in rows} == {f"c{n}" for n in range(DAYS - OPEN, DAYS)}
    assert len(rows) == OPEN
    assert len({one["probability"] for one in rows}) > 5
    assert all(one["positive"] == (one["probability"] >= one["threshold"]) for one in rows)
    assert {one["answers"] for one in rows} <= {"yes", "no", "either"}
    assert all(len(json.loads(one["drivers"])) >= 3 for one in rows)
    assert not {one["person"] for one in rows} & {f"p{n}" for n in range(200)}
    [published] = trained.warehouse.rows("SELECT * FROM publications")
    assert published["rows"] == OPEN
    drifted = trained.warehouse.rows("SELECT DISTINCT publication, version FROM drift")
    assert drifted == [{name: published[name] for name in ("publication", "version")}]


@ONLY_RECORDS
def test_what_was_answered_is_what_was_known_at_the_moment(
    trained: Cloud, subject: Subject, tmp_path: Path
) -> None:
    """A Tick of last week, when this week's file is there: last week's records, by that vintage."""
    known(trained, subject, tmp_path, DAYS + 7)
    predict(tick(TODAY), trained)
    rows = trained.warehouse.rows("SELECT record FROM classifications")
    assert {one["record"] for one in rows} == {f"c{n}" for n in range(DAYS - OPEN, DAYS)}
    predict(tick(TODAY + timedelta(days=7)), trained)
    rows = trained.warehouse.rows("SELECT record FROM classifications")
    assert {one["record"] for one in rows} == {f"c{n}" for n in range(DAYS - OPEN, DAYS + 7)}
    assert len(rows) == 2 * OPEN


def test_a_first_model_that_is_no_better_leaves_the_baseline(
    cloud: Cloud, subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shuffled targets: refused, and said; the forecast is the baseline's, flagged."""
    subject.learns_nothing(monkeypatch)
    assert train(known(cloud, subject, tmp_path, DAYS), cloud) is None
    [row] = decisions(cloud)
    assert (row["kind"], row["promoted"], row["champion"]) == ("first", False, None)
    assert "not promoted" in row["reason"]
    predict(tick(TODAY), cloud)
    assert subject.answered(cloud) == {(subject.baseline, "1")}
    assert findings(cloud, "no_champion")


def test_the_same_vintage_is_trained_on_once(trained: Cloud) -> None:
    """A second Tick, on the same day or a week later, finds it decided."""
    train(tick(TODAY), trained)
    train(tick(TODAY + timedelta(days=7)), trained)
    assert len(decisions(trained)) == 1
    said = trained.warehouse.rows("SELECT status FROM runs WHERE step = 'train'")
    assert sorted(row["status"] for row in said) == ["done", "unchanged", "unchanged"]


def test_new_numbers_are_a_refresh(trained: Cloud, subject: Subject, tmp_path: Path) -> None:
    """The same recipe a week later takes over; the one before is named."""
    later = known(trained, subject, tmp_path, DAYS + 7)
    before = trained.warehouse.head("tiny").champion
    following = train(later, trained)
    [_, row] = decisions(trained)
    assert (row["kind"], row["promoted"], row["before"]) == ("refresh", True, before)
    assert following == Tick("tiny", later.as_of)


def test_a_worse_refresh_is_refused(
    trained: Cloud, subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shuffled targets a week later: the champion stays, and its forecast follows the news."""
    later = known(trained, subject, tmp_path, DAYS + 7)
    champion = trained.warehouse.head("tiny").champion
    subject.learns_nothing(monkeypatch)
    train(later, trained)
    [_, row] = decisions(trained)
    assert (row["kind"], row["promoted"], row["champion"]) == ("refresh", False, champion)
    assert trained.warehouse.head("tiny").champion == champion


def test_row_36_an_older_training_that_comes_late_is_refused(
    trained: Cloud, subject: Subject, tmp_path: Path
) -> None:
    """The newer one is decided: nothing is fitted, the head stays."""
    train(known(trained, subject, tmp_path, DAYS + 7), trained)
    head = trained.warehouse.head("tiny")
    assert train(tick(TODAY), trained) is None or trained.warehouse.head("tiny") == head
    assert len(decisions(trained)) == 2
    [row] = trained.warehouse.rows(
        "SELECT reason FROM runs WHERE step = 'train' ORDER BY started_at DESC LIMIT 1"
    )
    assert row["reason"].startswith("refused: older than")


@pytest.mark.soak
def test_row_36_two_trainers_at_once_promote_one(
    cloud: Cloud, subject: Subject, tmp_path: Path
) -> None:
    """Both have read the same head; one commits, the other finds it decided."""
    at = known(cloud, subject, tmp_path, DAYS)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: train(at, Cloud.from_env()), range(2)))
    assert len(decisions(cloud)) == 1
    assert cloud.warehouse.head("tiny").champion


@pytest.mark.soak
@ONLY_SERIES
def test_row_47_a_training_that_is_stopped_goes_on_where_it_was(
    cloud: Cloud, subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too little time left after ten origins: paused, kept; the next delivery makes the rest."""
    at = known(cloud, subject, tmp_path, DAYS)
    asked: list[date] = []
    kept = table.SINGLE["ridge"]

    def watched(view: View, ahead: int) -> Any:
        asked.append(view.dates[-1].astype(date))
        return kept(view, ahead)

    monkeypatch.setitem(table.MODELS, "ridge", watched)
    with pytest.raises(Paused, match="10 of"):
        train(at, cloud, stop_after(10))
    [run] = cloud.warehouse.rows("SELECT status, reason FROM runs WHERE step = 'train'")
    assert run["status"] == "paused"
    assert decisions(cloud) == []
    first = len(asked)
    train(at, Cloud.from_env())
    assert len(decisions(cloud)) == 1
    assert asked[first] == asked[first - 1]  # fitted once more to where it was, not to the first
    assert not cloud.vault.store.names("checkpoints/tiny/")


@ONLY_RECORDS
def test_row_47_a_training_of_records_that_is_stopped_leaves_none_behind(
    cloud: Cloud, subject: Subject, tmp_path: Path
) -> None:
    """Paused in its cross-validation; nothing about a person lies in the models bucket."""
    at = known(cloud, subject, tmp_path, DAYS)
    with pytest.raises(Paused, match="3 of"):
        train(at, cloud, stop_after(3))
    [run] = cloud.warehouse.rows("SELECT status, reason FROM runs WHERE step = 'train'")
    assert run["status"] == "paused"
    assert decisions(cloud) == []
    assert not cloud.vault.store.names("models/")
    for name in cloud.vault.store.names("checkpoints/"):
        assert not re.search(rb"c\d{1,3}\b|p\d{1,3}\b", cloud.vault.store.read(name))
    train(at, Cloud.from_env())
    assert len(decisions(cloud)) == 1
    assert not cloud.vault.store.names("checkpoints/tiny/")


def stop_after(count: int) -> Callable[[int, int], None]:
    """A look at the clock that finds no time left after so many origins."""

    def look(done: int, total: int) -> None:
        if done >= count:
            raise Paused(f"{done} of {total} origins")

    return look


def test_a_deadline_stops_a_training_before_the_platform_does(
    cloud: Cloud, subject: Subject, tmp_path: Path
) -> None:
    """With less than what the end takes, it pauses at the first origin."""
    at = known(cloud, subject, tmp_path, DAYS)
    short = replace(cloud, deadline=Deadline(trains.RESERVE - 1))
    with pytest.raises(Paused, match="1 of"):
        train(at, short)


def spoil(cloud: Cloud, version: str, spoilt: Callable[[bytes], bytes]) -> None:
    """Change the bytes of a model behind everybody's back."""
    store = cloud.vault.store
    blob = store.bucket.blob(place(cloud, version))
    blob.upload_from_string(spoilt(store.read(blob.name)))


def place(cloud: Cloud, version: str) -> str:
    """Where the models of a version lie."""
    names = cloud.vault.store.names(f"models/tiny/{version}/")
    [found] = [name for name in names if name.endswith(BUNDLE)]
    return found


def flipped(body: bytes) -> bytes:
    """One bit in the middle."""
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


class Canary:
    """A pickle that leaves a trace when somebody opens it."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("how", ["flipped", soaked("cut off"), soaked("gone"), "pickle"])
def test_rows_33_34_a_spoilt_model_is_refused_and_the_last_good_one_serves(
    how: str, trained: Cloud, subject: Subject, tmp_path: Path
) -> None:
    """A flipped bit, half a file, none, or a planted pickle: said, and never opened."""
    good = trained.warehouse.head("tiny").champion
    train(known(trained, subject, tmp_path, DAYS + 7), trained)
    bad = trained.warehouse.head("tiny").champion
    assert bad
    trace = tmp_path / "opened"
    if how == "gone":
        trained.vault.store.delete(place(trained, bad))
    else:
        canary = pickle.dumps(Canary(trace))
        spoilt = {
            "flipped": flipped,
            "cut off": lambda body: body[: len(body) // 2],
            "pickle": lambda _: canary,
        }
        spoil(trained, bad, spoilt[how])
    predict(tick(TODAY + timedelta(days=7)), trained)
    assert subject.answered(trained) == {(subject.recipe, good)}
    [said] = findings(trained, "corrupt_model")
    assert said["severity"] == "error"
    assert not trace.exists()
    pickle.load(io.BytesIO(pickle.dumps(Canary(trace))))
    assert trace.exists()  # it would have been seen


def test_rows_33_35_without_any_whole_model_the_baseline_serves(
    trained: Cloud, subject: Subject
) -> None:
    """Flagged twice: the model that is corrupt, and that no other serves."""
    head = trained.warehouse.head("tiny")
    spoil(trained, str(head.champion), flipped)
    predict(tick(TODAY), trained)
    assert subject.answered(trained) == {(subject.baseline, "1")}
    assert findings(trained, "corrupt_model")
    assert findings(trained, "no_champion")


def test_row_32_a_stale_champion_is_flagged_with_its_age(trained: Cloud) -> None:
    """Three weeks of weekly trainings that did not come."""
    predict(tick(TODAY + timedelta(days=21)), trained)
    [said] = findings(trained, "stale_champion")
    assert "21 days old" in said["found"]


@pytest.mark.soak
def test_row_52_a_rollback_and_the_next_forecast_is_the_old_version(
    trained: Cloud, subject: Subject, tmp_path: Path
) -> None:
    """One command, under five seconds; no data edited; why stands in promotions."""
    old = trained.warehouse.head("tiny").champion
    at = known(trained, subject, tmp_path, DAYS + 7)
    train(at, trained)
    new = trained.warehouse.head("tiny").champion
    predict(at, trained)
    began = time.monotonic()
    rollback("tiny", None, Word("rollback", "it jumped", "ann"), trained)
    assert time.monotonic() - began < 5
    predict(at, trained)
    assert subject.answered(trained) == {(subject.recipe, old), (subject.recipe, new)}
    assert str(trained.warehouse.head("tiny").forecast).endswith(f" {old}")
    last = decisions(trained)[-1]
    assert (last["kind"], last["reason"], last["decided_by"]) == ("rollback", "it jumped", "ann")
    assert (last["champion"], last["before"]) == (old, new)


def test_a_rollback_beyond_the_first_model_leaves_the_baseline(
    trained: Cloud, subject: Subject
) -> None:
    """What served before it was the baseline; promote brings it back."""
    version = str(trained.warehouse.head("tiny").champion)
    rollback("tiny", None, Word("rollback", "trial", "ann"), trained)
    assert trained.warehouse.head("tiny").champion is None
    promote("tiny", version, Word("promote", "trial over", "ann"), trained)
    assert trained.warehouse.head("tiny").champion == version
    assert served("tiny", WAVES, trained)["recipe"] == subject.baseline
    assert served("tiny", datetime.now(UTC).date(), trained)["version"] == version
    [row] = versions("tiny", trained)
    assert (row["version"], row["alias"]) == (version, "champion")


def test_a_version_that_is_none_is_refused_with_those_there_are(
    trained: Cloud, subject: Subject
) -> None:
    """Unknown, the one that serves already, or one without a reason."""
    version = str(trained.warehouse.head("tiny").champion)
    with pytest.raises(Rejected, match=version):
        promote("tiny", "20200101-abc", Word("promote", "why", "ann"), trained)
    with pytest.raises(Rejected, match="another version"):
        promote("tiny", version, Word("promote", "why", "ann"), trained)
    with pytest.raises(Rejected, match="why"):
        Word("promote", " ", "ann")
    spoil(trained, version, flipped)
    rollback("tiny", subject.baseline, Word("rollback", "why", "ann"), trained)
    with pytest.raises(Rejected) as refused:
        promote("tiny", version, Word("promote", "why", "ann"), trained)
    assert refused.value.rule == "corrupt_model"


def test_row_30_no_mlflow_costs_a_warning(cloud: Cloud, subject: Subject, tmp_path: Path) -> None:
    """Nobody listens there: the champion is promoted all the same."""
    lost = replace(cloud, settings=replace(cloud.settings, mlflow="http://127.0.0.1:9"))
    began = time.monotonic()
    train(known(cloud, subject, tmp_path, DAYS), lost)
    assert time.monotonic() - began < 40
    assert cloud.warehouse.head("tiny").champion
    [said] = findings(cloud, "registry")
    assert said["severity"] == "warning"


@ONLY_SERIES
def test_old_models_go_but_never_one_that_was_promoted(trained: Cloud) -> None:
    """The last ones and those that have served stay."""
    champion = str(trained.warehouse.head("tiny").champion)
    vault: Vault = trained.vault
    for number in range(LAST + 2):
        vault.store.write(f"models/tiny/20300101-{number:02d}/{BUNDLE}", b"x")
    gone = vault.prune("tiny", [champion])
    assert gone == ["20300101-00", "20300101-01"]
    assert champion in vault.versions("tiny")


@pytest.mark.soak
@pytest.mark.parametrize("subject", [SERIES, RECORDS], indirect=True)
def test_a_contest_is_held_when_recipes_can_be_tried(
    cloud: Cloud, subject: Subject, tmp_path: Path
) -> None:
    """Two recipes and more than a year: one is chosen and judged, and that is said; once."""
    subject.write(tmp_path / "datasets", rival=True)
    days = DAYS + 80
    train(known(cloud, subject, tmp_path, days), cloud)
    train(known(cloud, subject, tmp_path, days + 7), cloud)
    kinds = [row["kind"] for row in decisions(cloud)]
    assert kinds in (["first", "switch"], ["first", "switch", "refresh"])
    [contest] = [row for row in decisions(cloud) if row["kind"] == "switch"]
    assert json.loads(contest["numbers"])["candidates"] == [subject.recipe, subject.rival]
    train(known(cloud, subject, tmp_path, days + 14), cloud)
    assert [row["kind"] for row in decisions(cloud)][len(kinds) :] == ["refresh"]
