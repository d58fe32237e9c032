"""How a table of DuckDB is replaced: by Arrow, or by what one SELECT makes of another table."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from .database import ONLY_READS, Loaded, SqlRefused, TableMissing, quote_identifier
from .passing_errors import can_pass

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ONE_SELECT = f"it must be exactly one SELECT statement, and {ONLY_READS}"


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


@contextmanager
def refused() -> Iterator[None]:
    """In here, what DuckDB refuses is said as ``SqlRefused``: all but what can pass by itself."""
    import duckdb

    try:
        yield
    except (duckdb.Error, ValueError, NotImplementedError) as error:  # the last: a type that Arrow does not have
        if can_pass(error):
            raise
        # What was refused because it is not reading.
        writes = isinstance(error, duckdb.PermissionException) or "read-only mode" in str(error)
        raise SqlRefused(f"{ONLY_READS + ': ' if writes else ''}{error}") from error


def replace_by_select(
    con: "duckdb.DuckDBPyConnection",
    table: str,
    source: str,
    sql: str,
    batch_size: int,
    progress: Callable[[int], None],
) -> Loaded:
    """Replace a table with what a SELECT makes of another one, in the transaction of the connection.

    Args:
        con: A connection that can write, and is sealed against all that is outside of the database.
        table: The table to replace.
        source: The table to read.
        sql: One SELECT over ``source``, which stands for the source table.
        batch_size: Rows per insert.
        progress: Is told how many rows are written, after each insert.

    Raises:
        SqlRefused: The SQL is not one SELECT.
        duckdb.Error: It does more than read, or is wrong.
    """
    if not _is_one_select(con, sql):
        raise SqlRefused(ONE_SELECT)

    # A connection of its own to read with, since a pending result and inserts can't share one.
    reader = con.cursor()
    _call_it_source(reader, source)
    # DuckDB takes some statements that write for a SELECT: here they fail, and so does the load.
    reader.execute("BEGIN TRANSACTION READ ONLY")
    [(rows_read,)] = reader.execute("SELECT count(*) FROM source").fetchall()
    # Closed even when the load fails: with an open result, DuckDB would hang when the file is opened again.
    with reader.sql(sql).to_arrow_reader(batch_size) as batches:
        rows_written = replace(con, table, batches, progress)
    reader.close()
    described = con.execute(f"DESCRIBE {quote_identifier(table)}").fetchall()
    return Loaded(rows_read, rows_written, {name: kind for name, kind, *_ in described})


def look_at(con: "duckdb.DuckDBPyConnection", sql: str, source: str | None) -> bool:
    """Have DuckDB look at a query, which is not run. See ``DatabaseResource.look_at``.

    Args:
        con: A connection that is sealed against all that is outside of the database.
        sql: The query.
        source: The table that it calls ``source``, if it does so.
    """
    import duckdb

    try:
        if source:
            _call_it_source(con, source)
        if not _is_one_select(con, sql):
            if source:
                raise SqlRefused(ONE_SELECT)
            return False
        con.execute(f"PREPARE this AS {sql}")
    except duckdb.Error as error:
        if missing := re.search(r'Table with name ("[^"]+"|\S+) does not exist', str(error)):
            raise TableMissing(missing[1].strip('"')) from error
        if source or isinstance(error, duckdb.BinderException | duckdb.ParserException):
            raise SqlRefused(re.split("LINE |Candidate functions", str(error))[0]) from error
        return False
    return True


def _is_one_select(con: "duckdb.DuckDBPyConnection", sql: str) -> bool:
    import duckdb

    return [statement.type for statement in con.extract_statements(sql)] == [duckdb.StatementType.SELECT]


def _call_it_source(con: "duckdb.DuckDBPyConnection", table: str) -> None:
    """Make the table a temporary view ``source``."""
    # With database and schema, so that a table called "source" is not taken for the view.
    [(database,)] = con.execute("SELECT current_database()").fetchall()
    full_name = table if "." in table else f"main.{table}"
    con.execute(f'CREATE TEMP VIEW source AS SELECT * FROM "{database}".{quote_identifier(full_name)}')


def replace(
    con: "duckdb.DuckDBPyConnection",
    table: str,
    batches: "pa.RecordBatchReader",
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Replace a table by what the batches have, in the transaction of the connection.

    Args:
        con: A connection that can write.
        table: The table.
        batches: What it will have.
        progress: Is told how many rows are written, after each batch.

    Returns:
        The number of rows.
    """
    import pyarrow as pa

    destination = quote_identifier(table)
    if "." in table:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_identifier(table.split('.')[0])}")
    # A name that no destination can have.
    con.register("batch of rows", batches.schema.empty_table())
    con.execute(f'CREATE OR REPLACE TABLE {destination} AS SELECT * FROM "batch of rows"')
    rows_written = 0
    for batch in batches:
        con.register("batch of rows", pa.Table.from_batches([batch]))
        con.execute(f'INSERT INTO {destination} SELECT * FROM "batch of rows"')
        rows_written += batch.num_rows
        progress(rows_written)
    con.unregister("batch of rows")
    return rows_written
