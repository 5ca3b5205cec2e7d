"""Hospitals' files: one stay a row, in the layout of Analytics Vidhya's contest, all drawn."""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

type Codes = npt.NDArray[np.int64]
type Floats = npt.NDArray[np.float64]

SMALL = 3_000, 400  # stays that have ended, patients who are still in hospital
FULL = 318_438, 137_057  # as many as in the contest's two files
FIRST = 900_001  # numbers of cases and patients: beyond those of the real file
HOSPITALS, BLOCK = 32, 1 << 16
STAYS_EACH = 3.46  # of a patient, on average

HEADER = [
    *("case_id", "Hospital_code", "Hospital_type_code", "City_Code_Hospital"),
    *("Hospital_region_code", "Available Extra Rooms in Hospital", "Department", "Ward_Type"),
    *("Ward_Facility_Code", "Bed Grade", "patientid", "City_Code_Patient", "Type of Admission"),
    *("Severity of Illness", "Visitors with Patient", "Age", "Admission_Deposit", "Stay"),
]

# Values and how many of a hundred have each, about as in the real file.
ROOMS = {"2": 34, "4": 29, "3": 29, "5": 5, "1": 2, "6": 0.8, "7": 0.1, "8": 0.05, "0": 0.01}
DEPARTMENTS = {
    "gynecology": 78,
    "anesthesia": 9.3,
    "radiotherapy": 9,
    "TB & Chest disease": 3,
    "surgery": 0.4,
}
WARDS = {"R": 40, "Q": 33.5, "S": 24.5, "P": 1.6, "T": 0.5, "U": 0.003}
GRADES = {"1.0": 8, "2.0": 39, "3.0": 35, "4.0": 18}
GRADES_BLANK = 113 / 318_438
CITIES = {"8.0": 39, "2.0": 12, "1.0": 8.5, "7.0": 7.5, "5.0": 6.5, "4.0": 5, "9.0": 4, "": 1.5}
CITIES |= {"15.0": 3, "10.0": 3, "6.0": 2, "12.0": 2, "3.0": 1.3, "23.0": 1.2, "14.0": 1, "16.0": 1}
CITIES |= {
    "13.0": 0.6,
    "21.0": 0.5,
    "20.0": 0.5,
    "18.0": 0.4,
    "19.0": 0.3,
    "26.0": 0.2,
    "30.0": 0.1,
}
ADMISSIONS = {"Trauma": 48, "Emergency": 37, "Urgent": 15}
SEVERITIES = {"Moderate": 55, "Minor": 27, "Extreme": 18}
VISITORS = {"2": 43.5, "4": 25, "3": 18.5, "6": 6, "5": 2.9, "8": 1.5, "7": 0.8, "9": 0.4, "1": 0.4}
VISITORS |= {"10": 0.4, "12": 0.3, "11": 0.1, "15": 0.06, "14": 0.06, "16": 0.05, "0": 0.006}
DECADES = ["0-10", *(f"{ten}1-{ten + 1}0" for ten in range(1, 10))]
AGES = dict(zip(DECADES, (2, 5.3, 12.8, 20, 20, 15.3, 10.6, 11.2, 2.5, 0.4), strict=True))
CLASSES = {
    **dict(zip(DECADES, (7.4, 24.5, 27.5, 17.3, 3.7, 11, 0.9, 3.2, 1.5, 0.9), strict=True)),
    "More than 100 Days": 2.1,
}
# Of hospitals: what they are, and city: region and ward facility.
KINDS = {"a": 45, "b": 22, "c": 14, "e": 8, "d": 6, "f": 3, "g": 2}
PLACES = {"1": "XE", "2": "YD", "3": "ZA", "4": "XF", "5": "ZF", "6": "XF", "7": "YC"}
PLACES |= {"9": "YB", "10": "YB", "11": "XF", "13": "YB"}

# What lengthens a stay; luck has a scale of 0.8.
LONGER = {
    "Ward_Type": {"S": 1.0, "P": -0.6},
    "Type of Admission": {"Trauma": 0.5, "Urgent": -0.3},
    "Severity of Illness": {"Extreme": 0.3, "Minor": -0.3},
    "Department": {"surgery": -0.8, "anesthesia": 0.2},
    "Available Extra Rooms in Hospital": {"0": 0.8, "1": 0.8, "2": 0.3, "4": -0.2, "5": -0.4},
    "Bed Grade": {"4.0": 0.15, "1.0": -0.1},
}


def files(seed: int, ended: int, open_: int) -> dict[str, Iterator[bytes]]:
    """The two files, as hospitals would put them into the inbox; of open stays no outcome."""
    every = table(seed, ended, open_)
    return {
        "hospital_stay/train_simulated.csv": lines(every.slice(0, ended)),
        "hospital_stay/test_simulated.csv": lines(every.slice(ended).drop_columns(["Stay"])),
    }


def lines(rows: pa.Table) -> Iterator[bytes]:
    """Rows as the bytes of a file, a part at a time; no cell needs quotes."""
    yield ",".join(rows.column_names).encode() + b"\n"
    for block in rows.to_batches(max_chunksize=BLOCK):
        texts = [pc.cast(column, pa.string()) for column in block.columns]
        yield "\n".join([*pc.binary_join_element_wise(*texts, ",").to_pylist(), ""]).encode()


def table(seed: int, ended: int, open_: int) -> pa.Table:
    """All stays as texts, those that have ended first; the outcome of the open ones, too."""
    rng, count = np.random.default_rng([seed, 60]), ended + open_
    people = _people(rng, count)
    patients = int(people.max()) + 1
    columns = {
        "case_id": _numbered(np.arange(count)),
        **_hospitals(rng, count),
        "Available Extra Rooms in Hospital": _pick(rng, ROOMS, count),
        "Department": _pick(rng, DEPARTMENTS, count),
        "Ward_Type": _pick(rng, WARDS, count),
        "Bed Grade": _grades(rng, count),
        "patientid": _numbered(people),
        "City_Code_Patient": _pick(rng, CITIES, patients).take(people),
        "Type of Admission": _pick(rng, ADMISSIONS, count),
        "Severity of Illness": _pick(rng, SEVERITIES, count),
        "Visitors with Patient": _pick(rng, VISITORS, count),
        "Age": _pick(rng, AGES, patients).take(people),
        "Admission_Deposit": pa.array([f"{d:.0f}.0" for d in 1800 + rng.gamma(8, 385, count)]),
    }
    length = _length(rng, columns, people)
    cuts = np.quantile(length, np.cumsum(list(CLASSES.values()))[:-1] / sum(CLASSES.values()))
    stay = pa.DictionaryArray.from_arrays(np.searchsorted(cuts, length), list(CLASSES))
    return pa.table({**columns, "Stay": stay}).select(HEADER)


def _length(rng: np.random.Generator, columns: Mapping[str, pa.Array], people: Codes) -> Floats:
    """How long each stay is, on a scale of its own: by its fields, the person, and luck."""
    length = sum(_each(columns[name], more) for name, more in LONGER.items())
    visitors, age = (_numbers(columns[name]) for name in ("Visitors with Patient", "Age"))
    crowd = np.minimum(visitors - 3, 4) * (0.25 + _each(columns["Ward_Type"], {"S": 0.6, "P": 0.3}))
    here, home = (_numbers(columns[f"City_Code_{of}"]) for of in ("Hospital", "Patient"))
    local = np.where(here == home, _each(columns["Severity of Illness"], {"Extreme": -1.5}), 0)
    hospital = rng.normal(0, 0.3, HOSPITALS + 1)[_numbers(columns["Hospital_code"]).astype(int)]
    often = 0.3 * np.log(np.bincount(people))[people]
    person = rng.normal(0, 0.4, people.max() + 1)[people]
    known = length + crowd + local + hospital + often + person + 0.008 * age
    return np.asarray(known + rng.logistic(0, 0.8, len(people)))


def _hospitals(rng: np.random.Generator, count: int) -> dict[str, pa.Array]:
    """Of each stay the hospital, whose type, city, region and facility stay the same."""
    kinds, cities = _pick(rng, KINDS, HOSPITALS), rng.choice(list(PLACES), HOSPITALS)
    where = rng.choice(HOSPITALS, count, p=rng.dirichlet(np.full(HOSPITALS, 1.5)))
    regions, facilities = zip(*(PLACES[city] for city in cities), strict=True)
    fixed = {
        "Hospital_code": [str(code + 1) for code in range(HOSPITALS)],
        "Hospital_type_code": kinds.to_pylist(),
        "City_Code_Hospital": cities.tolist(),
        "Hospital_region_code": list(regions),
        "Ward_Facility_Code": list(facilities),
    }
    return {
        name: pa.array(values).take(where).dictionary_encode() for name, values in fixed.items()
    }


def _people(rng: np.random.Generator, count: int) -> Codes:
    """Whose each stay is; some come often."""
    weights = rng.gamma(1.5, 1, max(round(count / STAYS_EACH), 1))
    codes = np.unique(
        rng.choice(len(weights), count, p=weights / weights.sum()), return_inverse=True
    )
    return np.asarray(codes[1])


def _grades(rng: np.random.Generator, count: int) -> pa.Array:
    """The bed's grade, which a few rows lack."""
    lacking = np.zeros(count, dtype=bool)
    lacking[rng.choice(count, round(GRADES_BLANK * count), replace=False)] = True
    return pc.if_else(lacking, "", _pick(rng, GRADES, count).cast(pa.string())).dictionary_encode()


def _pick(rng: np.random.Generator, shares: Mapping[str, float], count: int) -> pa.DictionaryArray:
    weights = np.array(list(shares.values()))
    codes = rng.choice(len(weights), count, p=weights / weights.sum())
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), list(shares))


def _numbered(codes: Codes) -> pa.Array:
    return pc.cast(pa.array(codes + FIRST), pa.string())


def _each(column: pa.DictionaryArray, values: Mapping[str, float]) -> Floats:
    """What a table says of each row's text."""
    said = np.array([values.get(text, 0.0) for text in column.dictionary.to_pylist()])
    return np.asarray(said[column.indices.to_numpy()])


def _numbers(column: pa.DictionaryArray) -> Floats:
    """The number that each row's text begins with; of none -1."""
    texts = [text.partition("-")[0] or "-1" for text in column.dictionary.to_pylist()]
    return np.asarray(np.array(texts, dtype=float)[column.indices.to_numpy()])
