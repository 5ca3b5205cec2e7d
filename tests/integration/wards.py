"""A small dataset of records for tests: one YAML, one file, an outcome that can be learnt."""

from datetime import timedelta

import numpy as np
from tiny import WAVES

OPEN = 30  # the newest admissions: nobody knows yet how long they stay
YAML = """
title: A few wards
producer: The tests
licence: none
citation: none
homepage: https://example.org/
task: classify
recipe: trees
models: [trees]
schedules: {ingest: "15 6 * * *", train: "0 20 * * 1", predict: "45 6 * * *"}
sources:
  visits:
    url: "https://example.org/visits.csv"
    files: "visits*"
    layout: records
    record: case
    fields: {patient: text, admitted: text, severity: text, age: text, deposit: number, stay: text}
    optional: [stay]  # not known of those who are still there
targets:
  stay: {sources: {visits: stay}, unit: days, settle_days: 0}
classification:
  question: Longer than 30 days
  outcome: {field: stay, above: 30}
  costs: {missed: 2, false_alarm: 1}
  derived:
    old: {equals: [age, 61-70]}
  groups: [age]
"""
PERSONAL = YAML.replace(
    "    record: case\n    fields: {patient: text, ",
    "    record: case\n    person: patient\n    fields: {",
).replace("task: classify\n", "task: classify\npersonal: true\nretention_days: 700\n")


def stays(days: int) -> bytes:
    """An admission a day from 2023-01-02; severe ones stay long, most of the time."""
    draw = np.random.default_rng(3)
    lines = ["case,patient,admitted,severity,age,deposit,stay"]
    for n in range(days):
        severe, patient = draw.random() < 0.4, draw.integers(200)
        long = draw.random() < (0.95 if severe else 0.05)
        age, deposit = draw.choice(["21-30", "61-70"]), draw.normal(5000, 900)
        label = ("41-50" if long else "0-10") if n < days - OPEN else ""
        said = f"{'high' if severe else 'low'},{age},{deposit:.0f},{label}"
        lines.append(f"c{n},p{patient},{WAVES + timedelta(days=n):%Y-%m},{said}")
    return ("\n".join(lines) + "\n").encode()
