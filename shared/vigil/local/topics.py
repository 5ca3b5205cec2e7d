"""Pub/Sub's topics and subscriptions, as Terraform makes them in Google's cloud."""

from contextlib import suppress
from datetime import timedelta

from google.api_core.exceptions import AlreadyExists
from google.cloud import pubsub_v1
from google.pubsub_v1.types import Subscription, Topic

from vigil.local.services import PROJECT, Service

MAX_ATTEMPTS = 5
ACK_SECONDS = 600
BACKOFF = (1, 60)  # seconds; 10 to 600 in Google's cloud, where nobody sits waiting


def make(functions: list[Service]) -> None:
    """A topic per step with our push subscription, and a dead-letter topic with one, too."""
    publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    for function in functions:
        topic = publisher.topic_path(PROJECT, f"vigil-{function.name}")
        dead = publisher.topic_path(PROJECT, f"vigil-{function.name}-dead")
        for name in (topic, dead):
            with suppress(AlreadyExists):  # a request that the client sent again
                publisher.create_topic(Topic(name=name))
        for subscription in (push_subscription(function, topic, dead), _pull(dead)):
            with suppress(AlreadyExists):
                subscriber.create_subscription(subscription)


def push_subscription(function: Service, topic: str, dead: str) -> Subscription:
    """A topic's subscription that pushes to the function; *dead* gets what it cannot take."""
    name = topic.rpartition("/")[2]
    # The framework reads the topic from the path when it unwraps a push body.
    endpoint = f"http://127.0.0.1:{function.port}/{topic}"
    return Subscription(
        name=f"projects/{PROJECT}/subscriptions/{name}",
        topic=topic,
        push_config={"push_endpoint": endpoint},
        ack_deadline_seconds=ACK_SECONDS,
        retry_policy={
            "minimum_backoff": timedelta(seconds=BACKOFF[0]),
            "maximum_backoff": timedelta(seconds=BACKOFF[1]),
        },
        dead_letter_policy={"dead_letter_topic": dead, "max_delivery_attempts": MAX_ATTEMPTS},
    )


def _pull(dead: str) -> Subscription:
    name = dead.rpartition("/")[2]
    path = f"projects/{PROJECT}/subscriptions/{name}"
    return Subscription(name=path, topic=dead, ack_deadline_seconds=60)
