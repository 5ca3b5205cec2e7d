"""What a training is, of whatever task: recipes judged, one of them fitted, and all kept."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa

from vigil.datasets import Dataset
from vigil.dossier import Dossier
from vigil.evidence import Loss, Relative


class Training(Protocol):
    """What one dataset's recipes have to say at a moment; what is asked twice is made once."""

    loss: Loss

    @property
    def dataset(self) -> Dataset:
        """Its file."""
        ...

    @property
    def candidates(self) -> list[str]:
        """The recipes that may serve."""
        ...

    def version(self, recipe: str) -> str:
        """The name of a training: the day of what it knows, and a hash of all that decides it."""
        ...

    def can_contest(self) -> bool:
        """Whether there is enough to choose a recipe by, and to judge it after that."""
        ...

    def judge(self, recipes: Sequence[str], *, contest: bool) -> None:
        """Set recipes to what they do not know, as far as it is not done."""
        ...

    def relative(self, recipe: str, rival: str) -> Relative:
        """What decides: one judged recipe against another."""
        ...

    def choose(self, recipes: Sequence[str], champion: str) -> str | None:
        """The best of the judged recipes; None where nothing is known."""
        ...

    def compared(self, recipe: str, champion: Any) -> tuple[list[str], float]:
        """What the newest fit gets impossible, and how much of what the champion says it moves."""
        ...

    def dossier(
        self, recipe: str, judged: Sequence[str], said: Mapping[str, Any]
    ) -> Dossier | None:
        """What is kept of it; None without a model."""
        ...

    def shown(self, dossier: Dossier) -> dict[str, pa.Table]:
        """Columns for the tables that tell how it was judged."""
        ...
