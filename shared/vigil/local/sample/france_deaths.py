"""Santé publique France's three files: departements, the national table, the screening."""

from datetime import date, timedelta

import numpy as np

from vigil.local.sample.epidemic import FIRST, REFERENCE, Grid, counts, delayed, waves

HOSPITAL_FIRST, LAB_FIRST, LAB_LATE = date(2020, 3, 19), date(2020, 5, 13), 3

# Monday to Sunday, as each kind of office works.
LABORATORY = np.array([[1.58, 1.2, 1.16, 1.06, 1.04, 0.72, 0.24]]).T
WARD = np.array([[1.17, 1.38, 1.25, 1.09, 1.1, 0.66, 0.35]]).T
REGISTER = np.array([[1.37, 1.33, 1.1, 1.07, 1.06, 0.65, 0.42]]).T

# What becomes of the severe cases of a departement: share, days it takes, working week.
COURSE: dict[str, tuple[float, float, Grid]] = {
    "incid_hosp": (1.0, 8, WARD),
    "incid_rea": (0.15, 10, WARD),
    "incid_dc": (0.125, 18, REGISTER),
    "incid_rad": (0.84, 22, WARD),
}
ADMITTED, POSITIVE, PEOPLE, BEDS = 1_020_000, 39_000_000, 67_114_992, 5058  # of France
DEPARTEMENTS = [
    *sorted([f"{n:02}" for n in range(1, 96) if n != 20] + ["2A", "2B"]),
    *("971", "972", "973", "974", "976", "978"),
]
INDICATORS = (
    "date,tx_pos,tx_incid,TO,R,rea,hosp,rad,dchosp,incid_rea,incid_hosp,incid_rad,incid_dchosp,"
    "conf,conf_j1,pos,esms_dc,dc_tot,pos_7j,cv_dose1,esms_cas"
)
# Which of those are filled, from which day, and how many days late.
FILLED = (
    ("TO rea hosp rad dchosp", HOSPITAL_FIRST - timedelta(1), 0),
    ("incid_rea incid_hosp incid_rad incid_dchosp", HOSPITAL_FIRST, 0),
    ("tx_pos tx_incid pos pos_7j", LAB_FIRST, LAB_LATE),
    ("R", date(2020, 6, 1), 2 * LAB_LATE),
    ("conf_j1", date(2020, 11, 12), 0),
    ("esms_dc dc_tot esms_cas", date(2021, 2, 5), 0),
)


def files(seed: int, days: list[date]) -> dict[str, list[str]]:
    """The departements, the national table they add up to, and the screening behind it."""
    simulated, series = max(len(days), REFERENCE), len(DEPARTEMENTS)
    weights = np.random.default_rng([seed, 10]).lognormal(0, 0.8, series)
    weights[-1] = 0  # 978 has no admission in the real file either
    mild, severe = waves([seed, 11], simulated, series, 8) * (weights / weights.sum())
    hospital = {
        name: counts([seed, 12, n], ADMITTED * share * delayed(severe, delay), week, 8)
        for n, (name, (share, delay, week)) in enumerate(COURSE.items())
    }
    screening = _screening(seed, POSITIVE * mild.sum(axis=1, keepdims=True))
    national = _national(seed, {name: new.sum(axis=1) for name, new in hospital.items()})
    return {
        "france_deaths/indicators.csv": _indicators(days, national | _rates(seed, *screening)),
        "france_deaths/screening.csv": _tested(days, *screening),
        "france_deaths/departements.csv": _departements(days, hospital),
    }


def _screening(seed: int, expected: Grid) -> tuple[Grid, Grid]:
    """Positive tests and tests per day; the more infections, the more tests are positive."""
    positive = counts([seed, 20], expected, LABORATORY, 80)[:, 0]
    share = np.minimum(0.005 + 5.5e-4 * np.sqrt(expected[:, 0]), 0.4)
    noise = np.random.default_rng([seed, 21]).gamma(200, 1 / 200, len(positive))
    tests = np.floor(1000 + noise * positive / share)
    for numbers in (positive, tests):
        numbers[: (LAB_FIRST - FIRST).days] = 0
    return positive, tests


def _rates(seed: int, positive: Grid, tests: Grid) -> dict[str, Grid]:
    """The laboratory columns of the national table, over seven days."""
    week, tested = (np.convolve(one, np.ones(7))[: len(one)] for one in (positive, tests))
    noise = np.random.default_rng([seed, 22]).gamma(50, 1 / 50, len(positive))
    return {
        "pos": positive,
        "pos_7j": week,
        "tx_pos": np.round(100 * week / np.maximum(tested, 1), 2),
        "tx_incid": np.round(1e5 * week / PEOPLE, 2),
        "R": week / np.maximum(np.roll(week, 7), 1),
        "conf_j1": np.floor(noise * np.roll(positive, 1)),
    }


def _national(seed: int, new: dict[str, Grid]) -> dict[str, Grid]:
    """The hospital and care home columns of the national table."""
    days = len(new["incid_dc"])
    late = np.random.default_rng([seed, 30]).negative_binomial(0.3, 0.1, days)
    died = (new["incid_dc"] + late).cumsum()  # late catch-ups enter the total only
    recount = np.random.default_rng([seed, 31]).integers(0, 5, days)
    weekly = np.arange(days) - np.arange(days) % 7
    homes = np.floor(20_000 + 0.07 * died - recount)[weekly]
    hosp, rea = (
        np.round(np.convolve(new[name], np.exp(-np.arange(90) / stay))[:days])
        for name, stay in (("incid_hosp", 17), ("incid_rea", 14))
    )
    stocks = {"hosp": hosp, "rea": rea, "TO": rea / BEDS, "rad": new["incid_rad"].cumsum()}
    esms = {"esms_dc": homes, "esms_cas": np.floor(3.5 * died)[weekly]}
    totals = {"incid_dchosp": new["incid_dc"], "dchosp": died, "dc_tot": died + homes}
    return new | stocks | esms | totals


def _indicators(days: list[date], columns: dict[str, Grid]) -> list[str]:
    """The national table: a blank where nothing is published."""
    blank = [""] * len(days)
    texts = dict.fromkeys(INDICATORS.split(","), blank) | {"date": [str(day) for day in days]}
    for names, first, late in FILLED:
        start, stop = (first - FIRST).days, len(days) - late
        for name in names.split():
            values = [f"{value:.15g}" for value in columns[name][start:stop].tolist()]
            texts[name] = [*blank[:start], *values, *blank[len(values) + start :]]
    return [INDICATORS, *map(",".join, list(zip(*texts.values(), strict=True))[1:])]


def _tested(days: list[date], positive: Grid, tests: Grid) -> list[str]:
    """The screening file, where even whole numbers have a decimal comma."""
    lines = ["fra;jour;pop;P;T;Ti;Tp;Td;cl_age90"]
    for n, day in list(enumerate(days))[(LAB_FIRST - FIRST).days : -LAB_LATE]:
        people = PEOPLE if day < date(2022, 7, 1) else 67_863_600
        p, t = positive[n], tests[n]
        numbers = people, p, t, 1e5 * p / people, 100 * p / t, 1e5 * t / people
        text = ";".join(f"{number:.2f}" for number in numbers).replace(".", ",")
        lines.append(f"FR;{day};{text};0")
    return lines


def _departements(days: list[date], hospital: dict[str, Grid]) -> list[str]:
    """The departements one after the other, text in quotes."""
    start = (HOSPITAL_FIRST - FIRST).days
    cube = np.stack([new[start : len(days)] for new in hospital.values()], axis=-1).astype(int)
    dates = [str(day) for day in days[start:]]
    lines = [";".join(f'"{name}"' for name in ("dep", "jour", *COURSE))]
    for code, table in zip(DEPARTEMENTS, cube.swapaxes(0, 1).tolist(), strict=True):
        for day, (a, b, c, d) in zip(dates, table, strict=True):
            lines.append(f'"{code}";{day};{a};{b};{c};{d}')
    return lines
