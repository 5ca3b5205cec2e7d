"""A hospital's file: one stay a row, in the layout of Analytics Vidhya's contest."""

import numpy as np

STAYS, PATIENTS, HOSPITALS = 200, 150, 32
FIRST = 900_001  # numbers of cases and patients: beyond those of the real file
HEADER = (
    "case_id,Hospital_code,Hospital_type_code,City_Code_Hospital,Hospital_region_code,"
    "Available Extra Rooms in Hospital,Department,Ward_Type,Ward_Facility_Code,Bed Grade,"
    "patientid,City_Code_Patient,Type of Admission,Severity of Illness,Visitors with Patient,"
    "Age,Admission_Deposit,Stay"
)

# Values and how many of a hundred have each, about as in the real file.
DEPARTMENTS = {
    "gynecology": 78,
    "anesthesia": 10,
    "radiotherapy": 8,
    "TB & Chest disease": 3,
    "surgery": 1,
}
WARDS = {"R": 40, "Q": 34, "S": 24, "P": 1, "T": 1}
GRADES = {"1.0": 10, "2.0": 38, "3.0": 33, "4.0": 19}
CITIES = {"": 5, "8.0": 40, "2.0": 13, "1.0": 12, "7.0": 10, "5.0": 10, "15.0": 10}
ADMISSIONS = {"Trauma": 49, "Emergency": 38, "Urgent": 13}
SEVERITIES = {"Moderate": 56, "Minor": 24, "Extreme": 20}
VISITORS = {"2": 43, "4": 28, "3": 19, "6": 6, "8": 4}
DECADES = ["0-10", *(f"{ten}1-{ten + 1}0" for ten in range(1, 10))]
AGES = dict(zip(DECADES, (2, 6, 13, 21, 21, 13, 10, 12, 1, 1), strict=True))
CLASSES = {
    **dict(zip(DECADES, (7, 23, 25, 21, 4, 11, 1, 4, 1, 1), strict=True)),
    "More than 100 Days": 2,
}


def files(seed: int) -> dict[str, list[str]]:
    """The file, as a hospital would put it into the inbox."""
    rng = np.random.default_rng([seed, 60])
    hospitals = _hospitals(rng)
    patients = [(_pick(rng, CITIES), _pick(rng, AGES)) for _ in range(PATIENTS)]
    stays = [*CLASSES, *(_pick(rng, CLASSES) for _ in range(STAYS - len(CLASSES)))]
    rng.shuffle(stays)
    lines = [HEADER]
    for number, stay in enumerate(stays):
        who = int(rng.integers(PATIENTS))
        city, age = patients[who]
        where, facility = hospitals[int(rng.integers(HOSPITALS))]
        ward = [_pick(rng, kind) for kind in (DEPARTMENTS, WARDS)]
        course = [_pick(rng, kind) for kind in (ADMISSIONS, SEVERITIES, VISITORS)]
        case, rooms = str(FIRST + number), str(int(rng.integers(1, 7)))
        bed = [facility, _pick(rng, GRADES), str(FIRST + who), city]
        deposit = f"{max(1800.0, rng.normal(4900, 1000)):.0f}.0"
        lines.append(",".join([case, *where, rooms, *ward, *bed, *course, age, deposit, stay]))
    return {"hospital_stay/train_simulated.csv": lines}


def _pick(rng: np.random.Generator, shares: dict[str, int]) -> str:
    weights = np.array(list(shares.values()), dtype=float)
    return str(list(shares)[int(rng.choice(len(weights), p=weights / weights.sum()))])


def _hospitals(rng: np.random.Generator) -> list[tuple[list[str], str]]:
    """Code, type, city and region of each, which stay the same, and its ward facility."""
    regions = {"X": "F", "Y": "D", "Z": "A"}
    found = []
    for code in range(1, HOSPITALS + 1):
        kind, city = "abcdefg"[int(rng.integers(7))], str(int(rng.integers(1, 14)))
        region = "XYZ"[int(rng.integers(3))]
        found.append(([str(code), kind, city, region], regions[region]))
    return found
