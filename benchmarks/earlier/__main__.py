"""The earlier systems' protocols, with their methods and ours in the same run.

    python -m benchmarks.earlier --data DIR [--only france,jhu,portugal,owid] [--json]

DIR holds the folders france_spf, jhu_csse, google_mobility_pt and owid_covid with their files as
upstream wrote them. Ours is the median of what production would have forecast with what had been
published by then; docs/benchmarks.md says how often it was fitted.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.earlier import france, jhu, owid, portugal
from benchmarks.earlier.results import Result
from vigil.ledger import peak_mb

PROTOCOLS: dict[str, Callable[[Path], list[Result]]] = {
    "france": france.run,
    "jhu": jhu.run,
    "portugal": portugal.run,
    "owid": owid.run,
}


def main() -> None:
    """Forecast, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", type=chosen, default=list(PROTOCOLS))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    started = time.monotonic()
    results = {name: PROTOCOLS[name](options.data) for name in options.only}
    seconds = round(time.monotonic() - started, 1)
    if options.json:
        told = {name: [one.told() for one in each] for name, each in results.items()}
        print(json.dumps({**told, "seconds": seconds, "peak_mb": peak_mb()}))
        return
    for one in (one for each in results.values() for one in each):
        print("\n".join(one.lines()), end="\n\n")
    print(f"{seconds} s, {peak_mb()} MiB")


def chosen(names: str) -> list[str]:
    """Protocols by name, with commas between."""
    wanted = names.split(",")
    if unknown := set(wanted) - set(PROTOCOLS):
        raise argparse.ArgumentTypeError(f"no {sorted(unknown)}; there are {list(PROTOCOLS)}")
    return wanted


if __name__ == "__main__":
    main()
