"""Packages that others load wherever they are installed, and that nothing here needs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from importlib.abc import MetaPathFinder


@contextmanager
def absent(package: str) -> Iterator[None]:
    """As if it were not installed; where it is loaded already, it stays."""

    def find_spec(name: str, *_: object) -> None:
        if name == package:
            raise ModuleNotFoundError(f"{name} is left out here", name=name)

    finder = cast("MetaPathFinder", SimpleNamespace(find_spec=find_spec))
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
