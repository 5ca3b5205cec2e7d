"""Whatever is delivered, twice, late, killed or unheard of: the tables of a clean run."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from faults import machine
from faults.harness import Tables
from faults.machine import Plan, plans
from sizes import SOAK, sized

WORKERS = sized(test=1, soak=2)
LEAST = sized(test=30, soak=300)  # sequences
MOST = sized(test=30, soak=3000)
MINUTES = 8  # for more than the least
BATCH = 60  # sequences, after which their tables are compared


def drawn(count: int) -> list[Plan]:
    """So many sequences, all different, the same ones every time, every fault among them."""
    found: dict[Plan, None] = {}

    @given(plans)
    @settings(
        max_examples=5 * count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def draw(plan: Plan) -> None:
        found.setdefault(plan)

    draw()
    return random.Random(count).sample(list(found), count)


@contextmanager
def workers(folder: Path) -> Iterator[list[ProcessPoolExecutor]]:
    """Processes, each with a world of its own."""
    pools = [
        ProcessPoolExecutor(1, get_context("spawn"), machine.begin, (folder / str(number),))
        for number in range(WORKERS)
    ]
    try:
        yield pools
    finally:
        for pool in pools:
            pool.submit(machine.end).result()
            pool.shutdown()


def differing(pools: list[ProcessPoolExecutor], sequences: list[Plan]) -> list[tuple[Plan, str]]:
    """The sequences whose tables are not those of a clean run, and where they differ."""
    shares = [sequences[number::WORKERS] for number in range(WORKERS)]
    runs = [pool.submit(machine.run, share) for pool, share in zip(pools, shares, strict=True)]
    came = [
        (plan, name, (history, bool(plan.predict)))
        for share, run in zip(shares, runs, strict=True)
        for plan, (name, history) in zip(share, run.result(), strict=True)
    ]
    wanted = sorted({key for _, _, key in came})
    parts = [wanted[number::WORKERS] for number in range(WORKERS)]
    cleaned = [pool.submit(machine.clean, part) for pool, part in zip(pools, parts, strict=True)]
    names = {
        key: name
        for part, run in zip(parts, cleaned, strict=True)
        for key, name in zip(part, run.result(), strict=True)
    }
    found: dict[str, Tables] = {}
    for pool in pools:
        found |= pool.submit(machine.tables).result()
    return [
        (plan, f"arrived {key[0]}: {said}")
        for plan, name, key in came
        if (said := difference(found[name], found[names[key]]))
    ]


def difference(found: Tables, clean: Tables) -> str:
    """The first row of the first table that is not as in a clean run."""
    for table, rows in clean.items():
        if found[table] != rows:
            odd = [row for row in found[table] if row not in rows]
            gone = [row for row in rows if row not in found[table]]
            return f"{table}: too much {odd[:1]}, missing {gone[:1]}, {len(found[table])} rows"
    return ""


def shortest(pools: list[ProcessPoolExecutor], plan: Plan) -> Plan:
    """The same failure with as few steps as it takes."""
    for number in range(len(plan.steps)):
        fewer = plan.steps[:number] + plan.steps[number + 1 :]
        if fewer and differing(pools, [Plan(fewer, plan.predict)]):
            return shortest(pools, Plan(fewer, plan.predict))
    return plan


@pytest.mark.slow
def test_every_sequence_ends_in_the_tables_of_a_clean_run(
    tmp_path: Path,
) -> None:
    """Delivered, doubled, reordered, killed, revised, unheard: as if nothing had happened."""
    sequences, until, ran = drawn(MOST), time.monotonic() + 60 * MINUTES, 0
    with workers(tmp_path) as pools:
        while ran < LEAST or (ran < MOST and time.monotonic() < until):
            batch = sequences[ran : ran + BATCH]
            if failed := differing(pools, batch):
                plan, said = failed[0]
                wrong = f"{len(failed)} sequences differ, such as\n{shortest(pools, plan)}\n{said}"
                pytest.fail(wrong)
            ran += len(batch)
    if SOAK:
        print(f"{ran} sequences")
