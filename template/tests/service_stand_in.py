"""What the stand-ins for Census and Hightouch share: an HTTP server on this machine, and a look at what runs keep."""

import json
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import dagster as dg

#: Long and unlike any other text, so that it can be searched for.
API_KEY = "key-9f2d7c-4b1e-never-to-be-seen"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. A text is sent as it is, anything else as JSON."""

    status: int
    content: Any
    headers: Mapping[str, str] = field(default_factory=dict)


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
        return f"http://127.0.0.1:{self._server.server_port}/api/v1"

    def script(self, request: str, *answers: Answer, forever: bool = False) -> None:
        """Give these answers to the next requests like ``request``, a regular expression such as ``POST /syncs/.*``.

        Args:
            request: What the method and the path must match.
            answers: One for each request, in turn.
            forever: Repeat the last one.
        """
        self._scripted.append((re.compile(request), list(answers), forever))

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
            path=url.path.removeprefix("/api/v1"),
            query=dict(parse_qsl(url.query)),
            body=json.loads(content) if content else None,
        )
        self.requests.append(request)
        answer = self._next_scripted(request)
        if answer is None:
            authorized = handler.headers.get("Authorization") == f"Bearer {self.api_key}"
            answer = self.respond(request) if authorized else self.unauthorized()
        if answer in (SILENCE, CUT):
            if answer == SILENCE:
                self._closing.wait(30)
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
    while error.cause and not error.message.startswith("dagster._core.definitions.events.Failure"):
        error = error.cause
    return str(error.message)
