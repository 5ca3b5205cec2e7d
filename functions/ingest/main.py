"""The ingest function: wires and calls its step, nothing else."""

from functools import partial

import functions_framework
from cloudevents.http import CloudEvent

from vigil import bus
from vigil.cloud import Cloud
from vigil.steps.ingest import ingest as step


@functions_framework.cloud_event
def ingest(event: CloudEvent) -> None:
    """A Tick brings a dataset's observations up to its sources; predict hears of news."""
    cloud = Cloud.from_env()
    bus.answer(event, partial(step, cloud=cloud), partial(cloud.bus.publish, "predict"))
