"""The predict function: wires and calls its step, nothing else."""

import functions_framework

from vigil import deliveries
from vigil.steps.predict import predict as step


@functions_framework.http
def predict(request: deliveries.Request) -> deliveries.Answer:
    """A Tick publishes the forecast of what is known, unless it has been."""
    return deliveries.answer(request, "predict", step)
