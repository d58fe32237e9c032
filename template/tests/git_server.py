"""A git repository on a server of this machine, served as git's plain HTTP protocol has it."""

import functools
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from git import Repo

AUTHOR = {f"GIT_{role}_{what}": "somebody@localhost" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass
class GitServer:
    """The server.

    Args:
        folder: The repository that people work in.
        url: Where it is served.
        authorizations: The header of that name in each request so far.
        moved_to: Where it says that everything is now, if it does.
    """

    folder: Path
    url: str = ""
    authorizations: list[str | None] = field(default_factory=list)
    moved_to: str | None = None

    def commit(self, files: dict[str, str], links: dict[str, str] | None = None) -> str:
        """Change files, and make links, each to a path. Returns the commit."""
        for path, text in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        for path, destination in (links or {}).items():
            (self.folder / path).symlink_to(destination)
        with Repo(self.folder) as repository, repository.git.custom_environment(**AUTHOR):
            repository.git.add("--all")
            repository.git.commit("--message", "A change")
            repository.git.update_server_info()
            return repository.head.commit.hexsha


@contextmanager
def served(folder: Path, certificate: Path | None = None) -> Iterator[GitServer]:
    """A new repository in a folder, and its server.

    Args:
        folder: A folder that is empty or missing.
        certificate: For https: a file with a key and its certificate for 127.0.0.1.
    """
    Repo.init(folder, initial_branch="main").close()
    server = GitServer(folder)

    class Handler(SimpleHTTPRequestHandler):
        def send_head(self) -> object:
            server.authorizations.append(self.headers.get("Authorization"))
            if server.moved_to is None:
                return super().send_head()
            self.send_response(301)
            self.send_header("Location", server.moved_to + self.path.removeprefix("/.git"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None

        def log_message(self, *_: object) -> None:
            """Quiet."""

    handler = functools.partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            http.socket = context.wrap_socket(http.socket, server_side=True)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        server.url = f"{'https' if certificate else 'http'}://127.0.0.1:{http.server_port}/.git"
        yield server
        http.shutdown()


def make_certificate(file: Path) -> Path:
    """A key and a certificate for 127.0.0.1, in a new file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = file.with_suffix(".key"), file.with_suffix(".crt")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = [openssl, "req", "-x509", *kind, *subject, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    file.write_bytes(key.read_bytes() + certificate.read_bytes())
    return file
