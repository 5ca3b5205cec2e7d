"""The local Cloud Storage, asked by Google's own client, in a process of its own."""

import json
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import MethodNotImplemented, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from requests.exceptions import ConnectionError as Disconnected
from servers import listening

from sizes import soaked

SERVER = ("-m", "vigil.local.storage")
PART = 256 * 1024  # bytes, the smallest part of a resumable upload

# The server, killed before the n-th thing it does to a file while it answers.
DYING_SERVER = """
import os, signal, sys, threading
from vigil.local import storage

left = int(sys.argv.pop(1))
STEPS = {"write", "fsync", "replace", "unlink", "mkdir", "rmdir"}
PLACES = ("storage.py", "_local.py", "_abc.py", "tempfile.py")  # Vigil's, pathlib's, tempfile's

def watch(frame, event, function):
    global left
    if event == "c_call" and function.__name__ in STEPS:
        if frame.f_code.co_filename.endswith(PLACES):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

threading.setprofile(watch)
storage.main()
"""


@dataclass
class Cloud:
    """A running server, and Google's client of it."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self.port}"

    def bucket(self) -> Any:
        """The bucket all tests use."""
        client = storage.Client(
            project="demo",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self.url},
        )
        return client.lookup_bucket("lake") or client.create_bucket("lake")


@contextmanager
def running(folder: Path, program: tuple[str, ...] = SERVER, *extra: str) -> Iterator[Cloud]:
    """A server on a free port, which does not outlive the block."""
    with listening(*program, *extra, "--dir", str(folder)) as (process, port):
        yield Cloud(process, port)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with running(tmp_path_factory.mktemp("storage")) as server:
        yield server


@pytest.fixture
def bucket(cloud: Cloud) -> Any:
    bucket = cloud.bucket()
    for blob in bucket.list_blobs():
        blob.delete()
    return bucket


def put(bucket: Any, name: str, content: bytes = b"x", **conditions: int) -> Any:
    blob = bucket.blob(name)
    blob.upload_from_string(content, **conditions)
    return blob


def test_an_object_that_must_be_new_is_written_once(bucket):
    """if_generation_match=0: the second writer is refused and the first one's bytes stay."""
    put(bucket, "raw/a", b"first", if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        put(bucket, "raw/a", b"second", if_generation_match=0)
    assert bucket.blob("raw/a").download_as_bytes() == b"first"


def test_of_eight_racing_writers_exactly_one_wins(bucket):
    """All start together; the one that was told it won is the one whose bytes are there."""
    barrier = threading.Barrier(8)

    def write(prize: str, racer: bytes) -> bytes | None:
        barrier.wait()
        try:
            put(bucket, prize, racer, if_generation_match=0)
        except PreconditionFailed:
            return None
        return racer

    racers = [b"racer %d" % number for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for prize in ("first", "second", "third", "fourth", "fifth"):
            told = [racer for racer in pool.map(partial(write, prize), racers) if racer]
            assert told == [bucket.blob(prize).download_as_bytes()]


def contents(bucket: Any) -> dict[str, bytes]:
    # The client compares what it downloads with the checksum in the metadata.
    return {blob.name: blob.download_as_bytes(retry=None) for blob in bucket.list_blobs()}


def simple(bucket: Any, cloud: Cloud, **conditions: int) -> None:
    query = "".join(f"&ifGenerationMatch={value}" for value in conditions.values())
    url = f"{cloud.url}/upload/storage/v1/b/lake/o?uploadType=media&name=up{query}"
    urllib.request.urlopen(urllib.request.Request(url, b"new", method="POST")).close()


def multipart(bucket: Any, cloud: Cloud, **conditions: int) -> None:
    put(bucket, "up", b"new", **conditions)


def resumable(bucket: Any, cloud: Cloud, **conditions: int) -> None:
    bucket.blob("up", chunk_size=PART).upload_from_string(bytes(2 * PART), **conditions)


@pytest.mark.parametrize("upload", [simple, multipart, resumable])
def test_every_kind_of_upload_heeds_the_generation(bucket, cloud, upload):
    """The current generation may be replaced, any other may not."""
    current = put(bucket, "up", b"old").generation
    with pytest.raises((PreconditionFailed, urllib.error.HTTPError), match="412"):
        upload(bucket, cloud, if_generation_match=current - 1)
    assert bucket.blob("up").download_as_bytes() == b"old"
    upload(bucket, cloud, if_generation_match=current)
    assert bucket.blob("up").download_as_bytes() != b"old"


def test_a_resumable_upload_that_is_overtaken_is_refused_at_its_end(bucket):
    """The condition held when the upload began; it has to hold when it is done, too."""
    blob = bucket.blob("up", chunk_size=PART)

    class Overtaken(BytesIO):
        """Two parts; before the second is read, another writer writes."""

        def read(self, size: int | None = -1) -> bytes:
            if self.tell() == PART:
                put(bucket, "up", b"overtaken")
            return super().read(size)

    with pytest.raises(PreconditionFailed):
        blob.upload_from_file(Overtaken(bytes(2 * PART)), if_generation_match=0)
    assert bucket.blob("up").download_as_bytes() == b"overtaken"


CHANGES: dict[str, Callable[[Any, dict[str, int]], Any]] = {
    "patch": lambda blob, conditions: blob.patch(**conditions),
    "delete": lambda blob, conditions: blob.delete(**conditions),
    "copy": lambda blob, conditions: blob.bucket.copy_blob(
        blob.bucket.blob("source"), blob.bucket, "target", **conditions
    ),
    "rewrite": lambda blob, conditions: blob.rewrite(blob.bucket.blob("source"), **conditions),
    "compose": lambda blob, conditions: blob.compose([blob.bucket.blob("source")], **conditions),
}


@pytest.mark.parametrize("field", ["generation", "metageneration"])
@pytest.mark.parametrize("change", CHANGES)
def test_every_change_heeds_generation_and_metageneration(bucket, change, field):
    """With a condition that does not hold nothing happens; with one that does, the change."""
    put(bucket, "source", b"source")
    before = state(put(bucket, "target", b"target"))
    target = bucket.blob("target")
    target.metadata = {"note": "changed"}
    with pytest.raises(PreconditionFailed):
        CHANGES[change](target, {f"if_{field}_match": before[field] + 1})
    assert state(bucket.get_blob("target")) == before
    CHANGES[change](target, {f"if_{field}_match": before[field]})
    assert state(bucket.get_blob("target")) != before


def state(blob: Any) -> dict[str, Any]:
    fields = ("generation", "metageneration", "metadata", "crc32c")
    return {field: getattr(blob, field, None) for field in fields}


def test_a_condition_may_also_name_what_must_not_be_there(bucket):
    """0 stands for "no object", so that not 0 means there must be one."""
    with pytest.raises(PreconditionFailed):
        put(bucket, "a", if_generation_not_match=0)
    generation = put(bucket, "a").generation
    put(bucket, "a", if_generation_not_match=0)
    put(bucket, "a", if_generation_not_match=generation)
    with pytest.raises(PreconditionFailed):
        put(bucket, "a", if_metageneration_not_match=1)


def test_the_source_of_a_copy_has_conditions_of_its_own(bucket):
    """A source of another generation than the caller saw is not copied."""
    stale = put(bucket, "source", b"old").generation
    put(bucket, "source", b"new")
    with pytest.raises(PreconditionFailed):
        bucket.copy_blob(bucket.blob("source"), bucket, "target", if_source_generation_match=stale)
    with pytest.raises(MethodNotImplemented, match="sources of a compose"):
        bucket.blob("target").compose([bucket.blob("source")], if_source_generation_match=[stale])
    assert bucket.get_blob("target") is None


def test_a_refusal_is_explained_as_google_explains_it(bucket, cloud):
    """The body of a 412: code, message, and conditionNotMet as its reason."""
    put(bucket, "up")
    with pytest.raises(urllib.error.HTTPError) as refused:
        simple(bucket, cloud, if_generation_match=0)
    error = json.load(refused.value)["error"]
    assert (error["code"], error["errors"][0]["reason"]) == (412, "conditionNotMet")
    assert error["message"] == "At least one of the pre-conditions you specified did not hold."


def test_a_list_begins_at_its_start_and_ends_before_its_end(bucket):
    """start_offset is part of the list, end_offset is not, and both work with a prefix."""
    for name in ("a/9", "b/1", "b/2", "b/3", "b/4", "c/1"):
        put(bucket, name)
    for offsets, expected in [
        ({"start_offset": "b/3"}, ["b/3", "b/4"]),
        ({"end_offset": "b/3"}, ["b/1", "b/2"]),
        ({"start_offset": "b/2", "end_offset": "b/4"}, ["b/2", "b/3"]),
    ]:
        assert [blob.name for blob in bucket.list_blobs(prefix="b/", **offsets)] == expected


def test_what_is_not_there_is_not_found(bucket):
    """A missing object, and a generation that has been replaced, cannot be read or deleted."""
    with pytest.raises(NotFound):
        bucket.blob("missing").download_as_bytes()
    with pytest.raises(NotFound):
        bucket.blob("missing").delete(if_generation_match=1)
    stale = put(bucket, "a", b"old").generation
    put(bucket, "a", b"new")
    with pytest.raises(NotFound):
        bucket.blob("a", generation=stale).download_as_bytes()
    with pytest.raises(NotFound):
        bucket.blob("a", generation=stale).delete()
    assert bucket.blob("a").download_as_bytes() == b"new"


def test_nobody_can_ask_the_server_to_lose_everything(bucket, cloud):
    """The emulator's own /wipe is a plain GET, which any web page could send."""
    put(bucket, "a")
    with pytest.raises(urllib.error.HTTPError, match="501"):
        urllib.request.urlopen(f"{cloud.url}/wipe")
    assert bucket.blob("a").download_as_bytes() == b"x"


@pytest.mark.parametrize("name", ["a//b", "folder/", "a/../../b", "taken/below"])
def test_a_name_the_disk_cannot_hold_is_refused_at_once(bucket, name):
    """The client must not take it for a passing fault and try again for two minutes."""
    put(bucket, "taken")
    with pytest.raises(MethodNotImplemented):
        put(bucket, name)
    assert [blob.name for blob in bucket.list_blobs()] == ["taken"]


def test_a_client_that_dies_in_mid_upload_leaves_nothing(bucket, cloud):
    """Half a body is no object, and a silent client keeps nobody waiting."""
    with (
        socket.create_connection(("127.0.0.1", cloud.port)) as silent,
        socket.create_connection(("127.0.0.1", cloud.port)) as dying,
    ):
        silent.sendall(b"POST /upload")
        path = "/upload/storage/v1/b/lake/o?uploadType=media&name=half"
        dying.sendall(f"POST {path} HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf".encode())
        dying.shutdown(socket.SHUT_WR)
        assert dying.recv(1) == b""  # the server has seen the end, and answers nothing
        assert bucket.get_blob("half", timeout=5, retry=None) is None


def overwrite(bucket: Any, name: str) -> None:
    bucket.blob(name).upload_from_string(b"new" * 1000, retry=None)


def delete(bucket: Any, name: str) -> None:
    bucket.blob(name).delete(retry=None)


@pytest.mark.parametrize("change", [overwrite, soaked(delete)])
def test_a_kill_at_any_step_of_a_change_leaves_the_old_object_or_the_new(tmp_path, change):
    """Killed before its 1st, 2nd, ... file operation, until one change comes through."""
    names = [f"object-{number}" for number in range(30)]
    with running(tmp_path) as cloud:
        bucket = cloud.bucket()
        for name in names:
            put(bucket, name, b"old" * 1000)
    for step, name in zip(count(1), names, strict=False):
        with running(tmp_path, ("-c", DYING_SERVER), str(step)) as cloud:
            try:
                change(cloud.bucket(), name)
            except Disconnected:
                assert cloud.process.wait(5) == -signal.SIGKILL
            else:
                break
    assert 5 < step < 30, "the change was killed at no step, or never came to its end"
    with running(tmp_path) as cloud:
        found = contents(cloud.bucket())
    assert set(found.values()) <= {b"old" * 1000, b"new" * 1000}
    assert set(names) - set(found) <= set(names[:step] if change is delete else [])
    assert {found.get(name) for name in names[step:]} == {b"old" * 1000}
    assert found.get(names[step - 1]) == (b"new" * 1000 if change is overwrite else None)


def test_no_acknowledged_write_is_lost_to_a_kill(tmp_path):
    """Four writers, killed in full flight again and again; every answered write is there."""
    acknowledged: dict[str, bytes] = {}
    for life in range(4):
        with running(tmp_path) as cloud, ThreadPoolExecutor(4) as pool:
            bucket = cloud.bucket()
            for writer in range(4):
                pool.submit(_write_until_killed, bucket, f"{life}-{writer}", acknowledged)
            time.sleep(random.Random(life).uniform(0.1, 0.3))
            cloud.process.kill()
    assert len(acknowledged) > 20
    with running(tmp_path) as cloud:
        found = contents(cloud.bucket())
    assert {name: found.get(name) for name in acknowledged} == acknowledged


def _write_until_killed(bucket: Any, writer: str, acknowledged: dict[str, bytes]) -> None:
    for number in count():
        name, content = f"{writer}-{number}", f"{writer} {number} ".encode() * 500
        try:
            bucket.blob(name).upload_from_string(content, if_generation_match=0, retry=None)
        except Disconnected:
            return
        acknowledged[name] = content


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_quick_and_clean(tmp_path, number):
    """Exit code 0 within a second, although a client is connected and silent."""
    with running(tmp_path) as cloud, socket.create_connection(("127.0.0.1", cloud.port)):
        put(cloud.bucket(), "a")
        cloud.process.send_signal(number)
        assert cloud.process.wait(timeout=1) == 0
    with running(tmp_path) as cloud:
        assert cloud.bucket().blob("a").download_as_bytes() == b"x"


def test_a_folder_belongs_to_one_server(tmp_path):
    """A second server would overwrite the metadata of the first; it says so and ends."""
    with running(tmp_path):
        arguments = [*SERVER, "--port", "0", "--dir", str(tmp_path)]
        second = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, timeout=20, check=False
        )
    assert second.returncode == 1
    assert "expected no other storage server here" in second.stderr
