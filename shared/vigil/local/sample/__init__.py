"""Simulated files in the exact formats of the sources, for machines without network."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from vigil.local.sample import france_deaths, hospital_stay, jhu_global, owid, portugal_mobility
from vigil.local.sample.epidemic import FIRST, days_until

NOTE = """SIMULATED FILES, NEVER REAL DATA
Drawn by `vigil sample` with seed {seed}: {spans}.
They have the layout of files published by JHU CSSE, Santé publique France, Google, Our World in
Data and Analytics Vidhya, but no number, stay or patient in them was observed. Names, coordinates
and rounded sizes of places: JHU CSSE, and of countries: Our World in Data, both CC BY 4.0.
"""


def write(
    directory: Path, *, end: date | None = None, seed: int = 20230310, full: bool = False
) -> list[Path]:
    """Write the simulated files under *directory*; return them, but not the notes beside them.

    *full*: as many stays as in the real files.
    """
    if end is not None and end < france_deaths.HOSPITAL_FIRST:
        raise ValueError(f"end: expected {france_deaths.HOSPITAL_FIRST} or later, found {end}")
    stays = hospital_stay.FULL if full else hospital_stay.SMALL
    world, france = days_until(end or date(2023, 3, 9)), days_until(end or date(2023, 3, 31))
    moved = portugal_mobility.FIRST, min(world[-1], portugal_mobility.LAST)
    spans = {
        "jhu_global": f"JHU from {FIRST} to {world[-1]}",
        "france_deaths": f"France from {FIRST + timedelta(1)} to {france[-1]}",
        "portugal_mobility": "Portugal from {} to {}".format(*moved),
        "owid": f"the countries from {FIRST} to {world[-1]}",
        "hospital_stay": "{:,} stays in hospital, and {:,} that have not ended".format(*stays),
    }
    for folder, span in {**spans, ".": "; ".join(spans.values())}.items():
        _put(directory / folder / "SIMULATED.txt", [NOTE.format(seed=seed, spans=span).encode()])
    files = (
        jhu_global.files(seed, world)
        | france_deaths.files(seed, france)
        | portugal_mobility.files(seed, world[-1])
        | owid.files(seed, world)
    )
    parts = {name: [f"{line}\n".encode() for line in lines] for name, lines in files.items()}
    every = {**parts, **hospital_stay.files(seed, *stays)}
    return [_put(directory / name, body) for name, body in every.items()]


def _put(path: Path, parts: Iterable[bytes]) -> Path:
    """Write the parts of a file one after the other, with the same line ends on any system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines(parts)
    return path
