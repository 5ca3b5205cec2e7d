"""Simulated files in the exact formats of the sources, for machines without network."""

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


def write(directory: Path, *, end: date | None = None, seed: int = 20230310) -> list[Path]:
    """Write the simulated files under *directory*; return them, but not the notes beside them."""
    if end is not None and end < france_deaths.HOSPITAL_FIRST:
        raise ValueError(f"end: expected {france_deaths.HOSPITAL_FIRST} or later, found {end}")
    world, france = days_until(end or date(2023, 3, 9)), days_until(end or date(2023, 3, 31))
    moved = portugal_mobility.FIRST, min(world[-1], portugal_mobility.LAST)
    spans = {
        "jhu_global": f"JHU from {FIRST} to {world[-1]}",
        "france_deaths": f"France from {FIRST + timedelta(1)} to {france[-1]}",
        "portugal_mobility": "Portugal from {} to {}".format(*moved),
        "owid": f"the countries from {FIRST} to {world[-1]}",
        "hospital_stay": f"{hospital_stay.STAYS} stays in hospital",
    }
    for folder, span in {**spans, ".": "; ".join(spans.values())}.items():
        _put(directory / folder / "SIMULATED.txt", NOTE.format(seed=seed, spans=span))
    files = (
        jhu_global.files(seed, world)
        | france_deaths.files(seed, france)
        | portugal_mobility.files(seed, world[-1])
        | owid.files(seed, world)
        | hospital_stay.files(seed)
    )
    return [_put(directory / name, "\n".join(lines) + "\n") for name, lines in files.items()]


def _put(path: Path, text: str) -> Path:
    """Write *text* with the line ends of the sources, on any system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path
