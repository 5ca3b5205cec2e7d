"""Terraform without a registry: providers that have a schema and do nothing.

    PYTHONPATH=tests python -m terraform.offline terraform -chdir=terraform validate

runs a command with them. `validate` then knows every argument, and `test` with `mock_provider`
plans every resource. What a value may be, which arguments exclude each other and what Google says
of it all, nobody checks here. In schemas/archive.json a zip's sources are a list, though the real
provider has a set of them: Terraform compares a set's members with each other, which takes seconds.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc

from terraform.wire import encoded

SCHEMAS = Path(__file__).parent / "schemas"
NOTHING = b""  # on the wire: no trouble, no opinion


def handler(schemas: dict[str, Any]) -> grpc.GenericRpcHandler:
    """A provider that answers with its schema, and has nothing against anything."""
    answer = encoded(schemas)
    nothing = ("ValidateResourceTypeConfig", "ValidateDataSourceConfig", "Configure", "Stop")
    calls = {
        "GetSchema": lambda _request, _context: answer,
        # The request is the configuration, the answer the same one prepared: as it is.
        "PrepareProviderConfig": lambda request, _context: request,
        **dict.fromkeys(nothing, lambda _request, _context: NOTHING),
    }
    methods = {name: grpc.unary_unary_rpc_method_handler(call) for name, call in calls.items()}
    return grpc.method_handlers_generic_handler("tfplugin5.Provider", methods)


@contextmanager
def provider(schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A provider that listens, and how Terraform attaches to it."""
    unlimited = [("grpc.max_send_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(4), options=unlimited)
    server.add_generic_rpc_handlers((handler(schemas),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield {
            "Protocol": "grpc",
            "ProtocolVersion": 5,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "tcp", "String": f"127.0.0.1:{port}"},
        }
    finally:
        server.stop(None)


@contextmanager
def attached() -> Iterator[dict[str, str]]:
    """The environment in which Terraform finds all providers that we have a schema of."""
    with ExitStack() as stack:
        where = {}
        for file in sorted(SCHEMAS.glob("*.json")):
            address = f"registry.terraform.io/hashicorp/{file.stem}"
            where[address] = stack.enter_context(provider(json.loads(file.read_text())))
        yield {"TF_REATTACH_PROVIDERS": json.dumps(where), "CHECKPOINT_DISABLE": "1"}


if __name__ == "__main__":
    with attached() as environment:
        sys.exit(subprocess.call(sys.argv[1:], env={**os.environ, **environment}))
