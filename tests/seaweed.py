"""A second server of S3, beside moto's: SeaweedFS. It checks signatures, and is another's idea of what S3 does."""

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError

from matrix.jobs import PROGRAMS

PORTS = ("s3.port", "s3.port.grpc", "filer.port", "filer.port.grpc")
PORTS += ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
OPTIONS = {
    "ip": "127.0.0.1",
    "ip.bind": "127.0.0.1",
    "filer": "true",
    "s3": "true",
    "s3.autoCreateBucket": "false",
    "s3.iam": "false",
    "s3.port.iceberg": "0",
    "s3.port.lance": "0",
    "master.electionTimeout": "1s",
    "master.volumeSizeLimitMB": "64",
    "volume.max": "1000",  # each bucket has one of its own
    "volume.preStopSeconds": "0",
}


@contextmanager
def seaweed(key: str, secret: str) -> Iterator[str]:
    """The address of a server.

    Args:
        key: The one key that it knows.
        secret: Its secret.
    """
    identity = {"name": "tests", "credentials": [{"accessKey": key, "secretKey": secret}], "actions": ["Admin"]}
    with tempfile.TemporaryDirectory(prefix="seaweed-") as name:
        folder = Path(name)
        (folder / "keys.json").write_text(json.dumps({"identities": [identity]}))
        ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        options = {"dir": name, "s3.config": str(folder / "keys.json"), **OPTIONS, **ports}
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [PROGRAMS / "weed", "server", *(f"-{name}={value}" for name, value in options.items())],
                env={**os.environ, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},
                stdout=log,
                stderr=log,
            )
        try:
            address = f"http://127.0.0.1:{ports['s3.port']}"
            wait_for(address, server)
            yield address
        finally:
            server.kill()
            server.wait()
            for port in ports.values():
                for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                    left.unlink(missing_ok=True)


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    """Come back when the server answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5)
        except HTTPError:  # who asks has no key
            return
        except (URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError("SeaweedFS does not answer")
