"""The scores of vigil.scoring as BigQuery's SQL, of rows with the 23 quantile columns."""

from vigil.forecasts import QUANTILES
from vigil.paths import LEVELS

BANDS = {50: ("q250", "q750"), 80: ("q100", "q900"), 95: ("q025", "q975")}


def scores(row: str, actual: str, *, logs: str, prefix: str = "") -> str:
    """Columns with the scores of a row; those of logarithms where *logs* is true of it."""
    columns = {
        "median": f"{row}.q500",
        "wis": wis(row, actual),
        "ae": f"ABS({row}.q500 - {actual})",
        "ale": f"IF({logs}, ABS({log(f'{row}.q500')} - {log(actual)}), NULL)",
        "wis_log": f"IF({logs}, {wis(row, actual, log=True)}, NULL)",
        **{
            f"covered{share}": f"{actual} BETWEEN {row}.{low} AND {row}.{high}"
            for share, (low, high) in BANDS.items()
        },
    }
    return ",\n  ".join(f"{sql} AS {prefix}{name}" for name, sql in columns.items())


def wis(row: str, actual: str, *, log: bool = False) -> str:
    """The weighted interval score: twice the mean pinball loss."""
    losses = " + ".join(
        pinball(level, _scale(f"{row}.{name}", log), _scale(actual, log))
        for name, level in zip(QUANTILES, LEVELS.tolist(), strict=True)
    )
    return f"2 * ({losses}) / {len(LEVELS)}"


def pinball(level: float, quantile: str, actual: str) -> str:
    """What one quantile missed, weighed by its level."""
    missed = f"({actual} - {quantile})"
    return f"GREATEST({level:g} * {missed}, {level - 1:g} * {missed})"


def log(number: str) -> str:
    """As vigil.accuracy.on_log_scale."""
    return f"LN(1 + GREATEST({number}, 0))"


def _scale(number: str, logs: bool) -> str:
    return log(number) if logs else number
