"""A function's process: functions-framework, without the heavy libraries that its image lacks."""

import sys
from contextlib import ExitStack
from pathlib import Path

from vigil.absent import absent

# By name at PyPI; others load them where they are.
HEAVY = {"pandas": "pandas", "scikit-learn": "sklearn"}


def left_out(requirements: str) -> list[str]:
    """The packages that a function with these requirements goes without in Google's cloud."""
    pinned = {line.partition("==")[0] for line in requirements.splitlines()}
    return [package for name, package in HEAVY.items() if name not in pinned]


def main() -> None:
    """Run it as `functions-framework` with the same options would."""
    source = Path(sys.argv[sys.argv.index("--source") + 1])
    requirements = source.with_name("requirements.txt").read_text(encoding="utf-8")
    with ExitStack() as stack:
        for package in left_out(requirements):
            stack.enter_context(absent(package))
        from functions_framework._cli import _cli  # noqa: PLC0415  it loads what it finds

        _cli()


if __name__ == "__main__":
    main()
