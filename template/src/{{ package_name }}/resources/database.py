"""The database that the project reads from and loads into."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from ..settings import absolute
from .database_lock import LOCK_TIMEOUT, Wait, opened_in_turn

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

#: By default DuckDB takes a table that it does not know from the Python variable of that name.
SETTINGS: dict[str, Any] = {"python_enable_replacements": "false"}
#: Nothing but the database, and no statement can change that.
SEALED: dict[str, Any] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "lock_configuration": "true",
}

#: How many of a table's rows, the newest, its fingerprint looks at.
FINGERPRINTED = 1_000_000


class DatabaseResource(dg.ConfigurableResource):
    """An embedded DuckDB database.

    DuckDB lets one process write to a file *or* several read it. Connections are therefore opened for one task,
    read-only where that suffices, and opening waits while another process has the file.

    Args:
        path: The database file.
        lock_timeout: How long to wait for other processes to release the file, in seconds.
        must_exist: Refuse to create the file: in production, a path that was mistyped must not begin an empty database.
    """

    path: str
    lock_timeout: float = LOCK_TIMEOUT
    must_exist: bool = False

    @contextmanager
    def connect(self, read_only: bool = True, sealed: bool = False) -> Iterator["duckdb.DuckDBPyConnection"]:
        """A connection that is closed at the end of the ``with`` block.

        Args:
            read_only: Ask for the file's only write access when False.
            sealed: Have DuckDB refuse all that is outside of the database: files, the network, extensions, settings.

        Raises:
            FileNotFoundError: The database is missing, and it is to be read or must exist.
            DatabaseInUse: Another process kept the file longer than ``lock_timeout``.
        """
        with self._opened(read_only, sealed, Wait(self.file(), self.lock_timeout)) as con:
            yield con

    @contextmanager
    def _opened(self, read_only: bool, sealed: bool, wait: Wait) -> Iterator["duckdb.DuckDBPyConnection"]:
        import duckdb

        path = self.file()
        settings = SETTINGS | SEALED if sealed else SETTINGS
        try:
            if read_only or self.must_exist:
                self._refuse_if_missing(path)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
            con = opened_in_turn(lambda: duckdb.connect(str(path), read_only=read_only, config=settings), wait)
        except (OSError, duckdb.Error) as error:
            error.add_note("The database is DATABASE_PATH in production, and in DATA_FOLDER in development.")
            raise
        try:
            yield con
        finally:
            con.close()

    def file(self) -> Path:
        """The database file: from the project's folder if the path is relative."""
        return absolute(self.path, "DATABASE_PATH")

    def wait_for_turn(self, wait: Wait) -> None:
        """Come back when nobody has the file for writing. Who opens it then, in another process, may still be too late.

        Raises:
            FileNotFoundError: The database is missing, and must exist.
            DatabaseInUse: Another process kept the file for too long.
        """
        if self.must_exist or self.file().exists():
            with self._opened(read_only=True, sealed=False, wait=wait):
                pass

    def _refuse_if_missing(self, path: Path) -> None:
        if path.is_file():
            return
        problem = f"No database at {self.path!r}: correct the path (in production, that is DATABASE_PATH)"
        if not path.exists():
            create = f"import duckdb; duckdb.connect({str(path)!r}).close()"
            problem += f', or create the database, once: python -c "{create}"'
        raise FileNotFoundError(problem)

    def query(self, sql: str, params: Sequence[Any] = ()) -> "pd.DataFrame":
        """The result of a query.

        Args:
            sql: One statement, with ``?`` for each value.
            params: The values: they are bound by the database, never pasted into the text.
        """
        with self.connect() as con:
            return con.execute(sql, list(params)).df()

    def fingerprints(self, tables: Iterable[str]) -> dict[str, str]:
        """For each of these tables, a short text that changes when its content changes.

        It is made of the number of rows and of what the newest ``FINGERPRINTED`` of them hold, so that a large table
        takes no longer. What it can't see is a row that is older than those and was changed where it stands, without a
        new row. Of a view, which has no newest rows, all of it is read.
        """
        with self.connect() as con:
            return {table: _fingerprint(con, table) for table in tables}

    def fingerprint(self, table: str) -> str:
        """The fingerprint of one table."""
        return self.fingerprints([table])[table]


@contextmanager
def transaction(con: "duckdb.DuckDBPyConnection") -> Iterator[None]:
    """All that the ``with`` block does to the database, or nothing of it."""
    import duckdb

    con.begin()
    try:
        yield
        con.commit()
    except BaseException:
        # Of a full disk, DuckDB has undone everything already: that must not hide what has happened.
        with suppress(duckdb.TransactionException):
            con.rollback()
        raise


def _fingerprint(con: "duckdb.DuckDBPyConnection", table: str) -> str:
    import duckdb

    name = quote_identifier(table)
    [(rows,)] = con.execute(f"SELECT count(*) FROM {name}").fetchall()
    # A sum: with an exclusive or, two equal rows would be as none, whatever they become.
    content = f"SELECT coalesce(sum(hash(t)::HUGEINT), 0) FROM {name} t"
    try:
        con.execute(f"{content} WHERE rowid > (SELECT max(rowid) FROM {name}) - {FINGERPRINTED}")
    except duckdb.BinderException:  # the rows of a view have no numbers
        con.execute(content)
    [(total,)] = con.fetchall()
    return f"{rows}-{total:x}"


def quote_table(key: dg.AssetKey) -> str:
    """The table of an asset, as a quoted SQL identifier: ``["shop_raw", "orders"]`` is ``"shop_raw"."orders"``."""
    return quote_identifier(".".join(key.path))


def quote_identifier(name: str) -> str:
    """``name`` as a quoted SQL identifier; ``schema.table`` is quoted part by part."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
