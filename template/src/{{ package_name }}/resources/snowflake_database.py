"""Snowflake as the warehouse, by the vendor's connector, with the key pair of a user."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from .database import DatabaseResource, Loaded, SqlRefused, TableMissing, quote_identifier, without_arguments
from .snowflake_errors import NOT_THERE, said_clearly
from .snowflake_settings import address, checked_account, checked_name, private_key
from .snowflake_sql import one_select
from .snowflake_upload import NEW_ROWS, upload
from .source_columns import Family, Kind

if TYPE_CHECKING:
    import pyarrow as pa
    from snowflake.connector.cursor import SnowflakeCursor

FAMILIES = {
    Family.INTEGER: ("NUMBER(38,0)",),
    Family.NUMBER: ("NUMBER", "FLOAT"),
    Family.TEXT: ("VARCHAR",),
    Family.TIME: ("TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP_TZ", "DATE"),
}
SCHEMAS = "SELECT count(*) FROM information_schema.schemata WHERE upper(schema_name) = upper(:1)"
#: What stands for a value; a time of a literal looks like some, and one too many does no harm.
_PLACEHOLDER = re.compile(r":(\d{1,2})\b")
#: What is not there, in Snowflake's words or in those of DuckDB, in which the stand-in of the tests speaks.
_MISSING = re.compile(rf"\b0*{NOT_THERE} .*?(?:'(?P<snowflake>[^']+)'|name \"?(?P<duckdb>[\w.]+))")
KIND = """
    SELECT table_type FROM information_schema.tables
    WHERE upper(table_schema) = upper(:1) AND upper(table_name) = upper(:2)
    UNION SELECT 'VIEW' FROM information_schema.views
    WHERE upper(table_schema) = upper(:1) AND upper(table_name) = upper(:2)
"""


class SnowflakeDatabase(DatabaseResource):
    """A database of Snowflake.

    Each task has a connection of its own. Names mean what they mean without quotes: ``shop_raw.orders`` is
    ``SHOP_RAW.ORDERS``, and columns are told in small letters. A name in small letters, made with quotes, needs a view.

    Args:
        account: The identifier of the account.
        user: Who logs in.
        private_key_path: The file with the user's private key, in PEM.
        private_key_passphrase: What it is encrypted with, if it is.
        database: The database of all tables.
        default_schema: The schema of tables that are named without one.
        warehouse: The warehouse that computes.
        role: The role, by default that of the user.
        host: Where the account is reached, if not by its name: ``host`` or ``host:port``.
        query_tag: What its statements are called in Snowflake's history of queries.
        login_timeout: How long to try to log in, in seconds.
        network_timeout: How long to try a request again that gets no answer, in seconds.
        statement_timeout: How long one statement may take, in seconds.
        lock_timeout: How long to wait for what somebody else has locked, in seconds.
    """

    kind: ClassVar[str] = "snowflake"
    families: ClassVar[Mapping[str, Family]] = {name: family for family, names in FAMILIES.items() for name in names}
    row_hash: ClassVar[str] = "CAST(HASH(t.*) AS NUMBER(20, 0))"

    account: str
    user: str
    private_key_path: str
    private_key_passphrase: str = ""
    database: str
    default_schema: str
    warehouse: str
    role: str = ""
    host: str = ""
    query_tag: str = "dagster"
    login_timeout: int = 30
    network_timeout: int = 60
    statement_timeout: int = 3600
    lock_timeout: int = 60

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Of pydantic: what texts of this resource show. Not what the key is encrypted with."""
        yield from (argument for argument in super().__repr_args__() if argument[0] != "private_key_passphrase")

    @contextmanager
    def connect(self) -> Iterator["SnowflakeCursor"]:
        """A cursor of a connection that is closed at the end of the ``with`` block. Each statement is a transaction.

        Raises:
            SettingError: A setting is wrong. The message says which.
            DatabaseUnavailable: Snowflake can't be reached now, or somebody else is in the way.
            SqlRefused: A statement is refused.
        """
        settings = {
            "account": checked_account(self.account),
            "user": checked_name("SNOWFLAKE_USER", self.user),
            "database": checked_name("SNOWFLAKE_DATABASE", self.database),
            "schema": checked_name("SNOWFLAKE_SCHEMA", self.default_schema),
            "warehouse": checked_name("SNOWFLAKE_WAREHOUSE", self.warehouse),
            "role": self.role or None,
            "private_key": private_key(self.private_key_path, self.private_key_passphrase),
            **address(self.host),
        }
        of_session = {
            "QUOTED_IDENTIFIERS_IGNORE_CASE": True,
            "TIMEZONE": "UTC",
            "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
            "TIMESTAMP_NTZ_OUTPUT_FORMAT": "YYYY-MM-DD HH24:MI:SS.FF6",
            "DATE_OUTPUT_FORMAT": "YYYY-MM-DD",
            "STATEMENT_TIMEOUT_IN_SECONDS": self.statement_timeout,
            "LOCK_TIMEOUT": self.lock_timeout,
            "QUERY_TAG": self.query_tag,
            "CLIENT_TELEMETRY_ENABLED": False,
        }
        with said_clearly():
            import snowflake.connector

            with (
                snowflake.connector.connect(
                    **settings,
                    authenticator="SNOWFLAKE_JWT",
                    session_parameters=of_session,
                    paramstyle="numeric",
                    login_timeout=self.login_timeout,
                    network_timeout=self.network_timeout,
                    log_imported_packages_in_telemetry=False,
                    platform_detection_timeout_seconds=0.0,  # it would ask each cloud whether this machine is there
                ) as con,
                con.cursor() as cursor,
            ):
                yield cursor

    def query_arrow(self, sql: str, params: Sequence[Any] = ()) -> "pa.Table":
        """As ``query``, as an Arrow table: NUMBER with decimals is a float. Cast what has to be exact to a text."""
        with self.connect() as cursor:
            cursor.execute(one_select(sql), [_bindable(value) for value in params])
            return _fetched(cursor)

    def columns_of(self, table: str) -> dict[str, str]:
        """The columns of a table or view, each with its type."""
        with self.connect() as cursor:
            columns = _columns(cursor, self._qualified(table))
        if not columns:
            raise TableMissing(table)
        return columns

    def look_at(self, sql: str, source: str | None = None) -> bool:
        """Have Snowflake compile a query. Arguments, result and errors are those of ``DatabaseResource``."""
        select = one_select(sql)
        no_values = [None] * max(map(int, _PLACEHOLDER.findall(select)), default=0)
        try:
            with self.connect() as cursor:
                cursor.describe(self._over(cursor, source, select) if source else select, no_values)
        except SqlRefused as error:
            missing = _MISSING.search(str(error))
            raise TableMissing(missing[missing.lastgroup or 0]) if missing else error from None
        return True

    def family_of(self, found: str) -> Family | None:
        """As what a type is read: a NUMBER without decimals is a whole one."""
        whole = found.startswith("NUMBER(") and found.endswith(",0)")
        return Family.INTEGER if whole else super().family_of(found)

    def fingerprints(self, tables: Iterable[str]) -> dict[str, str]:
        """For each of these tables, a short text that changes when its content changes. All rows are read."""
        found = {}
        with self.connect() as cursor:
            for table in tables:
                name = self._qualified(table)
                if not _columns(cursor, name):
                    raise TableMissing(table)
                sums = f"SELECT count(*), CAST(coalesce(sum({self.row_hash}), 0) AS VARCHAR) FROM {name} AS t"
                [(rows, total)] = _rows(cursor, sums)
                found[table] = f"{rows}-{int(total):x}"
        return found

    def replace(self, table: str, batches: "pa.RecordBatchReader") -> int:
        """Replace a table by what the batches have. Arguments and errors are those of ``DatabaseResource``."""
        with self.connect() as cursor:
            upload(cursor, batches)
            return self._replace_by_new_rows(cursor, table)

    def replace_by_select(
        self, table: str, source: str, sql: str, batch_size: int, progress: Callable[[int], None]
    ) -> Loaded:
        """Replace a table by what a SELECT makes, within Snowflake. Arguments are those of ``DatabaseResource``."""
        select = one_select(sql)
        with self.connect() as cursor:
            query = self._over(cursor, source, select)
            [(rows_read,)] = _rows(cursor, f"SELECT count(*) FROM {self._qualified(source)}")
            cursor.execute(f"CREATE TEMPORARY TABLE {NEW_ROWS} AS {query}")
            rows_written = self._replace_by_new_rows(cursor, table)
            types = _columns(cursor, self._qualified(table))
        progress(rows_written)
        return Loaded(rows_read, rows_written, types)

    def expression(self, column: str, found: str, kind: Kind) -> str:
        """SQL that reads a column as ``kind`` says, under its own name."""
        name = quote_identifier(column)
        value = name
        if self.family_of(found) is Family.TIME:
            if without_arguments(found) in ("TIMESTAMP_LTZ", "TIMESTAMP_TZ"):
                value = f"CONVERT_TIMEZONE('UTC', {name})"
            value = f"CAST({value} AS TIMESTAMP_NTZ)"
        if kind.read == "as text":
            value = f"CAST({value} AS VARCHAR)"
        elif kind.read == "as date":
            value = f"CAST({value} AS DATE)"
        return f"{value} AS {name}"

    def _qualified(self, table: str) -> str:
        """The name with all that it is in, as no name that a SELECT gives to what it makes has that."""
        parts = [self.database, *([] if "." in table else [self.default_schema]), table]
        return quote_identifier(".".join(parts).upper())

    def _over(self, cursor: "SnowflakeCursor", source: str, select: str) -> str:
        """The SELECT, with the table that it calls ``source``."""
        table = self._qualified(source)
        if not _columns(cursor, table):
            raise TableMissing(source)
        return f"WITH source AS (SELECT * FROM {table}) SELECT * FROM ({select}\n) AS made"

    def _replace_by_new_rows(self, cursor: "SnowflakeCursor", table: str) -> int:
        """Replace a table in one statement, as Snowflake commits whatever was before a CREATE.

        Views and grants stay. Who reads it sees the old rows until the end.
        """
        name = self._qualified(table)
        schema, _, last = table.rpartition(".")
        schema = schema or self.default_schema
        [(exists,)] = _rows(cursor, SCHEMAS, [schema])
        if not exists:
            cursor.execute(f"CREATE SCHEMA {quote_identifier(f'{self.database}.{schema}'.upper())}")
            cursor.execute(f"USE SCHEMA {quote_identifier(f'{self.database}.{self.default_schema}'.upper())}")
        kinds = _rows(cursor, KIND, [schema, last])
        if [kind for (kind,) in kinds if kind != "BASE TABLE"]:
            raise SqlRefused(f"{table} is no table, but a view or the like: drop it, or write another name")
        if kinds and _shape(cursor, name) == _shape(cursor, NEW_ROWS):
            cursor.execute(f"INSERT OVERWRITE INTO {name} SELECT * FROM {NEW_ROWS}")
        else:
            cursor.execute(f"CREATE OR REPLACE TABLE {name} COPY GRANTS AS SELECT * FROM {NEW_ROWS}")
        [(rows,)] = _rows(cursor, f"SELECT count(*) FROM {NEW_ROWS}")
        return int(rows)


def _rows(cursor: "SnowflakeCursor", sql: str, params: Sequence[Any] = ()) -> list[Any]:
    cursor.execute(sql, params)
    return cursor.fetchall()


def _columns(cursor: "SnowflakeCursor", name: str) -> dict[str, str]:
    from snowflake.connector.errors import ProgrammingError

    try:
        return {column.lower(): kind for column, kind, *_ in _rows(cursor, f"DESCRIBE TABLE {name}")}
    except ProgrammingError as error:
        if error.errno != NOT_THERE:
            raise
        return {}


def _shape(cursor: "SnowflakeCursor", name: str) -> list[tuple[object, ...]]:
    """Names, types and sizes of columns, of a temporary table too."""
    return [
        (column.name.upper(), column.type_code, column.internal_size, column.precision, column.scale)
        for column in cursor.describe(f"SELECT * FROM {name}")
    ]


def _bindable(value: Any) -> Any:
    """Of the classes that the connector knows: numbers of numpy and times of pandas are not among them."""
    if isinstance(value, datetime):
        return getattr(value, "to_pydatetime", lambda: value)()
    return value.item() if hasattr(value, "item") else value


def _fetched(cursor: "SnowflakeCursor") -> "pa.Table":
    """The result, with names in small letters, and with the types that DuckDB has: Snowflake packs numbers tightly."""
    import pyarrow as pa

    batches = list(cursor.fetch_arrow_batches(force_microsecond_precision=True))
    if not batches:
        batches = [cursor.fetch_arrow_all(force_return_table=True, force_microsecond_precision=True)]
    table = pa.concat_tables(batches, promote_options="permissive")
    for position, field in enumerate(table.schema):
        table = table.set_column(position, field.name.lower(), _unpacked(table.column(position)))
    return table


def _unpacked(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa

    if pa.types.is_integer(column.type):
        return column.cast(pa.int64())
    if pa.types.is_decimal(column.type):
        with suppress(pa.ArrowInvalid):
            if column.type.scale == 0:
                return column.cast(pa.int64())
        return column.cast(pa.float64())
    return column.cast(pa.timestamp("us", column.type.tz)) if pa.types.is_timestamp(column.type) else column
