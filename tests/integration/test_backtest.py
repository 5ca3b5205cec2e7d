"""`vigil backtest` on the local warehouse: as known, resumable, one table."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tiny import write_dataset

from vigil import datasets
from vigil.cli import main
from vigil.cloud import Cloud
from vigil.errors import Rejected
from vigil.levels import SCORES
from vigil.messages import Tick, parse_moment
from vigil.panel import Floats, Index
from vigil.steps.backtest import Compared, Wanted, backtest
from vigil.steps.ingest import ingest
from vigil.view import View

FIRST = date(2024, 1, 1)
VINTAGES = (date(2024, 6, 2), date(2024, 6, 16), date(2024, 9, 1))  # Sundays
END = parse_moment("2024-09-01", "test")


@pytest.fixture(autouse=True)
def _tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dataset(tmp_path / "datasets", more="models: [seasonal_naive]\n")
    monkeypatch.setenv("VIGIL_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.setenv("VIGIL_HOME", str(tmp_path / "home"))


def vintage(cloud: Cloud, folder: Path, day: date, *, number: int) -> None:
    """Two towns up to the day before; in each vintage all numbers are a thousand higher."""
    lines = ["region;town;day;count"]
    for n in range((day - FIRST).days):
        for town in ("Hill", "Dale"):
            count = number * 1000 + 100 + n % 7
            lines.append(f"North;{town};{FIRST + timedelta(days=n)};{count}")
    file = folder / f"visits_{number}.csv"
    file.write_text("\n".join(lines) + "\n")
    ingest(Tick("tiny", parse_moment(str(day), "test")), cloud, {"visits": str(file)})


@pytest.fixture
def three(cloud: Cloud, tmp_path: Path) -> Cloud:
    """A warehouse with three vintages."""
    for number, day in enumerate(VINTAGES, 1):
        vintage(cloud, tmp_path, day, number=number)
    return Cloud.from_env()


@dataclass
class Watched:
    """A model that remembers what it was shown, and can be killed."""

    calls: list[tuple[str, date, float]] = field(default_factory=list)
    dies_at: int = 999

    def fits(self, _name: str) -> Callable[[View, int], "Watched"]:
        """Whatever the model is called."""
        return self.fit

    def fit(self, view: View, _ahead: int) -> "Watched":
        """Learns nothing."""
        self._note("fit", view)
        return self

    def quantiles(self, view: View, horizons: Index) -> Floats:
        """As it stands."""
        self._note("forecast", view)
        if len(self.calls) > self.dies_at:
            raise KeyboardInterrupt
        level = view.truth[view.last][None, None] + 0.1 * SCORES[:, None, None]
        return np.repeat(level, len(horizons), axis=1)

    def _note(self, what: str, view: View) -> None:
        self.calls.append((what, view.dates[-1].astype(date), float(view.published.max())))


def run(cloud: Cloud, model: Watched, **said: Any) -> Compared:
    """Of four origins, a fit every two."""
    asked = {"origins": 4, "refit": 2, **said}
    wanted = Wanted(datasets.load("tiny"), END, **asked)
    return backtest(wanted, cloud, lambda *_: None, model.fits)


def test_an_origin_sees_what_was_known_then_and_nothing_later(three: Cloud) -> None:
    """Before the first vintage: that one's numbers, cut a day before. After: the newest of its day.

    Numbers of the first vintage end at 1106, of the second at 2106; the third holds the outcome.
    Between the vintages of June there is no origin, as nothing new was known.
    """
    watched = Watched()
    found = run(three, watched)
    forecasts = [call for call in watched.calls if call[0] == "forecast"]
    assert forecasts == [
        ("forecast", date(2024, 5, 18), 1106.0),
        ("forecast", date(2024, 5, 25), 1106.0),
        ("forecast", date(2024, 6, 1), 1106.0),
        ("forecast", date(2024, 6, 15), 2106.0),
    ]
    fits = [(day, most) for what, day, most in watched.calls if what == "fit"]
    assert fits == [(date(2024, 5, 18), 1106.0), (date(2024, 6, 1), 1106.0)]
    kinds = (
        found.rows.group_by(["origin", "vintage_kind"], use_threads=False).aggregate([]).to_pylist()
    )
    assert [(row["origin"], row["vintage_kind"]) for row in kinds] == [
        (date(2024, 5, 19), "pseudo"), (date(2024, 5, 26), "pseudo"),
        (date(2024, 6, 2), "known"), (date(2024, 6, 16), "known"),
    ]  # fmt: skip
    assert min(found.rows["actual"].to_pylist()) >= 3100
    assert {row["vintage_kind"] for row in found.summary} == {"known", "pseudo"}


def test_a_killed_run_goes_on_and_a_finished_one_only_prints(three: Cloud) -> None:
    """Killed at the third origin: the same table, the same file, nothing forecast twice."""
    whole = run(three, Watched())
    folder = whole.file.parent
    (home := folder.with_name("aside")).parent.mkdir(exist_ok=True)
    folder.rename(home)
    with pytest.raises(KeyboardInterrupt):
        run(three, Watched(dies_at=4))  # fit, forecast, forecast, fit, forecast
    rest = Watched()
    again = run(three, rest)
    assert [call[:2] for call in rest.calls] == [
        ("fit", date(2024, 6, 1)),
        ("forecast", date(2024, 6, 1)),
        ("forecast", date(2024, 6, 15)),
    ]
    assert again.rows.equals(whole.rows)
    assert again.file == whole.file
    idle = Watched()
    assert pq.read_table(run(three, idle).file).equals(whole.rows)
    assert idle.calls == []
    other = Watched()
    run(three, other, refit=3)
    assert len(other.calls) == 6


def test_before_the_newest_vintage_the_outcome_is_what_was_known_then(three: Cloud) -> None:
    """As of July the numbers of June's second vintage are the truth, and no origin is after it."""
    wanted = Wanted(datasets.load("tiny"), datetime(2024, 7, 1, tzinfo=UTC), origins=2)
    found = backtest(wanted, three, lambda *_: None, Watched().fits)
    assert max(found.rows["actual"].to_pylist()) == 2106
    assert max(found.rows["target_date"].to_pylist()) <= date(2024, 6, 15)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"models": ("oracle",)}, "--models: expected some of .*seasonal_naive.*; found 'oracle'"),
        ({"origins": 0}, "--origins: expected 1 or more; found 0"),
        ({"refit": 0}, "--refit: expected 1 or more; found 0"),
        ({"target": "sales"}, "--target: expected one of visits; found 'sales'"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_starts(
    said: dict[str, Any], message: str
) -> None:
    """Each says what was expected."""
    with pytest.raises(Rejected, match=message):
        Wanted(datasets.load("tiny"), END, **said)


def test_a_dataset_to_classify_has_no_backtest() -> None:
    """Its task is another."""
    with pytest.raises(Rejected, match="hospital_stay: expected a dataset to forecast"):
        Wanted(datasets.load("hospital_stay"), END)


def test_too_little_of_the_past_is_refused(cloud: Cloud, tmp_path: Path) -> None:
    """No vintage at all; then one of five weeks."""
    with pytest.raises(Rejected, match=r"expected observations or records known by .*; found none"):
        run(cloud, Watched())
    vintage(cloud, tmp_path, date(2024, 2, 4), number=1)
    with pytest.raises(Rejected, match=r"120 days of numbers.*visits\.visits to 2024-02-03"):
        run(cloud, Watched())


Shown = pytest.CaptureFixture[str]


def vigil(monkeypatch: pytest.MonkeyPatch, shown: Shown, *arguments: str) -> tuple[int, str, str]:
    """The command: its exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", ["vigil", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(str(ended.value.code)), *shown.readouterr()


ASKED = ("backtest", "tiny", "--origins", "3", "--as-of", "2024-09-01")


def test_the_command_prints_one_json_document_or_a_chart(
    three: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    """`--json`: one value on stdout and silence on stderr; the file holds the scores."""
    code, said, noise = vigil(monkeypatch, capsys, *ASKED, "--json")
    assert (code, noise) == (0, "")
    told = json.loads(said)
    assert (told["dataset"], told["models"]) == ("tiny", ["seasonal_naive"])
    overall = [row for row in told["summary"] if row["horizon"] == "all"]
    assert [row["vintage_kind"] for row in overall] == ["pseudo", "known"]
    assert all(row["relative_wis"] == 1 for row in overall)
    kept = pq.read_table(told["file"])
    assert kept.num_rows == sum(row["n"] for row in overall) == 3 * 14 * 2
    code, said, noise = vigil(monkeypatch, capsys, *ASKED)
    assert (code, noise.splitlines()[-1]) == (0, "origins: 3 of 3")
    assert "visits of visits, from what was known" in said
    assert "PIT of seasonal_naive" in said
    assert told["file"] in said
    assert "\x1b" not in said


def test_an_unknown_model_ends_with_the_names_of_those_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: Shown
) -> None:
    """Exit code 2, and JSON for a machine."""
    code, said, _ = vigil(monkeypatch, capsys, *ASKED, "--models", "oracle,lightgbm", "--json")
    assert code == 2
    assert "lightgbm" in json.loads(said)["refused"]
