"""The predict function: wires and calls its step, nothing else."""

from functools import partial

import functions_framework
from cloudevents.http import CloudEvent

from vigil import bus
from vigil.cloud import Cloud
from vigil.steps.predict import predict as step


@functions_framework.cloud_event
def predict(event: CloudEvent) -> None:
    """A Tick publishes the forecast of what is known, unless it has been."""
    bus.answer(event, partial(step, cloud=Cloud.from_env()))
