"""Postgres as the warehouse, by Arrow's own driver: tables pass through this process as Arrow, and in bulk."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from .database import DatabaseResource, Loaded, SqlRefused, TableMissing, quote_identifier, without_arguments
from .postgres_errors import said_clearly
from .postgres_url import with_options
from .source_columns import Family, Kind

if TYPE_CHECKING:
    import pyarrow as pa
    from adbc_driver_postgresql.dbapi import Cursor

FAMILIES = {
    Family.INTEGER: ("smallint", "integer", "bigint"),
    Family.NUMBER: ("numeric", "double precision", "real"),
    Family.TEXT: ("text", "character varying", "character", "citext", "enum"),
    Family.UUID: ("uuid",),
    Family.TIME: ("timestamp without time zone", "timestamp with time zone", "date"),
}
COLUMNS = """
    SELECT attname::text AS name, CASE typtype
        WHEN 'e' THEN 'enum'
        WHEN 'd' THEN format_type(typbasetype, pg_type.typtypmod)
        ELSE format_type(atttypid, atttypmod) END AS type
    FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid JOIN pg_class ON pg_class.oid = attrelid
    WHERE attrelid = to_regclass($1) AND relkind IN ('r', 'p', 'v', 'm', 'f') AND attnum > 0 AND NOT attisdropped
    ORDER BY attnum
"""
KIND = "SELECT (SELECT relkind::text FROM pg_class WHERE oid = to_regclass($1))"
VALUES_OF_PREPARED = """
    SELECT coalesce('(' || (SELECT string_agg('NULL', ', ') FROM unnest(parameter_types)) || ')', '')
    FROM pg_prepared_statements WHERE name = 'looked_at'
"""
#: A table that is not there, in the error of a server of any language.
MISSING = re.compile(r"""["'»«„“](\w[^"'»«„“”]*)["'»«„“”].*\b42P01\b""")
#: Where the rows are until all of them are known. No table of an owner has the name.
NEW_ROWS = 'pg_temp."new rows"'


class PostgresDatabase(DatabaseResource):
    """A database of Postgres.

    Each task has a connection of its own, in one transaction. What is read is read in one that can't write.

    Args:
        url: ``postgresql://user:password@host:5432/database``. Options after a ``?``, such as ``sslmode=verify-full``,
            are those of libpq.
        connect_timeout: How long to try to connect, in seconds.
        statement_timeout: How long one statement may take, in seconds. 0 is without end.
        lock_timeout: How long to wait for what somebody else has locked, in seconds.
        keepalive: After how many seconds of silence it is asked whether the server is still there.
    """

    kind: ClassVar[str] = "postgres"
    families: ClassVar[Mapping[str, Family]] = {name: family for family, names in FAMILIES.items() for name in names}
    # Of the text: some types, such as json, have no hash.
    row_hash: ClassVar[str] = "hashtextextended(CAST(t AS text), 0)"

    url: str
    connect_timeout: int = 10
    statement_timeout: float = 3600
    lock_timeout: float = 60
    keepalive: int = 30

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Of pydantic: what texts of this resource show. Not where it is, for that has a password."""
        yield from (argument for argument in super().__repr_args__() if argument[0] != "url")

    @contextmanager
    def connect(self, read_only: bool = True) -> Iterator["Cursor"]:
        """A cursor in a transaction, which is committed at the end of the ``with`` block if it may write.

        Args:
            read_only: Have Postgres refuse to write anything.

        Raises:
            SettingError: ``url`` is wrong. The message says which part.
            DatabaseUnavailable: The server can't be reached now, or somebody else is in the way.
            SqlRefused: A statement is refused.
        """
        from adbc_driver_postgresql import dbapi

        address = with_options(
            self.url,
            {
                "connect_timeout": self.connect_timeout,
                "keepalives_idle": self.keepalive,
                "keepalives_interval": max(1, self.keepalive // 3),
                "keepalives_count": 3,
                "tcp_user_timeout": 2000 * self.keepalive,
            },
        )
        settings = {
            "statement_timeout": f"{int(1000 * self.statement_timeout)}",
            "lock_timeout": f"{int(1000 * self.lock_timeout)}",
            "TimeZone": "UTC",
            "DateStyle": "ISO",
            "transaction_read_only": "on" if read_only else "off",
        }
        # Of the transaction, and so also right where a pool shares connections.
        configure = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
        with said_clearly(self.url), dbapi.connect(address) as con, con.cursor() as cursor:
            cursor.execute(f"SELECT {configure}").fetchall()
            yield cursor
            if not read_only:
                con.commit()

    def query_arrow(self, sql: str, params: Sequence[Any] = ()) -> "pa.Table":
        """As ``query``, as an Arrow table: NUMERIC is a float. Cast what has to be exact."""
        with self.connect() as cursor:
            return _with_floats(cursor.execute(sql, list(params) or None).fetch_arrow_table())

    def columns_of(self, table: str) -> dict[str, str]:
        """The columns of a table or view, each with its type."""
        with self.connect() as cursor:
            columns = _columns(cursor, table)
        if not columns:
            raise TableMissing(table)
        return columns

    def look_at(self, sql: str, source: str | None = None) -> bool:
        """Have Postgres look at a query. Arguments, result and errors are those of ``DatabaseResource``."""
        from adbc_driver_postgresql import StatementOptions

        try:
            with self.connect(read_only=source is None) as cursor:  # a temporary view is written, and gone afterwards
                _prepare(cursor, sql, source)
                # To explain how it would be run takes the right to run it, and can't be copied out, as results are.
                cursor.adbc_statement.set_options(**{StatementOptions.USE_COPY.value: "false"})
                cursor.execute(f"PREPARE looked_at AS {sql}")
                [(values,)] = cursor.execute(VALUES_OF_PREPARED).fetchall()
                cursor.execute(f"EXPLAIN EXECUTE looked_at{values}").fetchall()
        except SqlRefused as error:
            missing = MISSING.search(str(error))
            raise TableMissing(missing[1]) if missing else error from None
        return True

    def fingerprints(self, tables: Iterable[str]) -> dict[str, str]:
        """For each of these tables, a short text that changes when its content changes. All rows are read."""
        found = {}
        with self.connect() as cursor:
            for table in tables:
                if not _columns(cursor, table):
                    raise TableMissing(table)
                sums = f"SELECT count(*), coalesce(sum({self.row_hash}), 0)::text"
                [(rows, total)] = cursor.execute(f"{sums} FROM {quote_identifier(table)} AS t").fetchall()
                found[table] = f"{rows}-{int(total):x}"
        return found

    def replace(self, table: str, batches: "pa.RecordBatchReader") -> int:
        """Replace a table by what the batches have. Arguments and errors are those of ``DatabaseResource``."""
        schema, _, name = table.rpartition(".")
        with self.connect(read_only=False) as cursor:
            cursor.adbc_ingest("new rows", batches.schema.empty_table(), mode="create", temporary=True)
            _make_empty(cursor, table)
            return cursor.adbc_ingest(name, batches, mode="append", db_schema_name=schema or None)

    def replace_by_select(
        self, table: str, source: str, sql: str, batch_size: int, progress: Callable[[int], None]
    ) -> Loaded:
        """Replace a table by what a SELECT makes, within the database. Arguments are those of ``DatabaseResource``."""
        with self.connect(read_only=False) as cursor:
            _prepare(cursor, sql, source)
            cursor.execute('CREATE TEMP TABLE "new rows" AS TABLE "what the SELECT makes" WITH NO DATA')
            # In here only temporary tables can be written, whatever functions the SELECT calls; nor can it be left.
            cursor.execute("SAVEPOINT reading")
            cursor.execute("SET TRANSACTION READ ONLY")
            [(rows_read,)] = cursor.execute("SELECT count(*) FROM source").fetchall()
            cursor.execute(f'INSERT INTO {NEW_ROWS} TABLE "what the SELECT makes"')
            cursor.execute("RELEASE SAVEPOINT reading")
            cursor.execute('DROP VIEW "what the SELECT makes", source')  # they could need what is replaced
            _make_empty(cursor, table)
            cursor.execute(f"INSERT INTO {quote_identifier(table)} TABLE {NEW_ROWS}")
            [(rows_written,)] = cursor.execute(f"SELECT count(*) FROM {NEW_ROWS}").fetchall()
            types = _columns(cursor, table)
        progress(rows_written)
        return Loaded(rows_read, rows_written, types)

    def expression(self, column: str, found: str, kind: Kind) -> str:
        """SQL that reads a column as ``kind`` says, under its own name."""
        name = quote_identifier(column)
        value = name
        found = without_arguments(found)
        if found == "date":
            in_range = f"{name} BETWEEN DATE '4713-01-01 BC' AND DATE '294276-12-31'"
            value = f"CASE WHEN isfinite({name}) AND {in_range} THEN CAST({name} AS timestamp) END"
        elif self.family_of(found) is Family.TIME:
            if found != "timestamp without time zone":
                value = f"({name} AT TIME ZONE 'UTC')"
            # Without a condition, an index on the column, or on this expression, is used.
            if kind is not Kind.TIME:
                value = f"CASE WHEN isfinite({name}) THEN {value} END"
        if kind.read == "as text":
            value = f"CAST({value} AS text)"
        elif kind.read == "as date":
            value = f"CAST({value} AS date)"
        return f"{value} AS {name}"


def _columns(cursor: "Cursor", table: str) -> dict[str, str]:
    return dict(cursor.execute(COLUMNS, [quote_identifier(table)]).fetchall())


def _prepare(cursor: "Cursor", sql: str, source: str | None) -> None:
    """Have the SQL understood, and as a view if it is a SELECT over a table that it calls ``source``."""
    if source and not _columns(cursor, source):
        raise TableMissing(source)
    if source:
        cursor.execute(f"CREATE TEMP VIEW source AS SELECT * FROM {quote_identifier(source)}")
    cursor.adbc_prepare(sql)  # what is wrong with it is said of the SQL as its owner knows it
    if source:
        cursor.execute(f'CREATE TEMP VIEW "what the SELECT makes" AS {sql}')


def _make_empty(cursor: "Cursor", table: str) -> None:
    """Have the table in the schema that it says, with the columns of the new rows, and none of its own.

    Rows are deleted rather than the table truncated: who reads it does not wait, and sees the old rows until the end.
    """
    name = quote_identifier(table)
    # Whoever replaces the same table waits here, also where there is none yet.
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [name]).fetchall()
    [(kind,)] = cursor.execute(KIND, [name]).fetchall()
    if kind not in (None, "r", "p"):
        raise SqlRefused(f"{table} is no table, but a view, an index or the like: drop it, or write another name")
    columns = _columns(cursor, table)
    if "." in table:
        schema = quote_identifier(table.split(".")[0])
        # Not IF NOT EXISTS: that wants the right to make one also where it is there.
        [(exists,)] = cursor.execute("SELECT to_regnamespace($1) IS NOT NULL", [schema]).fetchall()
        if not exists:
            cursor.execute(f"CREATE SCHEMA {schema}")
    if columns and columns == _columns(cursor, "pg_temp.new rows"):
        cursor.execute(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"DELETE FROM {name}")
        return
    if columns:
        cursor.execute(f"DROP TABLE {name}")
    cursor.execute(f"CREATE TABLE {name} (LIKE {NEW_ROWS})")


def _with_floats(table: "pa.Table") -> "pa.Table":
    """With a float where Postgres has a NUMERIC, which Arrow does not know."""
    import pyarrow as pa

    for position, field in enumerate(table.schema):
        if getattr(field.type, "type_name", "") == "numeric":
            texts = pa.chunked_array([chunk.storage for chunk in table.column(position).chunks], pa.string())
            table = table.set_column(position, field.name, texts.cast(pa.float64()))
    return table
