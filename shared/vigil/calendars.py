"""Public holidays of the places that series are named for."""

from functools import cache

import holidays as public
import numpy as np
from holidays.registry import COUNTRIES
from numpy.typing import NDArray

from vigil.errors import Misconfigured
from vigil.panel import Dates

ALIASES = {
    "US": "US",
    "United Kingdom": "GB",
    "Korea, South": "KR",
    "Russia": "RU",
    "Czechia": "CZ",
    "Taiwan*": "TW",
}


@cache
def _codes() -> dict[str, str]:
    """Country names without blanks, two- and three-letter codes -> the two-letter code."""
    codes = dict(ALIASES)
    for name, two, three, *_ in COUNTRIES.values():
        codes |= {name: two, two: two, three: two}
    return codes


def country_of(series: str) -> str | None:
    """The code of the country a series' name begins with, by name or code."""
    first = series.partition("/")[0]
    return _codes().get(first) or _codes().get(first.replace(" ", ""))


@cache
def _of_year(country: str, year: int) -> frozenset[np.datetime64]:
    return frozenset(
        np.datetime64(day, "D") for day in public.country_holidays(country, years=year)
    )


def holidays(country: str | None, series: tuple[str, ...], days: Dates) -> NDArray[np.bool_]:
    """Which days are holidays where: days x series. No country known: none."""
    years = range(int(str(days[0])[:4]), int(str(days[-1])[:4]) + 1)
    off = np.zeros((len(days), len(series)), bool)
    if country and country not in _codes().values():
        raise Misconfigured(f"country: expected a code such as FR, found {country!r}")
    countries = [country or country_of(name) for name in series]
    for code in {one for one in countries if one}:
        dates = np.array([day for year in years for day in _of_year(code, year)], "datetime64[D]")
        off[:, [one == code for one in countries]] = np.isin(days, dates)[:, None]
    return off
