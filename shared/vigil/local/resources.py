"""What Terraform makes in Google's cloud, made on this machine from the same files."""

from contextlib import suppress
from datetime import timedelta
from hashlib import sha256

from google.api_core.exceptions import AlreadyExists, Conflict, NotFound
from google.cloud import pubsub_v1
from google.cloud.bigquery import SchemaField
from google.pubsub_v1.types import Subscription, Topic

from vigil import datasets, tables, views
from vigil.clients import bigquery, storage
from vigil.cloud import Cloud
from vigil.errors import Misconfigured
from vigil.local.services import PROJECT, Service

MAX_ATTEMPTS = 5
ACK_SECONDS = 600
BACKOFF = (1, 60)  # seconds; 10 to 600 in Google's cloud, where nobody sits waiting


def make_buckets(client: storage.Client, names: list[str]) -> None:
    """Buckets, where they are not there yet."""
    for name in names:
        try:
            client.create_bucket(name)
        except Conflict:
            continue


def make_expiry(client: storage.Client, bucket: str) -> None:
    """Personal data are deleted when they are as old as the dataset's file says, and at once."""
    made = client.bucket(bucket)
    made.soft_delete_policy.retention_duration_seconds = 0
    made.clear_lifecycle_rules()
    for name in datasets.names():
        days = None
        with suppress(Misconfigured):  # whoever uses that file is told
            days = datasets.load(name).retention_days
        if days:
            zones = ("raw", "arrivals", "inbox", "quarantine", "erasures")
            prefixes = [f"{zone}/{name}/" for zone in zones]
            made.add_lifecycle_delete_rule(age=days, matches_prefix=prefixes)
    made.patch()


def make_tables(client: bigquery.Client, dataset: str) -> None:
    """The dataset, its tables, its views; nothing where they are as the files say already."""
    statements = [view.statement(dataset) for view in views.all_views()]
    specs = [tables.load(name) for name in tables.names()]
    stamp = sha256(repr((specs, views.all_views())).encode()).hexdigest()[:32]
    staging = bigquery.Dataset(f"{client.project}.{dataset}_staging")
    staging.default_table_expiration_ms = 24 * 3600 * 1000
    client.create_dataset(staging, exists_ok=True)
    made = client.create_dataset(dataset, exists_ok=True)
    if made.labels.get("schema") == stamp or _remembered("POST", client, dataset, stamp):
        return
    for spec in specs:
        table = _table(client.project, dataset, spec)
        _grow(client, client.create_table(table, exists_ok=True), table.schema)
    for statement in statements:
        client.query_and_wait(statement)
    made.labels = {"schema": stamp}
    client.update_dataset(made, ["labels"])
    _remembered("PUT", client, dataset, stamp)


def _remembered(method: str, client: bigquery.Client, dataset: str, stamp: str) -> bool:
    """Ask the stand-in to remember a dataset's tables and views, or to make them as remembered."""
    path = f"/projects/{client.project}/datasets/{dataset}/schemas/{stamp}"
    try:
        answer: dict[str, bool] = client._connection.api_request(method=method, path=path)
    except NotFound:  # it keeps its tables in another way
        return False
    return answer.get("restored", False)


def _grow(client: bigquery.Client, table: bigquery.Table, fields: list[SchemaField]) -> None:
    """Add the columns that a table of an older version lacks; migrations only ever add."""
    there = {field.name for field in table.schema}
    if missing := [field for field in fields if field.name not in there]:
        table.schema = [*table.schema, *missing]
        client.update_table(table, ["schema"])


def _table(project: str, dataset: str, spec: tables.Table) -> bigquery.Table:
    fields = [SchemaField.from_api_repr(column) for column in spec.schema]
    table = bigquery.Table(f"{project}.{dataset}.{spec.name}", fields)
    table.description = spec.description
    table.clustering_fields = list(spec.cluster) or None
    if partition := dict(spec.partition):
        table.time_partitioning = bigquery.TimePartitioning(
            type_=partition["type"], field=partition["field"]
        )
    return table


def make_topics(functions: list[Service]) -> None:
    """A topic per step with our push subscription, and a dead-letter topic with one, too."""
    publisher, subscriber = pubsub_v1.PublisherClient(), pubsub_v1.SubscriberClient()
    for function in functions:
        topic = publisher.topic_path(PROJECT, f"vigil-{function.name}")
        dead = publisher.topic_path(PROJECT, f"vigil-{function.name}-dead")
        for name in (topic, dead):
            publisher.create_topic(Topic(name=name))
        for subscription in (push_subscription(function, topic, dead), _pull(dead)):
            try:
                subscriber.create_subscription(subscription)
            except AlreadyExists:
                continue


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


def make(functions: list[Service], *, restricted: bool = True) -> None:
    """Everything the steps expect to find in the cloud that the environment names."""
    cloud = Cloud.from_env()
    settings = cloud.settings
    open_ones = [settings.raw_bucket, settings.models_bucket, settings.reports_bucket]
    make_buckets(cloud.lake.store.client, [*open_ones, settings.restricted_bucket])
    make_expiry(cloud.lake.store.client, settings.restricted_bucket)
    make_tables(cloud.warehouse.client, settings.warehouse)
    if restricted:
        make_tables(cloud.warehouse.client, settings.restricted_warehouse)
    if functions:
        make_topics(functions)
