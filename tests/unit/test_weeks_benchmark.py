"""The benchmark of weeks: what came is added up right, widths and coverage are counted right."""

import numpy as np
import pytest
from benchmarks import weeks
from epidemic import DEATHS, dataset, panel, seen

from vigil.paths import LEVELS

MEDIAN = len(LEVELS) // 2


def test_what_came_of_a_week_is_the_sum_of_its_days():
    """The week to a day, and the week after it, of every place."""
    truth = panel(60)[DEATHS]
    found = weeks.sums(truth, truth.dates[[20, 27]])
    np.testing.assert_array_equal(found, [truth.values[14:21].sum(0), truth.values[21:28].sum(0)])


def test_widths_and_coverage_are_those_of_the_intervals():
    """From paths 0 to 10, direct 0 to 20; 5 and 15 came: one of two is covered, then both."""
    came = np.array([[5.0, 15.0]])  # weeks x series

    def upto(high: float) -> np.ndarray:
        quantiles = np.zeros((len(weeks.KINDS), len(LEVELS), *came.shape))
        quantiles[:, MEDIAN + 1 :] = high
        return quantiles

    said = weeks.report([(upto(10), upto(20), came)] * 3)
    assert said["n"] == 6
    for kind in weeks.KINDS:
        assert said[kind]["width ratio"] == 0.5
        assert said[kind]["paths"]["width"] == 10
        assert (said[kind]["paths"]["coverage"], said[kind]["direct"]["coverage"]) == (0.5, 1)
    text = "\n".join(weeks.lines("a", said))
    assert "paths: coverage 0.500, width 10" in text
    assert "width ratio 0.50" in text


def test_a_forecast_is_calibrated_with_those_before_it_alone(monkeypatch: pytest.MonkeyPatch):
    """The first origin has none; the last is wider or narrower than the model says."""
    for name, value in (("REFIT", 9), ("WARM_UP", 0), ("EVERY", 1)):
        monkeypatch.setattr(weeks, name, value)
    whole = seen(dataset(), panel(180))
    walked = list(weeks.walk((whole.until(row) for row in range(120, 180, 14)), 14))
    widths = []
    for view, models in walked:
        raw, calibrated = (model.quantiles(view, 14).quantiles for model in models)
        widths.append((raw[-1] - raw[0], calibrated[-1] - calibrated[0]))
    np.testing.assert_allclose(*widths[0])
    assert not np.allclose(*widths[-1])
