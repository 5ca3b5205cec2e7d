"""Statements that were asked before, answered by one statement of DuckDB's.

local-bigquery makes a job of each query and a table of its result, and reads that table: some ten
statements and thirty models of its own. A known query or change of rows is run as it is, and its
rows are those of the answer. What is not known, or has a large result, goes the long way.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from vigil.local.translations import Memory, Names, Translation

FEW = 1000  # rows; more of them become a table, as Google's client may read it as columns
PLAIN = {  # what a request may say
    *("query", "useLegacySql", "defaultDataset", "queryParameters", "parameterMode"),
    *("maximumBytesBilled", "formatOptions", "maxResults", "timeoutMs", "requestId", "kind"),
    *("jobCreationMode", "useQueryCache", "location"),
}

type Keep = Callable[[str, str, Callable[[], Any]], None]


@dataclass(frozen=True)
class Plan:
    """One statement: its SQL gives the rows of the answer, or how many rows it changed."""

    translation: Translation
    kind: str
    sql: str
    fields: list[Any] | None  # of a query
    target: tuple[str, ...]  # of a change of rows


@dataclass(frozen=True)
class Asked:
    """A request for the result of a plain statement."""

    project: str
    dataset: str | None
    job: str
    body: Any
    names: Names
    values: dict[str, Any]


@dataclass
class Answers:
    """Plans of the statements whose translations are known."""

    memory: Memory
    database: ModuleType
    keep: Keep  # a job, made when somebody asks for it
    plans: dict[Translation, Plan] = field(default_factory=dict)

    def answer(self, project: str, body: Any) -> Any:
        """The response to a query's request; none where it has to go the long way."""
        import duckdb  # noqa: PLC0415  it reads HOME when imported
        from local_bigquery.sql import params, script  # noqa: PLC0415

        if not body.given().keys() <= PLAIN or not body.formatOptions:
            return None
        default = body.defaultDataset
        expressions, values = params.bind(body.queryParameters or [])
        project = default.projectId or project if default else project
        dataset = default.datasetId if default else None
        names = self.memory.names_in(body.query or "", dataset)
        with self.memory.named(names):
            statements = script.parse_script(body.query or "")
            key = self.memory.key(statements[0].text if len(statements) == 1 else "", project,
                                  dataset, expressions)  # fmt: skip
            translation = self.memory.found(key)
        if translation is None:
            return None
        job = body.requestId or str(uuid.uuid4())
        asked = Asked(project, dataset, job, body, names, values)
        try:
            with self._cursor(asked) as cursor:
                return self._answered(cursor, asked, self._plan(cursor, asked, translation))
        except duckdb.Error:  # to be told in BigQuery's words
            return None

    @contextmanager
    def _cursor(self, asked: Asked) -> Iterator[Any]:
        with self.database.cursor() as cursor:
            cursor.execute(f"USE {self.database.quote(asked.project, asked.dataset or 'main')}")
            yield cursor

    def _plan(self, cursor: Any, asked: Asked, translation: Translation) -> Plan:
        if translation not in self.plans:
            if len(self.plans) >= len(self.memory.known) + FEW:  # most are forgotten by now
                self.plans.clear()
            [tree] = self.memory.parsed(translation.text)
            self.plans[translation] = _planned(cursor, asked, translation, tree)
        return self.plans[translation]

    def _answered(self, cursor: Any, asked: Asked, plan: Plan) -> Any:
        sql, began = asked.names.back(plan.sql), _now()
        bound = {name: asked.values[name] for name in plan.translation.parameters}
        answer: dict[str, Any] = {"statementType": plan.kind}
        rows: list[str] = []
        if plan.fields is None:
            target = map(asked.names.back, plan.target)
            with self.database.writing(*target):
                [changed] = cursor.execute(sql, bound).fetchone()
            answer["numDmlAffectedRows"] = str(changed)
        else:
            most = min(asked.body.maxResults or FEW, FEW)
            rows = [row for (row,) in cursor.execute(sql, bound).fetchmany(most + 1)]
            if len(rows) > most:
                return None
            answer |= {"schema": {"fields": plan.fields}, "totalRows": str(len(rows))}
        self.keep(asked.project, asked.job, lambda: _job(asked, answer, began))
        return _response(asked, answer, rows, began)


def quicken(memory: Memory, keep: Keep) -> None:
    """Let local-bigquery's route for queries ask here first."""
    from local_bigquery.api import jobs  # noqa: PLC0415  they read HOME
    from local_bigquery.engine import database  # noqa: PLC0415
    from local_bigquery.models import QueryRequest  # noqa: PLC0415

    answers = Answers(memory, database, keep)

    def query(project_id: str, body: QueryRequest) -> Any:
        return answers.answer(project_id, body) or jobs.run_query(project_id, body)

    jobs.router.post("/projects/{project_id}/queries")(query)
    routes = jobs.router.routes
    routes.insert(0, routes.pop())  # the first that fits answers


def _planned(cursor: Any, asked: Asked, translation: Translation, tree: Any) -> Plan:
    from local_bigquery.engine import results, types  # noqa: PLC0415
    from local_bigquery.jobs import query  # noqa: PLC0415

    kind = query.statement_type(tree)
    if kind != "SELECT":
        target = query._target(tree, _Place(asked.project, asked.dataset))
        general = tuple(map(asked.names.out, target))
        return Plan(translation, kind, translation.sql, None, general)
    bound = {name: asked.values[name] for name in translation.parameters}
    found = cursor.sql(asked.names.back(translation.sql), params=bound)
    names, places = results.unique(found.columns), [f"c{n}" for n in range(len(found.columns))]
    columns = ", ".join(
        f"{results._without_null_elements(types.cast(place, t), name, t)} AS {results.quote(name)}"
        for place, name, t in zip(places, names, found.types, strict=True)
    )
    select = f"SELECT {columns} FROM ({translation.sql}) AS q({', '.join(places)})"
    cast = cursor.sql(asked.names.back(select), params=bound)
    typed = list(zip(cast.columns, cast.types, strict=True))
    fields = [types.field(name, t).dump() for name, t in typed]
    return Plan(translation, kind, f"SELECT {types.row(typed)} FROM ({select})", fields, ())


def _response(asked: Asked, answer: dict[str, Any], rows: list[str], began: str) -> Any:
    from local_bigquery.api import with_rows  # noqa: PLC0415

    return with_rows(
        {
            "kind": "bigquery#queryResponse",
            "jobReference": _reference(asked),
            "jobComplete": True,
            "cacheHit": False,
            "totalBytesProcessed": "0",
            "totalBytesBilled": "0",
            "totalRows": "0",
            "totalSlotMs": "0",
            "queryId": asked.job,
            "location": "US",
            "creationTime": began,
            "startTime": began,
            "endTime": _now(),
            **answer,
        },
        rows,
    )


def _job(asked: Asked, answer: dict[str, Any], began: str) -> Any:
    """As local-bigquery would have kept it."""
    from local_bigquery.jobs import runner  # noqa: PLC0415
    from local_bigquery.models import JobConfiguration, JobStatistics  # noqa: PLC0415

    request = asked.body.given()
    query = {name: request[name] for name in ("query", "defaultDataset") if name in request}
    statistics = {name: answer[name] for name in answer if name != "totalRows"}
    job = runner._job(asked.project, asked.job, JobConfiguration(query=query, jobType="QUERY"))
    return runner._done(job, JobStatistics(creationTime=began, startTime=began, query=statistics))


def _reference(asked: Asked) -> dict[str, str]:
    return {"projectId": asked.project, "jobId": asked.job, "location": "US"}


def _now() -> str:
    return str(int(time.time() * 1000))


class _Place:
    """What a statement's target is resolved by."""

    def __init__(self, project: str, dataset: str | None) -> None:
        self.project_id, self.dataset_id = project, dataset
