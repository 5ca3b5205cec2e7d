"""One deadline for a whole step, handed to every client call it makes."""

import time
from dataclasses import dataclass, field

from google.api_core.retry import Retry, if_transient_error

from vigil.errors import Transient

STEP_SECONDS = 480.0  # an HTTP push waits 600 s for its answer; stop well before the platform does


@dataclass(frozen=True)
class Deadline:
    """A moment on the monotonic clock that no call may outlive."""

    seconds: float = STEP_SECONDS
    started: float = field(default_factory=time.monotonic)

    def remains(self) -> bool:
        """Whether there is any time left."""
        return time.monotonic() < self.started + self.seconds

    def left(self, at_most: float = STEP_SECONDS) -> float:
        """Seconds still to spend on one call, never more than *at_most*."""
        left = self.started + self.seconds - time.monotonic()
        if left <= 0:
            raise Transient(f"the deadline of {self.seconds:.0f} s has passed")
        return min(left, at_most)

    def retry(self) -> Retry:
        """Google's retry of transient errors, with jitter, inside this deadline."""
        return Retry(if_transient_error, initial=0.5, maximum=20.0, timeout=self.left())
