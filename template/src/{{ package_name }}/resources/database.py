"""The warehouse that the project reads from and loads into: what is asked of it, whichever it is.

Each warehouse is one subclass in a file of its own, and all that is peculiar to its SQL stands there.
"""

import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import dagster as dg

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from .source_columns import Family, Kind

#: What a SELECT may not do that is loaded into a table.
ONLY_READS = "it can only read tables of the database: load files, and data from elsewhere, into a table"


class SqlRefused(ValueError):
    """The database refuses what it is asked. Tried again, it would refuse it again."""


class DatabaseUnavailable(ConnectionError):
    """The database can't do it now: it is out of reach, or busy, or somebody else is in the way. That can pass."""


class TableMissing(SqlRefused):
    """The database has no table of that name."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(
            f"There is no table {table} in the database: make it, or a view of that name over the table that you have"
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


class DatabaseResource(dg.ConfigurableResource):
    """The warehouse, as assets ask for it: ``database: DatabaseResource``. Which one it is, ``defs/resources`` says.

    Tables are named ``schema.table``, or ``table`` in the schema that needs no name. Of errors that can pass by
    themselves, ``retried`` makes another try.
    """

    #: What Dagster calls it, among the kinds of an asset.
    kind: ClassVar[str]
    #: Which of its types are read as what. Types that have arguments are listed without them.
    families: ClassVar[Mapping[str, "Family"]]
    #: SQL that makes a number of the whole row of ``t``, another one for another row.
    row_hash: ClassVar[str]

    def query(self, sql: str, params: Sequence[Any] = ()) -> "pd.DataFrame":
        """The result of a query, which can't write. A date is a timestamp.

        Args:
            sql: One statement, with ``$1``, ``$2``, … for the values. DuckDB also takes ``?``, which not all others do.
            params: The values: they are bound by the database, never pasted into the text.
        """
        import pyarrow as pa

        table = self.query_arrow(sql, params)
        for position, field in enumerate(table.schema):
            if pa.types.is_date(field.type):
                table = table.set_column(position, field.name, table.column(position).cast(pa.timestamp("us")))
        return table.to_pandas()

    @abstractmethod
    def query_arrow(self, sql: str, params: Sequence[Any] = ()) -> "pa.Table":
        """As ``query``, as an Arrow table."""

    @abstractmethod
    def columns_of(self, table: str) -> dict[str, str]:
        """The columns of a table or view, each with its type, in their order.

        Raises:
            TableMissing: There is none of that name.
        """

    def look_at(self, sql: str, source: str | None = None) -> bool:
        """Look at a query without running it.

        Args:
            sql: One statement, as ``query`` takes it.
            source: The table that the query calls ``source``, if it does so: as for ``replace_by_select``.

        Returns:
            Whether it can be run. If not, that is known only when it is.

        Raises:
            TableMissing: There is no table that it reads.
            SqlRefused: Something else is wrong with it.
        """
        return False

    @abstractmethod
    def fingerprints(self, tables: Iterable[str]) -> dict[str, str]:
        """For each of these tables, a short text that changes when its content changes."""

    def fingerprint(self, table: str) -> str:
        """The fingerprint of one table."""
        return self.fingerprints([table])[table]

    @abstractmethod
    def replace(self, table: str, batches: "pa.RecordBatchReader") -> int:
        """Replace a table, in one transaction: readers see the old one or the new one, and the old one if it fails.

        Args:
            table: The table. It is made if it is missing, and so is its schema.
            batches: What it will have.

        Returns:
            The number of rows.

        Raises:
            SqlRefused: The database can't store it.
        """

    @abstractmethod
    def replace_by_select(
        self, table: str, source: str, sql: str, batch_size: int, progress: Callable[[int], None]
    ) -> Loaded:
        """Replace a table with what a SELECT makes of another one, as ``replace`` does. The SELECT can't write.

        Args:
            table: The table to replace.
            source: The table to read.
            sql: One SELECT over ``source``, which stands for the source table.
            batch_size: Rows per insert, where the rows pass through this process.
            progress: Is told how many rows are written so far.

        Raises:
            SqlRefused: The SQL is wrong or does more than read, or a table is missing.
        """

    @abstractmethod
    def expression(self, column: str, found: str, kind: "Kind") -> str:
        """SQL that reads a column as ``kind`` says.

        Args:
            column: The column.
            found: Its type, one that ``kind`` has.
            kind: What is read of it.
        """

    def family_of(self, found: str) -> "Family | None":
        """As what a type is read, if at all."""
        return self.families.get(without_arguments(found))

    def types_of(self, kind: "Kind") -> list[str]:
        """The types that a column may have which is read as ``kind`` says."""
        return [name for name, family in self.families.items() if family in kind.families]

    def wait_for_turn(self) -> None:
        """Come back when another program can open the database. Only one that is embedded has to be waited for."""


def without_arguments(found: str) -> str:
    """The name of a type: of ``DECIMAL(18,2)`` it is ``DECIMAL``, and of a list of them ``DECIMAL[]``."""
    return re.sub(r"\(.*\)", "", found)


def quote_table(key: dg.AssetKey) -> str:
    """The table of an asset, as a quoted SQL identifier: ``["shop_raw", "orders"]`` is ``"shop_raw"."orders"``."""
    return quote_identifier(".".join(key.path))


def quote_identifier(name: str) -> str:
    """``name`` as a quoted SQL identifier; ``schema.table`` is quoted part by part."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
