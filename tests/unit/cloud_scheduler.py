"""Cloud Scheduler's API on a port of this machine: its own messages, jobs in memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from google.cloud import scheduler_v1 as api
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import (
    CloudSchedulerGrpcTransport,
)
from google.rpc.status_pb2 import Status

SERVICE = "google.cloud.scheduler.v1.CloudScheduler"
PAGE = 2  # jobs, so that a list has more pages than one


@dataclass
class StandIn:
    """Jobs by their full name; what was asked for is remembered."""

    jobs: dict[str, api.Job] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    trouble: dict[str, Status] = field(default_factory=dict)  # what becomes of a job's attempt

    def list(self, request: api.ListJobsRequest, _context: Any) -> api.ListJobsResponse:
        """A page."""
        mine = [job for name, job in self.jobs.items() if name.startswith(f"{request.parent}/")]
        at = int(request.page_token or 0)
        more = str(at + PAGE) if at + PAGE < len(mine) else ""
        return api.ListJobsResponse(jobs=mine[at : at + PAGE], next_page_token=more)

    def run(self, request: api.RunJobRequest, context: Any) -> api.Job:
        """An attempt."""
        job = self._job("run", request.name, context)
        job.last_attempt_time = datetime.now(UTC)
        job.status = self.trouble.get(request.name, Status())
        return job

    def pause(self, request: api.PauseJobRequest, context: Any) -> api.Job:
        """Enabled no more."""
        job = self._job("pause", request.name, context)
        job.state = api.Job.State.PAUSED
        return job

    def resume(self, request: api.ResumeJobRequest, context: Any) -> api.Job:
        """Enabled, and due."""
        job = self._job("resume", request.name, context)
        job.state, job.schedule_time = api.Job.State.ENABLED, datetime.now(UTC) + timedelta(1)
        return job

    def _job(self, call: str, name: str, context: Any) -> api.Job:
        self.calls.append((call, name))
        if name not in self.jobs:
            context.abort(grpc.StatusCode.NOT_FOUND, "Job not found.")
        return self.jobs[name]


def _method(call: Callable[..., Any], takes: Any, gives: Any) -> grpc.RpcMethodHandler:
    return grpc.unary_unary_rpc_method_handler(
        call, request_deserializer=takes.deserialize, response_serializer=gives.serialize
    )


@contextmanager
def serving(stand_in: StandIn) -> Iterator[api.CloudSchedulerClient]:
    """Google's own client, connected to it."""
    methods = {
        "ListJobs": _method(stand_in.list, api.ListJobsRequest, api.ListJobsResponse),
        "RunJob": _method(stand_in.run, api.RunJobRequest, api.Job),
        "PauseJob": _method(stand_in.pause, api.PauseJobRequest, api.Job),
        "ResumeJob": _method(stand_in.resume, api.ResumeJobRequest, api.Job),
    }
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield api.CloudSchedulerClient(transport=CloudSchedulerGrpcTransport(channel=channel))
    finally:
        server.stop(None).wait()
