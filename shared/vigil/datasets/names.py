"""One strict pattern for every name that can reach a path, a table or a query."""

import re

from vigil.errors import Rejected

NAME = r"^[A-Za-z][A-Za-z0-9_]{0,39}$"


def check_name(name: object, where: str) -> str:
    """Return *name* when it is harmless everywhere; reject it otherwise."""
    if isinstance(name, str) and re.fullmatch(NAME, name):
        return name
    raise Rejected(
        where,
        rule="name",
        expected="a letter, then at most 39 letters, digits or underscores",
        found=repr(name)[:80],
    )
