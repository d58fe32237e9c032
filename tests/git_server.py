"""A git server that speaks HTTP as GitHub does: it wants a token for what not everybody may do."""

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

#: What a token needs to have in it. The tokens here say what they are for, as the permissions of a job do.
READ, WRITE = "contents:read", "contents:write"


@contextmanager
def served(repository: Path, private: bool) -> Iterator[str]:
    """Serve a repository.

    Args:
        repository: The bare repository.
        private: Whether reading needs a token, too.

    Yields:
        Its address.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self._chunks() if "chunked" in self.headers.get("Transfer-Encoding", "") else self._body())

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers["Content-Length"]))

        def _chunks(self) -> bytes:
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return content

        def _answer(self, body: bytes) -> None:
            address = urlsplit(self.path)
            writes = "git-receive-pack" in self.path
            token = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
            allowed = WRITE in token if writes else not private or READ in token or WRITE in token
            if not allowed:
                self.send_response(403 if token else 401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.end_headers()
                return
            done = subprocess.run(
                ["git", "http-backend"],
                env={
                    **os.environ,
                    "GIT_PROJECT_ROOT": str(repository.parent),
                    "GIT_HTTP_EXPORT_ALL": "1",
                    "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                    "PATH_INFO": address.path,
                    "QUERY_STRING": address.query,
                    "REQUEST_METHOD": self.command,
                    "REMOTE_USER": "somebody",
                    "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                    "CONTENT_LENGTH": str(len(body)),
                    "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                },
                input=body,
                capture_output=True,
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
            self.send_response(int(headers.pop("Status", "200 OK").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the failure of a test has what git said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{repository.name}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
