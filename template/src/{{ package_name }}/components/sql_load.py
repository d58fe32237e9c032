"""A load of a table with what one SELECT makes of another table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..resources.database import quote_identifier, transaction

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ONLY_READS = (
    "transformation_sql can only read tables of the database: load files, and data from elsewhere, into a table"
)


@dataclass(frozen=True)
class Loaded:
    """What a load has done.

    Args:
        rows_read: The rows of the source table.
        rows_written: The rows of the destination table.
        types: The columns of the destination table, each with its type.
    """

    rows_read: int
    rows_written: int
    types: dict[str, str]


@dataclass(frozen=True)
class SqlLoad:
    """A load.

    Args:
        source_table: The table to read.
        destination_table: The table to replace.
        sql: One SELECT over ``source``, which stands for the source table.
        batch_size: Rows per insert.
        progress: Is told how many rows are written, after each insert.
    """

    source_table: str
    destination_table: str
    sql: str
    batch_size: int
    progress: Callable[[int], None]

    def run(self, con: "duckdb.DuckDBPyConnection") -> Loaded:
        """Load the table in one transaction: when it fails, the table is as it was before.

        Args:
            con: A connection that can write, and is sealed against all that is outside of the database.

        Raises:
            ValueError: The SQL is not one SELECT.
            duckdb.Error: It does more than read, or is wrong.
        """
        with transaction(con):
            return self._run(con)

    def _run(self, con: "duckdb.DuckDBPyConnection") -> Loaded:
        import duckdb

        statements = con.extract_statements(self.sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise ValueError(f"transformation_sql must be exactly one SELECT statement. {ONLY_READS}")

        # A connection of its own to read with, since a pending result and inserts can't share one.
        reader = con.cursor()
        # With database and schema, so that a table called "source" is not taken for the view.
        [(database,)] = reader.execute("SELECT current_database()").fetchall()
        table = self.source_table if "." in self.source_table else f"main.{self.source_table}"
        reader.execute(f'CREATE TEMP VIEW source AS SELECT * FROM "{database}".{quote_identifier(table)}')
        # DuckDB takes some statements that write for a SELECT: here they fail, and so does the load.
        reader.execute("BEGIN TRANSACTION READ ONLY")
        [(rows_read,)] = reader.execute("SELECT count(*) FROM source").fetchall()
        # Closed even when the load fails: with an open result, DuckDB would hang when the file is opened again.
        with reader.sql(self.sql).to_arrow_reader(self.batch_size) as batches:
            rows_written = self._write(con, batches)
        reader.close()
        described = con.execute(f"DESCRIBE {quote_identifier(self.destination_table)}").fetchall()
        return Loaded(rows_read, rows_written, {name: kind for name, kind, *_ in described})

    def _write(self, con: "duckdb.DuckDBPyConnection", batches: "pa.RecordBatchReader") -> int:
        import pyarrow as pa

        destination = quote_identifier(self.destination_table)
        if "." in self.destination_table:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {quote_identifier(self.destination_table.split('.')[0])}")
        # A name that no destination can have.
        con.register("batch of rows", batches.schema.empty_table())
        con.execute(f'CREATE OR REPLACE TABLE {destination} AS SELECT * FROM "batch of rows"')
        rows_written = 0
        for batch in batches:
            con.register("batch of rows", pa.Table.from_batches([batch]))
            con.execute(f'INSERT INTO {destination} SELECT * FROM "batch of rows"')
            rows_written += batch.num_rows
            self.progress(rows_written)
        con.unregister("batch of rows")
        return rows_written
