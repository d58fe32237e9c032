"""The embedded database of development, which is never found empty."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from .duckdb_database import DuckDBDatabase

if TYPE_CHECKING:
    import duckdb

#: What is installed for development, and only there, names a function under this group: it fills the database.
FILLERS = f"{__name__.partition('.')[0]}.development_data"


class DevelopmentDatabase(DuckDBDatabase):
    """A database that is filled, and kept up to date, before it is used.

    This package has no data of its own: ``tools/`` registers what fills the database (an entry point of its
    ``pyproject.toml``). Where that is not installed, the database is what somebody has put there.
    """

    @contextmanager
    def connect(self, read_only: bool = True, sealed: bool = False) -> Iterator["duckdb.DuckDBPyConnection"]:
        """A connection to the filled database. The arguments and errors are those of ``DuckDBDatabase``."""
        self.fill()
        with super().connect(read_only, sealed) as con:
            yield con

    def wait_for_turn(self) -> None:
        """Have the data in the database, and come back when nobody has it for writing."""
        self.fill()
        super().wait_for_turn()

    def fill(self) -> None:
        """Have the data in the database, before somebody else opens it."""
        for filler in _fillers():
            filler(DuckDBDatabase(path=self.path, lock_timeout=self.lock_timeout))


@cache
def _fillers() -> list[Callable[[DuckDBDatabase], None]]:
    """Read once: to ask every installed package takes longer than a query."""
    return [entry_point.load() for entry_point in entry_points(group=FILLERS)]
