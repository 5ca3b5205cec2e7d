"""Cloud Storage on one machine: gcp-storage-emulator, held to what Google promises.

    python -m vigil.local.storage --port 9023 --dir .vigil/storage

By itself the emulator ignores preconditions and list offsets, and a kill in the middle of a write
leaves an object that contradicts its own metadata. Here a precondition that does not hold is a
412, and content and metadata change together or not at all. Not emulated: superseded generations,
pages of a list, preconditions on a restore, in a batch or in the XML API.
"""

import argparse
import fcntl
import json
import logging
import operator
import os
import shutil
import signal
import tempfile
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from functools import partial
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, Never
from urllib.parse import parse_qsl, urlsplit

from gcp_storage_emulator import settings
from gcp_storage_emulator.exceptions import NotFound
from gcp_storage_emulator.server import RequestHandler, Router
from gcp_storage_emulator.storage import Storage, _FileStore

METADATA = ".meta"  # the emulator's own name for the file that describes every object
STAGED = "_staged"  # beside the buckets, whose names cannot begin with an underscore

# How a precondition's name ends, the field it speaks of, and how the two must compare.
PRECONDITIONS = {
    "GenerationMatch": ("generation", operator.eq),
    "GenerationNotMatch": ("generation", operator.ne),
    "MetagenerationMatch": ("metageneration", operator.eq),
    "MetagenerationNotMatch": ("metageneration", operator.ne),
}


class PreconditionFailed(Exception):
    """The object is not in the state the request made a condition."""


def require(query: Mapping[str, str], prefix: str, found: Mapping[str, Any] | None) -> None:
    """Check the preconditions whose names begin with *prefix* against the object *found*."""
    # In uploads, Google's own client writes ifMetaGenerationNotMatch with a capital G.
    conditions = {name.lower(): value for name, value in query.items()}
    for name, (field, compare) in PRECONDITIONS.items():
        expected = conditions.get((prefix + name).lower())
        if expected is None:
            continue
        # Of a missing object only "its generation is 0" holds, whatever else was asked.
        missing = name == "GenerationMatch" and expected == "0"
        if not (compare(found[field], expected) if found else missing):
            raise PreconditionFailed(
                "At least one of the pre-conditions you specified did not hold."
            )


class StagedFiles(_FileStore):  # type: ignore[misc]  # the emulator ships no types
    """Files whose changes wait for the metadata that describes them, and then all happen."""

    def __init__(self, root: Path) -> None:
        super().__init__(use_memory=False, root=root)
        self.root = root
        self.changes: dict[str, str | None] = {}  # by path: the staged file, None for a removal

    def write_bytes(self, rel: str, content: bytes) -> None:
        """Keep *content* aside until the commit."""
        target = self._disk_path(rel)
        # What the file system cannot hold has to fail here: after the commit is too late.
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():  # left by deleted objects below this name, unless one still lives
            for folder in [*sorted(target.rglob("*"), reverse=True), target]:
                folder.rmdir()
        self.changes[rel] = self._stage(content).name

    def remove_file(self, rel: str) -> None:
        """Let the file, or folder, go away at the commit."""
        if not self._disk_path(rel).exists():
            raise FileNotFoundError(rel)
        self.changes[rel] = None

    remove_tree = remove_file

    def commit(self, metadata: Mapping[str, object]) -> None:
        """Make *metadata* true, at once with every change noted before it."""
        # Replacing this one file is the commit: what it lists is done now, or by the next start.
        record = json.dumps({**metadata, "changes": self.changes})
        self._stage(record.encode()).replace(self.root / METADATA)
        folder = os.open(self.root, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        self._settle()

    def recover(self) -> None:
        """Finish the changes of the last commit, forget those that never got so far."""
        self.changes = {}
        if self.exists_file(METADATA):
            self.changes = json.loads(self.read_bytes(METADATA)).get("changes", {})
        self._settle()
        shutil.rmtree(self.root / STAGED, ignore_errors=True)

    def _stage(self, content: bytes) -> Path:
        folder = self.root / STAGED
        folder.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return Path(file.name)

    def _settle(self) -> None:
        # Nothing here minds being done twice: after a kill all of it is.
        for rel, staged in self.changes.items():
            target = self._disk_path(rel)
            if staged is None and target.is_dir():
                shutil.rmtree(target)
            elif staged is None:
                target.unlink(missing_ok=True)
            elif (source := self.root / STAGED / staged).exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                source.replace(target)
        self.changes = {}


class DurableStorage(Storage):  # type: ignore[misc]  # the emulator ships no types
    """The emulator's storage, heeding the request it works for and surviving a kill."""

    def __init__(self, folder: Path) -> None:
        super().__init__(data_dir=str(folder))
        self._store = StagedFiles(folder / settings.STORAGE_DIR)
        self.lock = threading.Lock()
        self.query: dict[str, str] = {}  # of the request that holds the lock
        self.reading = False  # whether that request only reads
        self.reload()

    def reload(self) -> None:
        """Return to what the disk says."""
        self._store.recover()
        self._read_config_from_file()

    def get_file_obj(self, bucket_name: str, file_name: str) -> dict[str, Any]:
        """The object's metadata, if it is still what the request means."""
        # A copy: the emulator edits in place, before it knows whether it may.
        found: dict[str, Any] = deepcopy(super().get_file_obj(bucket_name, file_name))
        live = found["generation"]
        if self.query.get("sourceGeneration", self.query.get("generation", live)) != live:
            raise NotFound
        require(self.query, "if" if self.reading else "ifSource", found)
        return found

    def create_resumable_upload(self, bucket_name: str, file_name: str, file_obj: Any) -> Any:
        """Begin an upload, unless it is already known to be in vain."""
        self._require_live(bucket_name, file_name)
        return super().create_resumable_upload(bucket_name, file_name, file_obj)

    def add_to_resumable_upload(self, *args: Any, **kwargs: Any) -> Any:
        """Keep one part of an upload."""
        content = super().add_to_resumable_upload(*args, **kwargs)
        self._write_config_to_file()  # commits the part; the emulator has nothing to write here
        return content

    def create_file(
        self, bucket_name: str, file_name: str, content: bytes, file_obj: Any, file_id: Any = None
    ) -> None:
        """Write a new generation of an object."""
        if "\\" in file_name or {"", ".", ".."} & set(file_name.split("/")):
            raise ValueError(f"{file_name!r}: expected a name that can also be a file's")
        self._require_live(bucket_name, file_name)
        file_obj["metageneration"] = "1"  # the emulator counts an upload's own metadata as a change
        file_obj.pop("mediaLink", None)  # names today's port; without it, clients ask who they know
        super().create_file(bucket_name, file_name, content, file_obj, file_id)

    def patch_object(self, bucket_name: str, file_name: str, file_obj: Any) -> None:
        """Change an object's metadata."""
        self._require_live(bucket_name, file_name)
        super().patch_object(bucket_name, file_name, file_obj)

    def delete_file(self, bucket_name: str, file_name: str) -> None:
        """Delete an object."""
        self.get_file_obj(bucket_name, file_name)  # a missing object is a 404, never a 412
        self._require_live(bucket_name, file_name)
        super().delete_file(bucket_name, file_name)

    def wipe(self, keep_buckets: bool = False) -> Never:
        """Refuse: any web page could ask a server on this machine to lose everything."""
        raise PermissionError(f"/wipe is not served ({keep_buckets=})")

    def _list_live_candidates(self, bucket_name: str, prefix: str | None = None) -> Any:
        start, end = self.query.get("startOffset", ""), self.query.get("endOffset")
        candidates = super()._list_live_candidates(bucket_name, prefix)
        return [(n, found) for n, found in candidates if n >= start and (not end or n < end)]

    def _require_live(self, bucket_name: str, file_name: str) -> None:
        require(self.query, "if", self.objects.get(bucket_name, {}).get(file_name))

    def _write_config_to_file(self) -> None:
        parts = ("buckets", "objects", "resumable", "bucket_iam_policies", "soft_deleted")
        self._store.commit({part: getattr(self, part) for part in parts})


class Handler(RequestHandler):  # type: ignore[misc]  # the emulator ships no types
    """One request: read whole, answered alone, sent back."""

    timeout = 60  # a client that stops in mid-request gives its thread back
    rfile: Any  # the wire, or the memory between the wire and the emulator
    wfile: Any

    def answer(self) -> None:
        """Answer from memory to memory, so that no slow client holds the lock."""
        with suppress(ConnectionError):
            wire, body = self.wfile, self._body()
            with self.storage.lock:
                self._route(body)
            reply, self.wfile = self.wfile.getvalue(), wire
            self.wfile.write(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815  # http.server's names

    def _body(self) -> bytes:
        # The emulator would keep the part of a body that came before its client died.
        if "Transfer-Encoding" in self.headers:
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            raise ConnectionError
        length = int(self.headers.get("Content-Length", 0))
        body: bytes = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError
        return body

    def _route(self, body: bytes) -> None:
        url = urlsplit(self.path)
        query = {} if url.path.endswith("/restore") else dict(parse_qsl(url.query))
        self.storage.query, self.storage.reading = query, self.command == "GET"
        self.rfile, self.wfile = BytesIO(body), BytesIO()
        try:
            self._dispatch(url.path, body)
        except PreconditionFailed as error:
            self._refuse(HTTPStatus.PRECONDITION_FAILED, "conditionNotMet", str(error))
        except Exception as error:  # noqa: BLE001  # whatever it is, the client must hear of it
            traceback.print_exc()
            self.storage.reload()
            # Google's clients would repeat a 500, or a closed connection, for two minutes.
            message = f"{type(error).__name__}: {error}"
            self._refuse(HTTPStatus.NOT_IMPLEMENTED, "notImplemented", message)

    def _dispatch(self, path: str, body: bytes) -> None:
        if path.endswith("/compose") and b'"objectPreconditions"' in body:
            raise NotImplementedError("preconditions on the sources of a compose")
        Router(self).handle(self.command)

    def _refuse(self, status: HTTPStatus, reason: str, message: str) -> None:
        detail = {"message": message, "domain": "global", "reason": reason}
        error = {"code": status, "message": message, "errors": [detail]}
        body = json.dumps({"error": error}).encode()
        self.wfile = BytesIO()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Takes requests by the dozen; the storage's lock puts them in a row."""

    daemon_threads = True  # a stop waits for no client
    request_queue_size = 128


def claim(folder: Path) -> None:
    """Make sure that one server at most writes to *folder*, until this process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(f"{folder}: expected no other storage server here, found one") from None


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="vigil.local.storage", description="A local GCS.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", type=Path, required=True)
    options = parser.parse_args()
    logging.disable(logging.ERROR)  # the emulator calls every missing object an error
    stop = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)  # before any thread, so that all inherit it
    folder = options.dir.resolve()
    claim(folder)
    with Server(("127.0.0.1", options.port), partial(Handler, DurableStorage(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        signal.sigwait(stop)
        server.shutdown()


if __name__ == "__main__":
    main()
