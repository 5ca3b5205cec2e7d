"""The ingest function: wires and calls its step, nothing else."""

import functions_framework

from vigil import deliveries
from vigil.steps.ingest import ingest as step


@functions_framework.http
def ingest(request: deliveries.Request) -> deliveries.Answer:
    """A Tick brings a dataset's observations up to its sources; predict hears of news."""
    return deliveries.answer(request, "ingest", step, then="predict")
