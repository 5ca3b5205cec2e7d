"""Simulated files in the exact formats of the sources, for machines without network."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

type Grid = npt.NDArray[np.float64]  # one row a day, one column a series

FIRST = date(2020, 1, 22)
HOSPITAL_FIRST, LAB_FIRST, LAB_LATE = date(2020, 3, 19), date(2020, 5, 13), 3
REFERENCE = 1143  # days up to 2023-03-09, by when each series has reached its total
WEEKLY_FROM = 770  # in March 2022 many countries began to report once a week

# Place names and coordinates are those of JHU CSSE (CC BY 4.0, Johns Hopkins University); each
# place's last totals are there too, to one significant digit, so that sizes are believable.
PLACES = Path(__file__).with_name("places.csv")

# Each wave: days from FIRST to its peak, share of all cases, share of all deaths.
WAVES = (
    *((62, 1, 9), (185, 3, 5), (288, 6, 13), (354, 9, 11), (456, 10, 15), (576, 10, 10)),
    *((727, 35, 13), (788, 13, 7), (910, 10, 6), (1000, 5, 5), (1065, 9, 6), (1150, 3, 3)),
)
NEXT_WAVE = (160, 4, 3)  # and so on, this many days after the one before

# Monday to Sunday, as each kind of office works.
OFFICE = np.array([[0.85, 1.0, 1.1, 1.15, 1.15, 1.0, 0.75]]).T
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

NOTE = """SIMULATED FILES, NEVER REAL DATA
Drawn by `vigil sample` with seed {seed}: {spans}.
They have the layout of files published by JHU CSSE and Santé publique France, but no count in
them was observed. Names, coordinates and rounded sizes of places: JHU CSSE, CC BY 4.0.
"""


def write(directory: Path, *, end: date | None = None, seed: int = 20230310) -> list[Path]:
    """Write the simulated files under *directory*; return them, but not the notes beside them."""
    if end is not None and end < HOSPITAL_FIRST:
        raise ValueError(f"end: expected {HOSPITAL_FIRST} or later, found {end}")
    world, france = _days(end or date(2023, 3, 9)), _days(end or date(2023, 3, 31))
    spans = {
        directory / "jhu_global": f"JHU from {FIRST} to {world[-1]}",
        directory / "france_deaths": f"France from {FIRST + timedelta(1)} to {france[-1]}",
    }
    for folder, span in {**spans, directory: "; ".join(spans.values())}.items():
        _put(folder / "SIMULATED.txt", NOTE.format(seed=seed, spans=span))
    files = _jhu_global(seed, world) | _france_deaths(seed, france)
    return [_put(directory / name, "\n".join(lines) + "\n") for name, lines in files.items()]


def _put(path: Path, text: str) -> Path:
    """Write *text* with the line ends of the sources, on any system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _days(end: date) -> list[date]:
    """Every day from FIRST to *end*."""
    return [FIRST + timedelta(n) for n in range((end - FIRST).days + 1)]


# Every draw has a key of its own and runs day by day, so that a later `end` continues the same
# history: two calls are two mornings of one simulated epidemic.


def _waves(key: list[int], days: int, series: int, spread: float) -> Grid:
    """Cases and deaths per day as shares of each series' totals: waves of its own size and day."""
    rng, day = np.random.default_rng(key), np.arange(days, dtype=float)[:, None]
    wobble = np.sin(day / rng.uniform(4, 9, series) + rng.uniform(0, 6.3, series))
    rates = np.zeros((2, days, series))
    peak, (gap, *usual) = WAVES[-1][0], NEXT_WAVE
    for middle, *shares in (*WAVES, *((n, *usual) for n in range(peak + gap, days + 200, gap))):
        near = slice(max(middle - 200, 0), middle + 300)
        since = day[near] - middle - rng.normal(0, spread, series)
        rise, fall = rng.uniform(0.08, 0.16, series), rng.uniform(0.025, 0.05, series)
        wave = rng.gamma(4, 1 / 4, series) / (np.exp(-rise * since) + np.exp(fall * since))
        rates[:, near] += np.array(shares)[:, None, None] * wave
    rates *= np.exp(0.15 * wobble)
    return rates / rates[:, :REFERENCE].sum(axis=1, keepdims=True)


def _delayed(rate: Grid, mean: float) -> Grid:
    """What follows *rate* after a gamma delay of *mean* days."""
    lags = np.arange(1, 43)
    weights = lags**3 * np.exp(-4 * lags / mean)
    later = np.zeros_like(rate)
    for lag, weight in zip(lags.tolist(), (weights / weights.sum()).tolist(), strict=True):
        later[lag:] += weight * rate[:-lag]
    return later


def _counts(key: list[int], mean: Grid, week: Grid, size: float) -> Grid:
    """Negative binomial counts about *mean*, in a *week* from Monday to Sunday."""
    expected = mean * week[(np.arange(len(mean)) + FIRST.weekday()) % 7]
    drawn = np.random.default_rng(key).negative_binomial(size, size / (size + expected))
    return np.asarray(drawn, dtype=np.float64)


def _published(key: list[int], counts: Grid, weekly: float) -> Grid:
    """Running totals, now and then corrected downwards; a share of places reports *weekly*."""
    rng, (days, series) = np.random.default_rng(key), counts.shape
    slow, start = rng.random(series) < weekly, WEEKLY_FROM + rng.integers(0, 120, series)
    chance, totals = rng.random(counts.shape), counts.cumsum(axis=0)
    totals -= np.floor(np.where(chance < 0.002, 3 * chance * totals, 0)).cumsum(axis=0)
    day = np.arange(days)[:, None]
    shown = np.where(slow & (day >= start), day - (day - start) % 7, day)
    return np.take_along_axis(totals, shown, axis=0)


def _jhu_global(seed: int, days: list[date]) -> dict[str, list[str]]:
    """Both wide files: a row a place, a column a day."""
    rows = [row.rsplit(",", 2) for row in PLACES.read_text(encoding="utf-8").splitlines()[1:]]
    names, sizes = [row[0] for row in rows], np.array([row[1:] for row in rows], dtype=float)
    rng, simulated = np.random.default_rng([seed, 0]), max(len(days), REFERENCE)
    onset, week = rng.integers(0, 65, len(rows)), OFFICE ** rng.gamma(2, 1, len(rows))
    begun = np.arange(simulated)[:, None] >= onset
    infected, fatal = begun * _waves([seed, 1], simulated, len(rows), 16)
    cases = _counts([seed, 2], sizes[:, 0] * infected, week, 10)
    deaths = _counts([seed, 3], sizes[:, 1] * _delayed(fatal, 17), week, 10)
    return {
        "jhu_global/confirmed.csv": _wide(names, days, _published([seed, 4], cases, 1 / 3)),
        "jhu_global/deaths.csv": _wide(names, days, _published([seed, 5], deaths, 1 / 9)),
    }


def _wide(names: list[str], days: list[date], totals: Grid) -> list[str]:
    """The lines of a JHU file."""
    dates = [f"{day.month}/{day.day}/{day:%y}" for day in days]
    rows = totals[: len(days)].T.astype(int).tolist()
    lines = [",".join([name, *map(str, row)]) for name, row in zip(names, rows, strict=True)]
    return [",".join(["Province/State,Country/Region,Lat,Long", *dates]), *lines]


def _france_deaths(seed: int, days: list[date]) -> dict[str, list[str]]:
    """The departements, the national table they add up to, and the screening behind it."""
    simulated, series = max(len(days), REFERENCE), len(DEPARTEMENTS)
    weights = np.random.default_rng([seed, 10]).lognormal(0, 0.8, series)
    weights[-1] = 0  # 978 has no admission in the real file either
    mild, severe = _waves([seed, 11], simulated, series, 8) * (weights / weights.sum())
    hospital = {
        name: _counts([seed, 12, n], ADMITTED * share * _delayed(severe, delay), week, 8)
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
    positive = _counts([seed, 20], expected, LABORATORY, 80)[:, 0]
    share = np.minimum(0.005 + 5.5e-4 * np.sqrt(expected[:, 0]), 0.4)
    noise = np.random.default_rng([seed, 21]).gamma(200, 1 / 200, len(positive))
    tests = np.floor(1000 + noise * positive / share)
    for counts in (positive, tests):
        counts[: (LAB_FIRST - FIRST).days] = 0
    return positive, tests


def _rates(seed: int, positive: Grid, tests: Grid) -> dict[str, Grid]:
    """The laboratory columns of the national table, over seven days."""
    week, tested = (np.convolve(counts, np.ones(7))[: len(counts)] for counts in (positive, tests))
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
