"""The train function: wires and calls its step, nothing else."""

import functions_framework

from vigil import deliveries
from vigil.steps.train import train as step


@functions_framework.http
def train(request: deliveries.Request) -> deliveries.Answer:
    """A Tick decides which model serves from now on; predict hears of a new one."""
    return deliveries.answer(request, "train", step, then="predict")
