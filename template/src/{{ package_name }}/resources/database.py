"""The database that the project reads from and loads into."""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

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


class DatabaseResource(dg.ConfigurableResource):
    """An embedded DuckDB database.

    DuckDB lets one process write to a file *or* several read it. Connections are therefore opened for one task,
    read-only where that suffices, and opening waits while another process has the file.

    Args:
        path: The database file.
        lock_timeout: How long to wait for other processes to release the file, in seconds.
    """

    path: str
    lock_timeout: float = 60.0

    @contextmanager
    def connect(self, read_only: bool = True, sealed: bool = False) -> Iterator["duckdb.DuckDBPyConnection"]:
        """A connection that is closed at the end of the ``with`` block.

        Args:
            read_only: Ask for the file's only write access when False.
            sealed: Have DuckDB refuse all that is outside of the database: files, the network, extensions, settings.

        Raises:
            FileNotFoundError: The database is missing, and it is to be read.
            TimeoutError: Another process kept the file longer than ``lock_timeout``.
        """
        import duckdb

        if not read_only:
            Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        elif not Path(self.path).exists():
            raise FileNotFoundError(f"No database at {self.path}: check DATABASE_PATH, or create the file first")
        settings = SETTINGS | SEALED if sealed else SETTINGS
        deadline = time.monotonic() + self.lock_timeout
        while True:
            try:
                con = duckdb.connect(self.path, read_only=read_only, config=settings)
                break
            # Held by another process, or by another connection of this process in the other mode.
            except (duckdb.IOException, duckdb.ConnectionException) as error:
                if "lock" not in str(error) and "different configuration" not in str(error):
                    raise
                if time.monotonic() > deadline:
                    raise TimeoutError(
                        f"{self.path} was in use by another process for {self.lock_timeout:.0f} s: end that process, "
                        f"or raise lock_timeout ({error})"
                    ) from error
                # Uneven waits, so that processes that wait for each other do not meet again and again.
                time.sleep(random.uniform(0.01, 0.1))
        try:
            yield con
        finally:
            con.close()

    def query(self, sql: str, params: Sequence[Any] = ()) -> "pd.DataFrame":
        """The result of a query.

        Args:
            sql: One statement, with ``?`` for each value.
            params: The values: they are bound by the database, never pasted into the text.
        """
        with self.connect() as con:
            return con.execute(sql, list(params)).df()

    def fingerprints(self, tables: Iterable[str]) -> dict[str, str]:
        """For each of these tables, a short text that changes when its content changes."""
        found = {}
        with self.connect() as con:
            for table in tables:
                con.execute(f"SELECT count(*), coalesce(bit_xor(hash(t)), 0) FROM {quote_identifier(table)} t")
                [(rows, content)] = con.fetchall()
                found[table] = f"{rows}-{content:x}"
        return found

    def fingerprint(self, table: str) -> str:
        """The fingerprint of one table."""
        return self.fingerprints([table])[table]


def quote_table(key: dg.AssetKey) -> str:
    """The table of an asset, as a quoted SQL identifier: ``["shop_raw", "orders"]`` is ``"shop_raw"."orders"``."""
    return quote_identifier(".".join(key.path))


def quote_identifier(name: str) -> str:
    """``name`` as a quoted SQL identifier; ``schema.table`` is quoted part by part."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
