"""Uploads: side by side, in time, and over at the first failure."""

import threading
import time

import pytest

from vigil.deadline import Deadline
from vigil.errors import Transient
from vigil.uploads import AT_ONCE, each_file, side_by_side


def test_every_file_goes_to_its_place(tmp_path):
    """Folders within folders; what lies at the top has no place of its own."""
    (tmp_path / "code" / "vigil").mkdir(parents=True)
    (tmp_path / "MLmodel").touch()
    (tmp_path / "code" / "vigil" / "panel.py").touch()
    found = []
    jobs = each_file(tmp_path, lambda file, place: found.append((file, place)))
    side_by_side(jobs, Deadline(10))
    top, below = tmp_path / "MLmodel", tmp_path / "code" / "vigil" / "panel.py"
    assert sorted(found) == [(str(top), None), (str(below), "code/vigil")]


def test_after_a_failure_no_other_is_begun():
    """What is under way ends; the many that wait are given up."""
    begun = []

    def fails() -> None:
        begun.append(threading.get_ident())
        time.sleep(0.05)
        raise ConnectionError("nobody answers")

    with pytest.raises(ConnectionError):
        side_by_side([fails] * 1000, Deadline(10))
    assert len(begun) <= 3 * AT_ONCE


def test_nothing_is_begun_after_the_deadline():
    """Each job asks for time first."""
    with pytest.raises(Transient):
        side_by_side([lambda: pytest.fail("too late")], Deadline(0))
