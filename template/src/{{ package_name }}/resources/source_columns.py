"""The columns of a source, as they are: which types are read, and how. A view can give a table what it lacks.

In ``dbt_project/macros/columns.sql``, where there is one, are the same kinds.
"""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from .database import DatabaseResource, quote_identifier

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_INTEGERS = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
)
_TEXTS = ("VARCHAR", "ENUM")
_TIMES = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "DATE")


class Kind(Enum):
    """What a column may be: in words, the types of the database, and what is read of it."""

    WHOLE_NUMBER = ("a whole number", _INTEGERS, "as integer")
    TEXT = ("a text", _TEXTS, "as text")
    ID = ("a text, a whole number or a UUID", (*_TEXTS, "UUID", *_INTEGERS), "as text")
    AMOUNT = ("a text or a number", (*_TEXTS, "DECIMAL", "DOUBLE", "FLOAT", *_INTEGERS), "as text")
    TIME_AS_SENT = ("a text, a timestamp or a date", (*_TEXTS, *_TIMES), "as text")
    TIME = ("a timestamp or a date", _TIMES, "as time in UTC")
    DAY = ("a timestamp or a date", _TIMES, "as date")

    def __init__(self, words: str, types: Sequence[str], read: str) -> None:
        self.words = words
        self.types = types
        self.read = read

    def expression(self, column: str, found: str) -> str:
        """SQL that reads a column of the type ``found``, under its own name."""
        name = quote_identifier(column)
        value = name
        # An infinite one is in no span of time; without a function around the column, whole blocks of rows are skipped.
        if found in _TIMES and not (found == "TIMESTAMP" and self is Kind.TIME):
            # Nothing, where it is infinite, or of a year that timestamps don't have.
            value = f"make_timestamp(epoch_us({f'TRY_CAST({name} AS TIMESTAMP)' if found == 'DATE' else name}))"
        if self.read == "as text":
            value = f"CAST({value} AS VARCHAR)"
        elif self.read == "as integer":
            value = f"TRY_CAST({name} AS BIGINT)"  # pandas has no larger ones
        elif self.read == "as date":
            value = f"CAST({value} AS DATE)"
        return f"{value} AS {name}"


class SourceError(ValueError):
    """A table of the source is not what is read: the message names table, column, and what was found and expected."""


def read_table(
    database: DatabaseResource,
    table: str,
    columns: Mapping[str, Kind],
    condition: str = "true",
    params: Sequence[Any] = (),
    order_by: str | None = None,
) -> "pd.DataFrame":
    """Read columns of a table of the source: times in UTC, and what is to be parsed as text, whatever its type is.

    Args:
        database: Where the table is.
        table: ``schema.table``.
        columns: What is read, and what it may be.
        condition: Which rows, as SQL over the columns as they are read.
        params: The values for each ``?`` in the condition.
        order_by: The column that tells the order.

    Raises:
        SourceError: The table or a column is missing, or a column is of another type.
    """
    with database.connect() as con:
        selected = ", ".join(select_list(con, table, columns))
        order = f" ORDER BY {quote_identifier(order_by)}" if order_by else ""
        rows = con.sql(
            f"SELECT * FROM (SELECT {selected} FROM {quote_identifier(table)}) WHERE {condition}{order}",
            params=list(params),
        )
        # Through Arrow, where a text stays what it is: `df()` makes an object of each, which takes three times as long.
        return rows.to_arrow_table().to_pandas(date_as_object=False)


def select_list(con: "duckdb.DuckDBPyConnection", table: str, columns: Mapping[str, Kind]) -> list[str]:
    """An SQL expression for each column.

    Raises:
        SourceError: As ``read_table``.
    """
    import duckdb

    try:
        described = con.execute(f"DESCRIBE {quote_identifier(table)}").fetchall()
    except duckdb.CatalogException as error:
        raise SourceError(
            f"There is no table {table} in the database: make it, or a view of that name over the table that you have"
        ) from error
    types = {str(name).lower(): str(kind) for name, kind, *_ in described}
    expressions = []
    for column, kind in columns.items():
        found = re.sub(r"\(.*\)$", "", types.get(column, "missing"))  # DECIMAL(18,2), but no list of them
        if found not in kind.types:
            raise SourceError(
                f"{table}.{column} is {types.get(column, 'missing')}, and must be {kind.words}: make a view that gives "
                f"it this name and type, or read another column. {table} has {', '.join(sorted(types))}"
            )
        expressions.append(kind.expression(column, found))
    return expressions
