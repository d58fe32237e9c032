"""Which errors can pass by themselves: of the network, of a disk elsewhere, of what is short for a moment."""

import errno
import os
import socket
import ssl
import sys

from .database_lock import DatabaseInUse, is_in_use

#: Of the operating system. A full disk, a missing file and a missing permission are not among them.
PASSING = {
    getattr(errno, name)
    for name in (
        *("EAGAIN", "EINTR", "EBUSY", "EIO", "ESTALE", "EREMOTEIO", "ENOLCK", "EDEADLK", "ENFILE", "EMFILE"),
        *("ENOBUFS", "ETIMEDOUT", "EPIPE", "ECONNABORTED", "ECONNREFUSED", "ECONNRESET", "ENOTCONN", "ESHUTDOWN"),
        *("EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETRESET", "ENETUNREACH", "EADDRNOTAVAIL"),
    )
    if hasattr(errno, name)
}
#: Of a server: too busy, or gone for the moment.
PASSING_STATUS = {408, 425, 429, 500, 502, 503, 504}
_PASSING_TEXTS = tuple(os.strerror(number) for number in sorted(PASSING))


def can_pass(error: BaseException) -> bool:
    """Whether it may be gone when the same is tried again in a few seconds."""
    if isinstance(error, DatabaseInUse):
        return False  # it was waited for
    if isinstance(error, OSError):
        return _of_the_system_can_pass(error)
    return _of_duckdb_can_pass(error)


def _of_the_system_can_pass(error: OSError) -> bool:
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    if isinstance(error, ssl.SSLError):
        return isinstance(error, (ssl.SSLEOFError, ssl.SSLSyscallError, ssl.SSLZeroReturnError))
    if isinstance(error, (ConnectionError, TimeoutError)) or error.errno in PASSING:
        return True
    reason = getattr(error, "reason", None)  # of urllib
    return _of_requests_can_pass(error) or (isinstance(reason, OSError) and _of_the_system_can_pass(reason))


def _of_requests_can_pass(error: OSError) -> bool:
    requests = sys.modules.get("requests")  # who has not imported it has no error of it
    if requests is None or not isinstance(error, requests.RequestException):
        return False
    if isinstance(error, requests.exceptions.SSLError):
        return False
    lost = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, lost) or getattr(error.response, "status_code", None) in PASSING_STATUS


def _of_duckdb_can_pass(error: BaseException) -> bool:
    duckdb = sys.modules.get("duckdb")
    if duckdb is None or not isinstance(error, duckdb.Error):
        return False
    if isinstance(error, duckdb.HTTPException):
        return getattr(error, "status_code", None) in {0, *PASSING_STATUS}
    if isinstance(error, duckdb.TransactionException):
        return "conflict" in str(error).lower()  # with another transaction, which has ended since
    # What the system says comes last, after the name of the file.
    said = str(error).strip()
    return isinstance(error, duckdb.IOException) and (is_in_use(said) or said.endswith(_PASSING_TEXTS))
