"""Imported by Python when it starts, in the processes of rendered projects: they must not leave this machine.

An attempt is refused, and written down in the file that REFUSED_CONNECTIONS names, as programs may ignore the refusal.
"""

import ipaddress
import os
import socket


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
    with open(os.environ["REFUSED_CONNECTIONS"], "a", encoding="utf-8") as file:
        file.write(f"{address}\n")
    raise OSError(f"rendered projects must work offline, and this one connects to {address}")


def _guarded(method):
    def connect(self, address, *arguments):
        if not _is_local(address):
            _refuse(address)
        return method(self, address, *arguments)

    return connect


def _guarded_lookup(lookup):
    def getaddrinfo(host, *arguments, **options):
        if host is not None and not _is_local((host.decode() if isinstance(host, bytes) else host,)):
            _refuse(host)
        return lookup(host, *arguments, **options)

    return getaddrinfo


socket.socket.connect = _guarded(socket.socket.connect)
socket.socket.connect_ex = _guarded(socket.socket.connect_ex)
socket.getaddrinfo = _guarded_lookup(socket.getaddrinfo)
