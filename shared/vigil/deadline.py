"""One deadline for a whole step, handed to every client call it makes."""

import math
import time
from dataclasses import dataclass, field

import requests
from google.api_core.exceptions import BadGateway, GatewayTimeout, GoogleAPICallError
from google.api_core.retry import Retry, if_transient_error

from vigil.errors import Transient

PASSING = (BadGateway, GatewayTimeout, requests.Timeout)
REASONS = {"rateLimitExceeded", "backendError", "internalError"}  # of a 403, say; a quota lasts


@dataclass(frozen=True)
class Deadline:
    """A moment on the monotonic clock that no call may outlive."""

    seconds: float = 480.0
    started: float = field(default_factory=time.monotonic)

    def remains(self, least: float = 0.0) -> bool:
        """Whether there is any time left, or so many seconds."""
        return time.monotonic() + least < self.started + self.seconds

    def left(self, at_most: float = math.inf) -> float:
        """Seconds still to spend on one call, never more than *at_most*."""
        left = self.started + self.seconds - time.monotonic()
        if left <= 0:
            raise Transient(f"the deadline of {self.seconds:.0f} s has passed")
        return min(left, at_most)

    def retry(self) -> Retry:
        """Google's retry of what may pass, with jitter, inside this deadline."""
        return Retry(passing, initial=0.5, maximum=20.0, timeout=self.left())


def passing(error: Exception) -> bool:
    """Trouble that another try may not meet; BigQuery names some of it by a reason only."""
    if if_transient_error(error) or isinstance(error, PASSING):
        return True
    said = error.errors if isinstance(error, GoogleAPICallError) else []
    return any(one.get("reason") in REASONS for one in said if isinstance(one, dict))
