"""The warehouse: BigQuery behind a small object. Reads as of a moment; one commit per step."""

import io
import random
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache, partial
from itertools import count
from typing import Any
from uuid import uuid4

import grpc
import pyarrow as pa
import pyarrow.parquet as pq
from google.api_core.exceptions import BadRequest, Conflict, GoogleAPICallError

from vigil import billing, crash, tables
from vigil.clients import arrow_helpers, bigquery, bigquery_storage
from vigil.commit import Commit, Head, Rows, parameter, transaction, values
from vigil.deadline import Deadline
from vigil.log import log
from vigil.panel import Panel, from_rows
from vigil.recorded import DIGEST, Recorded

ONE_TRY = 60.0  # seconds of silence; the last try may outlive the deadline by so much
EVER = datetime(1970, 1, 1, tzinfo=UTC)
ASKING = 5.0  # seconds to find out what a query cost
FIRST_PAGE = 100  # rows that come as JSON with the answer; three times as many are read as columns
MAX_BYTES_BILLED = 20 << 30  # one query; a year of one dataset's observations is under 1 GiB

# Google's client looks only so often whether a download is over: 0.2 s of sleep for every result.
arrow_helpers._PROGRESS_INTERVAL = 0.01


@dataclass(frozen=True)
class Warehouse:
    """One BigQuery dataset."""

    client: bigquery.Client
    storage_api: str | None  # a stand-in's gRPC address; None is Google's own
    name: str
    deadline: Deadline

    def query(self, sql: str, /, **parameters: Any) -> bigquery.table.RowIterator:
        """Run a statement; names come from our files, values only as parameters."""
        return self._ask(sql, parameters)

    def _ask(
        self, sql: str, parameters: Mapping[str, Any], page: int | None = None
    ) -> bigquery.table.RowIterator:
        config = self._config(parameters)
        found = self._again(
            lambda: self.client.query_and_wait(
                sql,
                job_config=config,
                page_size=page,
                api_timeout=self.deadline.left(ONE_TRY),
                wait_timeout=self.deadline.left(),
                retry=self.deadline.retry(),
                job_retry=None,
            )
        )
        billing.note(partial(self._billed, found.job_id, found.location))
        return found

    def _config(self, parameters: Mapping[str, Any]) -> bigquery.QueryJobConfig:
        """Of every query: its parameters, and a limit to what it may read."""
        return bigquery.QueryJobConfig(
            query_parameters=[parameter(name, value) for name, value in parameters.items()],
            maximum_bytes_billed=MAX_BYTES_BILLED,
            default_dataset=f"{self.client.project}.{self.name}",
        )

    def _billed(self, job_id: str, location: str | None) -> int | None:
        """What a query cost, if BigQuery says so at once."""
        try:
            job = self.client.get_job(
                job_id, location=location, retry=None, timeout=self.deadline.left(ASKING)
            )
        except Exception:  # noqa: BLE001  no step fails for a number in the ledger
            return None
        billed: int | None = job.total_bytes_billed
        return billed

    def _again[T](self, statement: Callable[[], T]) -> T:
        """Statements that change one table cancel each other: come again, a little later."""
        while True:
            try:
                return statement()
            except (BadRequest, Conflict) as error:
                if not _cancelled(error):
                    raise
            time.sleep(min(self.deadline.left(), random.uniform(0.05, 0.5)))  # noqa: S311  jitter

    def rows(self, sql: str, /, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a small result."""
        return [dict(row.items()) for row in self.query(sql, **parameters)]

    def arrow(self, sql: str, /, **parameters: Any) -> pa.Table:
        """A large result, read through the Storage API as columns."""
        found = self._ask(sql, parameters, FIRST_PAGE)
        reader = Reader(_storage_client(self.storage_api), self.deadline)
        return found.to_arrow(bqstorage_client=reader, timeout=self.deadline.left())

    def head(self, dataset: str) -> Head:
        """What the tables show of a dataset; its row is made when there is none."""
        found = self.rows("SELECT * FROM heads WHERE dataset = @dataset", dataset=dataset)
        if not found:
            self._first_head(dataset)
            return Head(dataset)
        known = {one.name for one in fields(Head)}  # a later version's table may have more
        return Head(**{name: value for name, value in found[0].items() if name in known})

    def _first_head(self, dataset: str) -> None:
        """One row, whoever comes first: BigQuery runs a job of one name once.

        The name holds the table's birth, so that a table made anew gets its row anew.
        """
        heads = self.client.get_table(f"{self.name}.heads", **self._one_try())
        sql = (
            f"INSERT INTO `{self.name}.heads` (dataset, revision, contents, arrival, arrivals) "
            "VALUES (@dataset, 0, '{}', '', 0)"
        )
        config = self._config({"dataset": dataset})
        name = f"vigil-{self.name}-head-{dataset}-{heads.created.timestamp():.0f}"
        for number in count():  # the name of a job that failed, or whose row is lost, is used up
            done = self._again(partial(self._once, sql, config, f"{name}-{number}", heads.location))
            if done and self.rows("SELECT 1 FROM heads WHERE dataset = @dataset", dataset=dataset):
                return

    def _once(
        self, sql: str, config: bigquery.QueryJobConfig, job_id: str, location: str | None
    ) -> bool:
        """Run the job of that name, or wait for whoever does; False when it failed."""
        try:
            job = self.client.query(
                sql,
                job_config=config,
                job_id=job_id,
                location=location,
                job_retry=None,
                **self._one_try(),
            )
        except Conflict:
            job = self.client.get_job(job_id, location=location, **self._one_try())
        error = self._finished(job).exception()
        if error is not None:
            log(f"{job_id}: {error}", severity="WARNING", dataset=self.name)
        billing.note(lambda: job.total_bytes_billed)
        return error is None

    def _finished(self, job: Any) -> Any:
        """The job, once it has come to an end."""
        while not job.done(**self._one_try()):
            time.sleep(min(self.deadline.left(), 0.2))
        return job

    def _one_try(self) -> dict[str, Any]:
        """How long a call may take, and how long it may be tried."""
        return {"retry": self.deadline.retry(), "timeout": self.deadline.left(ONE_TRY)}

    def panel(self, dataset: str, as_of: datetime, measures: Sequence[str] = ()) -> Panel:
        """What was known of a dataset at a moment, as published: all, or some measures."""
        return from_rows(
            self.arrow(
                "SELECT source, target, series, date, value "
                f"FROM `{self.name}.observations_asof`(@as_of) WHERE dataset = @dataset "
                "AND (ARRAY_LENGTH(@measures) = 0 OR target IN UNNEST(@measures))",
                as_of=as_of,
                dataset=dataset,
                measures=list(measures),
            )
        )

    def records_asof(self, dataset: str, as_of: datetime) -> pa.Table:
        """What was known of each record at a moment, by its name: the same bytes each time."""
        sql = (
            "SELECT record, person, fields FROM records "
            "WHERE dataset = @dataset AND issued_at <= @as_of "
            "QUALIFY ROW_NUMBER() OVER (PARTITION BY record ORDER BY issued_at DESC) = 1 "
            "ORDER BY record"
        )
        return self.arrow(sql, dataset=dataset, as_of=as_of)

    def vintage(self, dataset: str, as_of: datetime) -> str | None:
        """The newest vintage at a moment."""
        sql = (
            "SELECT vintage FROM vintages WHERE dataset = @dataset AND issued_at <= @as_of "
            "ORDER BY vintage DESC LIMIT 1"
        )
        found = self.rows(sql, dataset=dataset, as_of=as_of)
        return found[0]["vintage"] if found else None

    def published(self, dataset: str, publication: str) -> bool:
        """Whether that forecast is there already."""
        sql = (
            "SELECT 1 FROM publications WHERE dataset = @dataset AND publication = @publication "
            "LIMIT 1"
        )
        return bool(self.rows(sql, dataset=dataset, publication=publication))

    def forecast(self, dataset: str, as_of: datetime, series: str | None) -> pa.Table:
        """The newest forecast published by a moment, whole or of one series."""
        sql = (
            "SELECT publication, first_reference, last_reference FROM publications "
            "WHERE dataset = @dataset AND issued_at <= @as_of AND `rows` > 0 "
            "ORDER BY issued_at DESC, vintage DESC, published_at DESC LIMIT 1"
        )
        newest = self.rows(sql, dataset=dataset, as_of=as_of)
        if not newest:
            return tables.load("forecasts").rows([])
        columns = ", ".join(tables.load("forecasts").columns)
        sql = (
            f"SELECT {columns} FROM forecasts WHERE dataset = @dataset AND serves "
            "AND publication = @publication "
            "AND reference_date BETWEEN @first_reference AND @last_reference "
            "AND (@series = '' OR series = @series) "
            "ORDER BY target, source, series, period, horizon"
        )
        return self.arrow(sql, dataset=dataset, series=series or "", **newest[0])

    def series(self, dataset: str) -> dict[str, dict[str, Any]]:
        """What is said of each series of a dataset."""
        sql = "SELECT * FROM series WHERE dataset = @dataset"
        return {row["series"]: row for row in self.rows(sql, dataset=dataset)}

    def contents(self, dataset: str) -> set[tuple[str, str]]:
        """All contents that the sources of a dataset ever had, by hash."""
        sql = "SELECT source, sha256 FROM vintages WHERE dataset = @dataset"
        return {(row["source"], row["sha256"]) for row in self.rows(sql, dataset=dataset)}

    def standing_errors(self, dataset: str, run_id: str) -> set[tuple[str, str, str]]:
        """Rule, scope and words of the refusals since the last look that went well."""
        sql = "SELECT checked_at FROM heads WHERE dataset = @dataset AND checked_at IS NOT NULL"
        [since] = [row["checked_at"] for row in self.rows(sql, dataset=dataset)] or [EVER]
        sql = (
            "SELECT rule, scope, found FROM findings WHERE dataset = @dataset "
            "AND severity = 'error' AND (run_id = @run_id OR as_of > @since)"
        )
        rows = self.rows(sql, dataset=dataset, run_id=run_id, since=since)
        return {(row["rule"], row["scope"], row["found"]) for row in rows}

    def recorded(self, dataset: str) -> Recorded:
        """The newest of each record, by its hash."""
        sql = f"SELECT record, {DIGEST} AS digest FROM latest_records WHERE dataset = @dataset"
        rows = self.arrow(sql, dataset=dataset)
        return Recorded(rows["record"], rows["digest"])

    def people(self, dataset: str, table: str) -> list[tuple[str, str | None]]:
        """Whom the rows of a table are about: record and person. Asked without naming anybody."""
        sql = f"SELECT record, person FROM {table} WHERE dataset = @dataset"
        found = self.arrow(sql, dataset=dataset)
        return list(zip(*(found[name].to_pylist() for name in ("record", "person")), strict=True))

    def clear_staged(self) -> None:
        """Remove the staged rows about people; whoever waits for them stages them again."""
        for one in self.client.list_tables(f"{self.name}_staging", **self._one_try()):
            if tables.load(one.table_id.rpartition("_")[0]).of_people:
                self._unstage(f"{self.client.project}.{self.name}_staging.{one.table_id}")

    def stage(self, table: str, rows: Rows) -> str:
        """Load rows into a table of their own, in a dataset whose tables expire after a day."""
        spec = tables.load(table)
        name = f"{self.client.project}.{self.name}_staging.{table}_{uuid4().hex[:12]}"
        file = _parquet(rows, spec.arrow)
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET, schema=_fields(spec)
        )
        job = self.client.load_table_from_file(
            file,
            name,
            rewind=True,
            job_config=config,
            num_retries=1,  # of uploads: their pauses know no deadline
            timeout=self.deadline.left(ONE_TRY),
        )
        self._finished(job).result()
        return name

    def commit(self, commit: Commit) -> bool:
        """Everything in one transaction; False when the dataset moved on since it was read."""
        crash.point("commit:1")  # everything is computed, nothing is staged
        large = commit.large
        with ThreadPoolExecutor(max_workers=8) as pool:  # loads take seconds each, and wait
            names = list(pool.map(self.stage, large.keys(), large.values()))
            crash.point("commit:2")  # everything is staged, nothing is committed
            try:
                sql, parameters = transaction(commit, dict(zip(large, names, strict=True)))
                won = bool(self.rows(sql, **parameters)[0]["won"])
            finally:
                list(pool.map(self._unstage, names))
        crash.point("commit:3")  # committed; what follows is not done
        return won

    def _unstage(self, name: str) -> None:
        self.client.delete_table(name, not_found_ok=True, **self._one_try())

    def append(self, table: str, rows: pa.Table) -> None:
        """Add a few rows outside a commit: the ledger and findings of what was not done."""
        if rows.num_rows:
            sql, parameters = values(table, rows.to_pylist())
            self.query(sql, **parameters)


@dataclass(frozen=True)
class Reader:
    """Google's client of the Storage API, under a deadline: their BigQuery client sets none."""

    client: bigquery_storage.BigQueryReadClient
    deadline: Deadline

    def create_read_session(self, **request: Any) -> bigquery_storage.types.ReadSession:
        """A result, cut into streams."""
        return self.client.create_read_session(**request)

    def read_rows(self, name: str) -> Any:
        """One stream."""
        return self.client.read_rows(name, timeout=self.deadline.left())


@cache
def _storage_client(address: str | None) -> bigquery_storage.BigQueryReadClient:
    """A client of the Storage API, one for the life of the process."""
    if address is None:
        return bigquery_storage.BigQueryReadClient()
    unlimited = [("grpc.max_receive_message_length", -1)]
    channel = grpc.insecure_channel(address, options=unlimited)
    transport = bigquery_storage.BigQueryReadClient.get_transport_class("grpc")
    return bigquery_storage.BigQueryReadClient(transport=transport(channel=channel))


def _parquet(rows: Rows, schema: pa.Schema) -> io.BytesIO:
    """Rows as a file; of what is made while it is read, a part at a time."""
    file = io.BytesIO()
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        if isinstance(rows, pa.Table):
            writer.write_table(rows.cast(schema))
        else:
            for batch in rows.to_batches():
                writer.write_batch(batch)
    return file


def _cancelled(error: GoogleAPICallError) -> bool:
    """BigQuery's words for it, and the stand-in's."""
    said = str(error).lower()
    words = ("concurrent update", "conflict on", "failed to commit", "duplicate key")
    return any(word in said for word in words)


def _fields(spec: tables.Table) -> list[bigquery.SchemaField]:
    return [bigquery.SchemaField.from_api_repr(column) for column in spec.schema]
