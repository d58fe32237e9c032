"""An S3 on this machine: a server, by default moto's, behind a proxy that passes requests on or fails as it is told."""

import http.client
import os
import socket
import struct
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.message import Message
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

KEY = "testing"
#: Long and unlike any other text, so that it can be searched for.
SECRET = "s3-secret-7c21ee-never-to-be-seen"
#: The address of a server that runs already, such as http://127.0.0.1:8333, with these keys.
STARTED = os.environ.get("S3_TEST_URL")
#: What moves bytes in one piece: no fault cuts it short.
PIECE = 64 * 1024


class Exchange(BaseHTTPRequestHandler):
    """One request to the proxy, and its answer."""

    protocol_version = "HTTP/1.1"
    server: "Proxy"
    body: bytes

    def relay(self) -> None:
        """Fail, or pass the request on."""
        self.body = b""  # a connection has several requests
        fault = self.server.begin(self.command, self.path, self.headers)
        if fault is not None:
            return fault(self)
        self.read_body(int(self.headers.get("Content-Length", 0)))
        return self.pass_on()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = relay

    def read_body(self, length: int) -> None:
        """As much of what is sent."""
        while length > 0 and (piece := self.rfile.read(min(length, PIECE))):
            self.body += piece
            length -= len(piece)

    def pass_on(self, of_body: float = 1) -> None:
        """Ask the server, and answer what it answers: all of it, or a part."""
        if len(self.body) < int(self.headers.get("Content-Length", 0)):
            self.cut()  # the client is gone
            return
        asked = http.client.HTTPConnection(self.server.behind)
        asked.request(self.command, self.path, self.body, dict(self.headers))
        answer = asked.getresponse()
        content = answer.read()
        asked.close()
        if of_body < 1 and not content:
            self.cut()
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: int(len(content) * of_body)])
        if of_body < 1:
            self.cut()

    def cut(self) -> None:
        """End the connection with a reset."""
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Nothing."""


Fault = Callable[[Exchange], None]


def answers(status: int, code: str, message: str = "") -> Fault:
    """An error of S3."""

    def fault(exchange: Exchange) -> None:
        exchange.read_body(int(exchange.headers.get("Content-Length", 0)))
        content = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode() if code else b""
        exchange.send_response_only(status)
        exchange.send_header("Content-Type", "application/xml")
        exchange.send_header("Content-Length", str(len(content)))
        exchange.end_headers()
        exchange.wfile.write(content if exchange.command != "HEAD" else b"")

    return fault


def cuts_the_request(exchange: Exchange) -> None:
    """The connection is reset in the middle of what is sent."""
    exchange.read_body(int(exchange.headers.get("Content-Length", 0)) // 2)
    exchange.cut()


def cuts_the_answer(exchange: Exchange) -> None:
    """The request is done, and half of the answer arrives, or nothing."""
    exchange.read_body(int(exchange.headers.get("Content-Length", 0)))
    exchange.pass_on(of_body=0.5)


def is_silent(exchange: Exchange) -> None:
    """The request arrives, and nobody answers."""
    exchange.read_body(int(exchange.headers.get("Content-Length", 0)))
    exchange.server.healed.wait()
    exchange.cut()


def is_slow(seconds: float) -> Fault:
    """All is well, and takes long: what is sent is read piece by piece."""

    def fault(exchange: Exchange) -> None:
        length = int(exchange.headers.get("Content-Length", 0))
        for done in range(0, 10):
            time.sleep(seconds / 10)
            exchange.read_body(length * (done + 1) // 10 - length * done // 10)
        exchange.pass_on()

    return fault


def waits_for_others(barrier: threading.Barrier) -> Fault:
    """All is well, once as many requests have come as the barrier wants."""

    def fault(exchange: Exchange) -> None:
        exchange.read_body(int(exchange.headers.get("Content-Length", 0)))
        barrier.wait()
        exchange.pass_on()

    return fault


class Proxy(ThreadingHTTPServer):
    """Passes requests on, but for those that are to fail.

    Args:
        behind: The host and port of the server.
    """

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.behind = behind
        self.healed = threading.Event()
        self.lock = threading.Lock()
        self.heal()

    def heal(self) -> None:
        """Fail no more, and forget what was asked."""
        self.healed.set()
        self.healed = threading.Event()
        self.requests: list[str] = []
        self.headers: list[Message] = []
        self.faults: list[tuple[str, Fault]] = []

    def begin(self, command: str, path: str, headers: Message) -> Fault | None:
        """Write the request down. What is to be done instead, if anything."""
        with self.lock:
            self.headers.append(headers)
            self.requests.append(f"{command} {path}")
            for position, (of_command, fault) in enumerate(self.faults):
                if command == of_command:
                    del self.faults[position]
                    return fault
        return None

    def fail(self, command: str, fault: Fault, times: int = 1) -> None:
        """The next requests of a kind fail."""
        self.faults += [(command, fault)] * times

    def handle_error(self, *_: object) -> None:
        """Nothing: clients that are killed are what tests are about."""


@cache
def proxy() -> Proxy:
    """One for all tests of this process."""
    if STARTED:
        started = Proxy(urlsplit(STARTED).netloc)
    else:
        from moto.server import ThreadedMotoServer

        moto = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
        moto.start()
        started = Proxy("{}:{}".format(*moto.get_host_and_port()))
    threading.Thread(target=started.serve_forever, args=(0.01,), daemon=True).start()
    return started


@cache
def client_of_server() -> Any:
    """For looking in from outside: not by way of the proxy, nor of s3fs."""
    from botocore.session import Session

    return Session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"http://{proxy().behind}",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
    )


class StandIn:
    """A store for one test: a bucket of its own.

    Args:
        proxy: Where faults are ordered, and requests written down.
        bucket: The bucket.
        endpoint: The address, for ``AWS_ENDPOINT_URL``.
    """

    def __init__(self) -> None:
        self.proxy = proxy()
        self.proxy.heal()
        self.bucket = f"bucket-{uuid.uuid4().hex}"
        self.endpoint = f"http://127.0.0.1:{self.proxy.server_port}"
        self.base_path = f"s3://{self.bucket}/sales"

    def objects(self) -> dict[str, bytes]:
        """What is in the bucket."""
        client = client_of_server()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        return {key: client.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}

    def have(self, keys: Iterable[str]) -> None:
        """Have many empty files in the bucket."""
        if STARTED:
            with ThreadPoolExecutor(8) as threads:
                client = client_of_server()
                [*threads.map(lambda key: client.put_object(Bucket=self.bucket, Key=key), keys)]
            return
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.s3.models import s3_backends

        for key in keys:  # past HTTP, which takes a minute
            s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(self.bucket, key, b"")


@contextmanager
def s3_stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A bucket, and an environment in which AWS's library finds it and nothing else."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
    }.items():
        monkeypatch.setenv(name, value)
    store = StandIn()
    monkeypatch.setenv("AWS_ENDPOINT_URL", store.endpoint)
    client_of_server().create_bucket(Bucket=store.bucket)
    yield store
    store.proxy.heal()
