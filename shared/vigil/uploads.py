"""Many small files to a slow place, inside a deadline."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from vigil.deadline import Deadline

AT_ONCE = 8
Job = Callable[[], None]


def each_file(folder: Path, upload: Callable[[str, str | None], None]) -> list[Job]:
    """One for each file under a folder."""
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    places = [file.parent.relative_to(folder).as_posix() for file in files]
    return [
        partial(upload, str(file), None if place == "." else place)
        for file, place in zip(files, places, strict=True)
    ]


def side_by_side(jobs: Sequence[Job], deadline: Deadline) -> None:
    """Do them side by side; after the first that fails no other is begun."""

    def timely(job: Job) -> None:
        deadline.left()
        job()

    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        for each in [pool.submit(timely, job) for job in jobs]:
            each.result()
    finally:
        pool.shutdown(cancel_futures=True)
