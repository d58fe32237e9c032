"""Processes of rendered projects must not leave this machine.

An attempt is refused, and written down in the file that REFUSED_CONNECTIONS names, as programs may ignore the refusal.
"""

import ipaddress
import os
import socket
from collections.abc import Callable
from typing import Any

REFUSED = "REFUSED_CONNECTIONS"


def _is_local(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0]).partition("%")[0]
    if host in ("", "localhost", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _refuse(address: object) -> None:
    with open(os.environ[REFUSED], "a", encoding="utf-8") as file:
        file.write(f"{address}\n")
    raise OSError(f"rendered projects must work offline, and this one connects to {address}")


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def connect(self: socket.socket, address: Any, *arguments: Any) -> Any:
        if not _is_local(address):
            _refuse(address)
        return method(self, address, *arguments)

    return connect


def _guarded_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if host is not None and not _is_local((host.decode() if isinstance(host, bytes) else host,)):
            _refuse(host)
        return lookup(host, *arguments, **options)

    return getaddrinfo


def install() -> None:
    """Refuse connections from now on, in this process."""
    socket.socket.connect = _guarded(socket.socket.connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = _guarded(socket.socket.connect_ex)  # type: ignore[method-assign]
    socket.getaddrinfo = _guarded_lookup(socket.getaddrinfo)
