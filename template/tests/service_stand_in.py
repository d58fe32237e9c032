"""What the stand-ins for Census and Hightouch share: an HTTP server on this machine, and a look at what runs keep."""

import json
import re
import threading
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import dagster as dg
import pytest

#: Long and unlike any other text, so that it can be searched for.
API_KEY = "key-9f2d7c-4b1e-never-to-be-seen"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. A text is sent as it is, anything else as JSON.

    Args:
        acted: Whether the service has done what it was asked for, and this is all that comes back of it.
    """

    status: int
    content: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    acted: bool = False


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


#: Instead of an answer: the service takes the request and stays silent.
SILENCE = Answer(0, None)
#: Instead of an answer: the connection is cut.
CUT = Answer(-1, None)
#: Of an answer, only the beginning: the connection is cut within it.
HALF = Answer(-2, None)


@dataclass(frozen=True)
class Shape:
    """The fields of an answer, and how they are known.

    Args:
        documented_at: Where the service describes them.
        read_on: When that was read.
        fields: Those that are described there. ``object.field`` is a field of a field.
        assumed: Those that the stand-in has although that page does not show them, each with why.
    """

    documented_at: str
    read_on: str
    fields: frozenset[str]
    assumed: Mapping[str, str] = field(default_factory=dict)


class Recording(dict):
    """A part of an answer that takes down which of its fields are read."""

    def __init__(self, content: Mapping[str, Any], path: str, reads: set[str]) -> None:
        super().__init__(content)
        self.path, self.reads = path, reads

    def _part(self, name: str, value: Any) -> Any:
        path = f"{self.path}.{name}" if self.path else name
        self.reads.add(path)
        return recording(value, path, self.reads)

    def __getitem__(self, name: str) -> Any:
        return self._part(name, super().__getitem__(name))

    def get(self, name: str, default: Any = None) -> Any:
        return self._part(name, super().get(name, default))

    def values(self) -> Any:
        return [self[name] for name in self]


def recording(content: Any, path: str, reads: set[str]) -> Any:
    """The content of an answer, which takes down what is read of it."""
    if isinstance(content, Mapping):
        return Recording(content, path, reads)
    if isinstance(content, list):
        return [recording(each, path, reads) for each in content]
    return content


def record_reads(api: type, shapes: Mapping[str, Shape], monkeypatch: pytest.MonkeyPatch) -> Mapping[str, set[str]]:
    """The fields that are read from now on, by the requests of ``shapes``."""
    reads: dict[str, set[str]] = defaultdict(set)
    request = api.request

    def recorded(
        self: object, method: str, endpoint: str, subject: str, read: Callable[[Any], Any], *args: object
    ) -> Any:
        [path] = [path for path in shapes if re.fullmatch(path, f"{method} /{endpoint}")]
        return request(self, method, endpoint, subject, lambda answer: read(recording(answer, "", reads[path])), *args)

    monkeypatch.setattr(api, "request", recorded)
    return reads


def fields_of(content: Any, path: str = "") -> set[str]:
    """Every field of an answer."""
    if isinstance(content, list):
        return set().union(*(fields_of(each, path) for each in content))
    if not isinstance(content, Mapping):
        return set()
    paths = {name: f"{path}.{name}" if path else name for name in content}
    return set(paths.values()).union(*(fields_of(content[name], paths[name]) for name in content))


class ServiceStandIn(ABC):
    """A server that runs while its ``with`` block does.

    Args:
        api_key: The key that it accepts.
    """

    def __init__(self, api_key: str = API_KEY) -> None:
        self.api_key = api_key
        self.requests: list[Request] = []
        self._scripted: list[tuple[re.Pattern[str], list[Answer], bool]] = []
        self._closing = threading.Event()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stand_in._handle(self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self._server.server_port}/api/{self.version}"

    @property
    def version(self) -> str:
        """Of the API."""
        return "v1"

    def script(self, request: str, *answers: Answer, forever: bool = False) -> None:
        """Give these answers to the next requests like ``request``, a regular expression such as ``POST /syncs/.*``.

        Args:
            request: What the method and the path must match.
            answers: One for each request, in turn.
            forever: Repeat the last one.
        """
        self._scripted.append((re.compile(request), list(answers), forever))

    def heal(self) -> None:
        """Forget what was scripted."""
        self._scripted.clear()

    def ask(self, request: str) -> Answer:
        """The service's own answer to a request such as ``GET /syncs``, without HTTP."""
        method, path = request.split()
        return self.respond(Request(method, path, {}, None))

    def count(self, request: str) -> int:
        """How many requests match."""
        return sum(bool(re.fullmatch(request, str(each))) for each in self.requests)

    @abstractmethod
    def respond(self, request: Request) -> Answer:
        """The service's own answer to a request that was authorized."""

    @abstractmethod
    def unauthorized(self) -> Answer:
        """The service's own answer to a wrong key."""

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        content = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        request = Request(
            method=handler.command,
            path=url.path.removeprefix(f"/api/{self.version}"),
            query=dict(parse_qsl(url.query)),
            body=json.loads(content) if content else None,
        )
        self.requests.append(request)
        answer = self._next_scripted(request)
        if answer is None or answer.acted:
            authorized = handler.headers.get("Authorization") == f"Bearer {self.api_key}"
            real = self.respond(request) if authorized else self.unauthorized()
            answer = answer or real
        if answer.status <= 0:
            if answer.status == SILENCE.status:
                self._closing.wait(30)
            if answer.status == HALF.status:
                handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"status": ')
            handler.close_connection = True
            return
        text = answer.content if isinstance(answer.content, str) else json.dumps(answer.content)
        handler.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(text.encode())))
        handler.end_headers()
        handler.wfile.write(text.encode())

    def _next_scripted(self, request: Request) -> Answer | None:
        for pattern, answers, forever in self._scripted:
            if answers and pattern.fullmatch(str(request)):
                return answers[0] if forever and len(answers) == 1 else answers.pop(0)
        return None


class Remembered:
    """What is remembered from one attempt to the next, without Dagster.

    Args:
        before: The newest run when a start was last tried, whose end nobody knows.
    """

    def __init__(self, before: int | None = None) -> None:
        self.before = before
        self.started: list[int] = []
        self.ended: list[tuple[int, str]] = []

    def started_after(self) -> int | None:
        """The newest run when a start was last tried."""
        return self.before

    def starting_after(self, run_id: int) -> None:
        """A start is tried now."""
        self.started.append(run_id)

    def settled(self, run_id: int, status: str) -> None:
        """It has ended."""
        self.ended.append((run_id, status))


@dataclass(frozen=True)
class FailureMode:
    """Something that a service does, and what becomes of it.

    Args:
        script: What it answers, by the request. A single answer is repeated for ever.
        life: What a run looks like at each look.
        says: What the failure says; empty if there is none.
        begun: How many runs have begun by then.
        finally_begun: How many have, after another attempt while all is well.
        settings: Of the resource.
    """

    script: Mapping[str, Answer | Sequence[Answer]] = field(default_factory=dict)
    life: Sequence[dict[str, Any]] = ()
    says: Sequence[str] = ()
    begun: int = 1
    finally_begun: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, service: ServiceStandIn) -> None:
        """Let a stand-in do it."""
        for request, answers in self.script.items():
            if isinstance(answers, Answer):
                service.script(request, answers, forever=True)
            else:
                service.script(request, *answers)


@contextmanager
def recorded_runs(instance: dg.DagsterInstance) -> Iterator[list[str]]:
    """Everything that Dagster keeps of the runs in the ``with`` block, as text, when it ends."""
    before = {run.run_id for run in instance.get_runs()}
    kept: list[str] = []
    yield kept
    for run in instance.get_runs():
        if run.run_id not in before:
            kept.append(dg.serialize_value(run))
            kept.extend(dg.serialize_value(entry) for entry in instance.all_logs(run.run_id))


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """Why the only step of a run failed, as people read it."""
    assert not result.success
    [event] = result.get_step_failure_events()
    error = event.step_failure_data.error
    while error.cause and "Failure: " not in error.message:
        error = error.cause
    return str(error.message)
