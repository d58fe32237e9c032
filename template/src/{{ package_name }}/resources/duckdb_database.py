"""DuckDB as the warehouse: a file, which is also what development has."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..settings import absolute
from . import duckdb_load
from .database import DatabaseResource, Loaded, SqlRefused, TableMissing, quote_identifier
from .database_lock import LOCK_TIMEOUT, Wait, opened_in_turn
from .source_columns import Family, Kind

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

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

FAMILIES = {
    Family.INTEGER: (
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
        *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
    ),
    Family.NUMBER: ("DECIMAL", "DOUBLE", "FLOAT"),
    Family.TEXT: ("VARCHAR", "ENUM"),
    Family.UUID: ("UUID",),
    Family.TIME: ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "DATE"),
}


class DuckDBDatabase(DatabaseResource):
    """An embedded DuckDB database.

    DuckDB lets one process write to a file *or* several read it. Connections are therefore opened for one task,
    read-only where that suffices, and opening waits while another process has the file.

    Args:
        path: The database file.
        lock_timeout: How long to wait for other processes to release the file, in seconds.
        must_exist: Refuse to create the file: in production, a path that was mistyped must not begin an empty database.
    """

    kind: ClassVar[str] = "duckdb"
    families: ClassVar[Mapping[str, Family]] = {name: family for family, names in FAMILIES.items() for name in names}
    row_hash: ClassVar[str] = "hash(t)"

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
        with self._opened(read_only, sealed) as con:
            yield con

    @contextmanager
    def _opened(self, read_only: bool, sealed: bool) -> Iterator["duckdb.DuckDBPyConnection"]:
        import duckdb

        path = self.file()
        settings = SETTINGS | SEALED if sealed else SETTINGS
        try:
            if read_only or self.must_exist:
                self._refuse_if_missing(path)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
            wait = Wait(path, self.lock_timeout)
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

    def wait_for_turn(self) -> None:
        """Come back when nobody has the file for writing. Who opens it then, in another process, may still be too late.

        Raises:
            FileNotFoundError: The database is missing, and must exist.
            DatabaseInUse: Another process kept the file for too long.
        """
        if self.must_exist or self.file().exists():
            with self._opened(read_only=True, sealed=False):
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
        """The result of a query. The arguments are those of ``DatabaseResource``."""
        with self.connect() as con:
            return con.execute(sql, list(params)).df()

    def query_arrow(self, sql: str, params: Sequence[Any] = ()) -> "pa.Table":
        """As ``query``, as an Arrow table."""
        with self.connect() as con:
            return con.sql(sql, params=list(params)).to_arrow_table()

    def columns_of(self, table: str) -> dict[str, str]:
        """The columns of a table or view, each with its type."""
        import duckdb

        with self.connect() as con:
            try:
                described = con.execute(f"DESCRIBE {quote_identifier(table)}").fetchall()
            except duckdb.CatalogException as error:
                raise TableMissing(table) from error
            except duckdb.BinderException as error:  # a view whose table has changed
                raise SqlRefused(f"{table} can't be read: {error}") from error
        return {str(name): str(kind) for name, kind, *_ in described}

    def look_at(self, sql: str, source: str | None = None) -> bool:
        """Have DuckDB look at a query. Arguments, result and errors are those of ``DatabaseResource``.

        Of one that reads files or needs an extension, nothing is known: here it can do neither.
        """
        with self.connect(sealed=True) as con:
            return duckdb_load.look_at(con, sql, source)

    def replace(self, table: str, batches: "pa.RecordBatchReader") -> int:
        """Replace a table by what the batches have. Arguments and errors are those of ``DatabaseResource``."""
        with duckdb_load.refused(), self.connect(read_only=False) as con, duckdb_load.transaction(con):
            return duckdb_load.replace(con, table, batches)

    def replace_by_select(
        self, table: str, source: str, sql: str, batch_size: int, progress: Callable[[int], None]
    ) -> Loaded:
        """Replace a table by what a SELECT makes. Arguments and errors are those of ``DatabaseResource``."""
        with (
            duckdb_load.refused(),
            self.connect(read_only=False, sealed=True) as con,
            duckdb_load.transaction(con),
        ):
            return duckdb_load.replace_by_select(con, table, source, sql, batch_size, progress)

    def expression(self, column: str, found: str, kind: Kind) -> str:
        """SQL that reads a column as ``kind`` says, under its own name."""
        name = quote_identifier(column)
        value = name
        # An infinite one is in no span of time; without a function around the column, whole blocks of rows are skipped.
        if self.family_of(found) is Family.TIME and not (found == "TIMESTAMP" and kind is Kind.TIME):
            # Nothing, where it is infinite, or of a year that timestamps don't have.
            value = f"make_timestamp(epoch_us({f'TRY_CAST({name} AS TIMESTAMP)' if found == 'DATE' else name}))"
        if kind.read == "as text":
            value = f"CAST({value} AS VARCHAR)"
        elif kind.read == "as integer":
            value = f"TRY_CAST({name} AS BIGINT)"  # pandas has no larger ones
        elif kind.read == "as date":
            value = f"CAST({value} AS DATE)"
        return f"{value} AS {name}"

    def fingerprints(self, tables: Iterable[str]) -> dict[str, str]:
        """For each of these tables, a short text that changes when its content changes.

        It is made of the number of rows and of what the newest ``FINGERPRINTED`` of them hold, so that a large table
        takes no longer. What it can't see is a row that is older than those and was changed where it stands, without a
        new row. Of a view, which has no newest rows, all of it is read.
        """
        with self.connect() as con:
            return {table: _fingerprint(con, table) for table in tables}


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
