"""What Terraform makes in Google's cloud, made on this machine from the same files."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256

from google.api_core.exceptions import Conflict, NotFound
from google.cloud.bigquery import SchemaField

from vigil import datasets, tables, views
from vigil.clients import bigquery, storage
from vigil.cloud import Cloud
from vigil.errors import Misconfigured
from vigil.local.services import Service


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


def make(functions: list[Service], *, restricted: bool = True) -> None:
    """Everything the steps expect to find in the cloud that the environment names."""
    make_storage()
    make_warehouses(restricted=restricted)
    if functions:
        from vigil.local import topics  # noqa: PLC0415  most commands send nothing

        topics.make(functions)


def make_storage() -> None:
    """The buckets, and how long personal data stay in theirs."""
    cloud = Cloud.from_env()
    settings, client = cloud.settings, cloud.lake.store.client
    open_ones = [settings.raw_bucket, settings.models_bucket, settings.reports_bucket]
    make_buckets(client, [*open_ones, settings.restricted_bucket])
    make_expiry(client, settings.restricted_bucket)


def make_warehouses(*, restricted: bool) -> None:
    """The dataset that people query, and beside it the one of personal data."""
    cloud = Cloud.from_env()
    names = [cloud.settings.warehouse]
    if restricted:
        names.append(cloud.settings.restricted_warehouse)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: make_tables(cloud.warehouse.client, name), names))
