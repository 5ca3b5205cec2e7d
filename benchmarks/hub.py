"""Files of a forecast hub: daily numbers as known each day, final ones, experts' quantiles."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vigil import datasets
from vigil.panel import DAY, Floats, Grid
from vigil.paths import LEVELS

WEEKS = 4


@dataclass(frozen=True)
class Target:
    """One target of the hub (deaths, cases): places sorted, weeks are 7-day sums to a Saturday."""

    folder: Path
    name: str
    places: tuple[str, ...]
    forecast_dates: tuple[str, ...]

    @cached_property
    def _log(self) -> pa.Table:
        """The change log, in the order in which things became known."""
        table = pq.read_table(self.folder / f"{self.name}_as_known.parquet")
        return table.sort_by("as_of")

    @property
    def first_version(self) -> str:
        """The day of the first version: before it only pseudo-vintages are known."""
        return str(self._log["as_of"][0].as_py())

    def known(self, day: str) -> Grid:
        """What was known on a day; before the first version, that one cut at the day before."""
        version = max(day, self.first_version)
        log = self._log.filter(pc.field("as_of") <= version)
        grid = laid(log, self.places, removed=pc.equal(log["change"], "removed"))
        return grid if day == version else grid.until(np.datetime64(day, "D") - DAY)

    @cached_property
    def final(self) -> Grid:
        """The numbers in their final state."""
        return laid(pq.read_table(self.folder / f"{self.name}_final.parquet"), self.places)

    def truth(self) -> Floats:
        """Final weekly sums: forecast dates x weeks x places."""
        sums = np.full((len(self.forecast_dates), WEEKS, len(self.places)), np.nan)
        for row, day in enumerate(self.forecast_dates):
            for week in range(WEEKS):
                end = int((np.datetime64(day, "D") - self.final.dates[0]) / DAY) + 5 + 7 * week
                if end < len(self.final.dates):
                    sums[row, week] = self.final.values[end - 6 : end + 1].sum(axis=0)
        return sums

    def quantiles(self, model: str) -> Floats:
        """A model's quantiles: levels x forecast dates x weeks x places; NaN where it has none."""
        rows = pq.read_table(self.folder / f"{model}.parquet")
        rows = rows.filter(pc.field("target") == self.name)
        shape = (len(LEVELS), len(self.forecast_dates), WEEKS, len(self.places))
        out = np.full(shape, np.nan)
        dates, place = self.forecast_dates, self.places
        at = (
            np.searchsorted(LEVELS, rows["quantile"].to_numpy() - 1e-6),
            pc.index_in(rows["forecast_date"], pa.array(dates)).to_numpy(),
            rows["horizon"].to_numpy() - 1,
            pc.index_in(rows["location"], pa.array(place)).to_numpy(),
        )
        inside = np.isfinite(at[1]) & np.isfinite(at[3])
        index = tuple(axis[inside].astype(int) for axis in at)
        out[index] = rows["value"].to_numpy()[inside]
        return out


def daily_numbers(name: str) -> datasets.Dataset:
    """A dataset as production has it, but for numbers that come as daily ones."""
    spec = datasets.load(name)
    plain = {n: m.model_copy(update={"cumulative": False}) for n, m in spec.targets.items()}
    return spec.model_copy(update={"targets": plain})


def laid(rows: pa.Table, places: tuple[str, ...], removed: pa.Array | None = None) -> Grid:
    """Rows (location, date, value) on consecutive days; the last of one place and date counts."""
    dates = rows["date"].to_numpy(zero_copy_only=False).astype("datetime64[D]")
    days = np.arange(dates.min(), dates.max() + DAY)
    values = rows["value"].to_numpy(zero_copy_only=False).astype(float)
    if removed is not None:
        values = np.where(removed.to_numpy(zero_copy_only=False), np.nan, values)
    column = pc.index_in(rows["location"], pa.array(places)).to_numpy(zero_copy_only=False)
    out = np.full((len(days), len(places)), np.nan)
    out[((dates - days[0]) / DAY).astype(int), column.astype(int)] = values
    last = int(np.flatnonzero(np.isfinite(out).any(axis=1))[-1])
    return Grid(days[: last + 1], places, out[: last + 1])


def load(folder: Path, start: str = "", end: str = "9999") -> dict[str, Target]:
    """The targets of a folder, with the forecast dates of the ensemble within bounds."""
    rows = pq.read_table(folder / "ensemble.parquet", columns=["forecast_date", "location"])
    dates = sorted(day for day in pc.unique(rows["forecast_date"]).to_pylist())
    within = tuple(day for day in dates if start <= day <= end)
    if not within:
        raise SystemExit(f"{folder}: no forecast date from {start} to {end}; found {dates[:3]} ...")
    places = tuple(sorted(pc.unique(rows["location"]).to_pylist()))
    return {name: Target(folder, name, places, within) for name in ("deaths", "cases")}
