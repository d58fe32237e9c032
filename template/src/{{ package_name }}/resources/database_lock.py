"""Whose turn it is to have DuckDB's file: one process writes it, *or* several read it. The others wait."""

import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import dagster as dg

#: How long to wait, in seconds.
LOCK_TIMEOUT = 60.0
#: How often, in seconds, it is said again that something waits.
SAID_AGAIN = 15.0
#: What DuckDB begins with when another process has the file, or another connection of this process in the other mode.
_IN_USE = re.compile(
    r"IO Error: Could not set lock on file \"|Connection Error: Can't open a connection to same database file with a "
    r"different configuration"
)
_IN_USE_ON_WINDOWS = "used by another process"
_QUOTED = re.compile('".*"', re.DOTALL)
_HOLDER = re.compile(r"lock is held in (?P<holder>.+? \(PID \d+\))")

Connection = TypeVar("Connection")


class DatabaseInUse(TimeoutError):
    """Another process kept the database for longer than one waits for it. To wait again would take as long again."""


def opened_in_turn(connect: Callable[[], Connection], wait: "Wait") -> Connection:
    """What ``connect`` returns, as soon as nobody else has the file.

    Args:
        connect: Opens the file.
        wait: How long to wait for it.

    Raises:
        DatabaseInUse: It took longer.
    """
    import duckdb

    while True:
        try:
            return connect()
        except (duckdb.IOException, duckdb.ConnectionException) as error:
            if not is_in_use(str(error)):
                raise
            wait.go_on(str(error))


class Wait:
    """Waits for a file, says so at once, and gives up at last.

    Args:
        path: The file.
        timeout: How long to wait, in seconds.
    """

    def __init__(self, path: Path, timeout: float = LOCK_TIMEOUT) -> None:
        self._path = path
        self._timeout = timeout
        self._begun = time.monotonic()
        self._said = -SAID_AGAIN

    def go_on(self, reason: str) -> None:
        """Wait a moment before the next try.

        Args:
            reason: What DuckDB says.

        Raises:
            DatabaseInUse: That was long enough.
        """
        waited = time.monotonic() - self._begun
        if waited > self._timeout:
            raise DatabaseInUse(
                f"{self._path} was in use by another process for {self._timeout:.0f} s, {holder_in(reason)}: end that "
                "one, such as a database browser, or raise lock_timeout"
            )
        if waited - self._said >= SAID_AGAIN:
            self._said = waited
            dg.get_dagster_logger("database").warning(
                f"Waiting for {self._path}, which is in use {holder_in(reason)}: {self._timeout:.0f} s at most"
            )
        # Uneven waits, so that processes that wait for each other do not meet again and again.
        time.sleep(random.uniform(0.01, 0.1))


def is_in_use(message: str) -> bool:
    """Whether DuckDB says with this error that it can't have a file now. What the file is called does not matter."""
    return bool(_IN_USE.match(message)) or _IN_USE_ON_WINDOWS in _QUOTED.sub("", message)


def conflict_in(text: str) -> bool:
    """Whether DuckDB says so in a longer text, of another program."""
    return bool(_IN_USE.search(text))


def holder_in(message: str) -> str:
    """The process that has the file, as far as DuckDB's message tells."""
    found = _HOLDER.search(message)
    if found:
        return f"by {found['holder']}"
    return "by this process itself" if message.startswith("Connection Error") else "by an unknown process"
