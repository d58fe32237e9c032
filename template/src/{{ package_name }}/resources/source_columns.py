"""The columns of a source, as they are: which types are read, and how. A view can give a table what it lacks.

In ``dbt_project/macros/columns.sql``, where there is one, are the same kinds.
"""

from collections.abc import Mapping, Sequence, Set
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from .database import DatabaseResource, TableMissing, quote_identifier

if TYPE_CHECKING:
    import pandas as pd


class Family(Enum):
    """Types of a database that are read alike: each database says which of its own belong to it."""

    INTEGER = auto()
    NUMBER = auto()
    TEXT = auto()
    UUID = auto()
    TIME = auto()


class Kind(Enum):
    """What a column may be: in words, as types of the database, and what is read of it."""

    WHOLE_NUMBER = ("a whole number", {Family.INTEGER}, "as integer")
    TEXT = ("a text", {Family.TEXT}, "as text")
    ID = ("a text, a whole number or a UUID", {Family.TEXT, Family.UUID, Family.INTEGER}, "as text")
    AMOUNT = ("a text or a number", {Family.TEXT, Family.NUMBER, Family.INTEGER}, "as text")
    TIME_AS_SENT = ("a text, a timestamp or a date", {Family.TEXT, Family.TIME}, "as text")
    TIME = ("a timestamp or a date", {Family.TIME}, "as time in UTC")
    DAY = ("a timestamp or a date", {Family.TIME}, "as date")

    def __init__(self, words: str, families: Set[Family], read: str) -> None:
        self.words = words
        self.families = families
        self.read = read


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
        params: The values for ``$1``, ``$2``, … in the condition.
        order_by: The column that tells the order.

    Raises:
        SourceError: The table or a column is missing, or a column is of another type.
    """
    selected = ", ".join(select_list(database, table, columns))
    order = f" ORDER BY {quote_identifier(order_by)}" if order_by else ""
    rows = f"SELECT {selected} FROM {quote_identifier(table)}"
    return database.query_many(f"SELECT * FROM ({rows}) AS read_rows WHERE {condition}{order}", params)


def select_list(database: DatabaseResource, table: str, columns: Mapping[str, Kind]) -> list[str]:
    """An SQL expression for each column.

    Raises:
        SourceError: As ``read_table``.
    """
    try:
        types = {name.lower(): kind for name, kind in database.columns_of(table).items()}
    except TableMissing as error:
        raise SourceError(str(error)) from error
    expressions = []
    for column, kind in columns.items():
        found = types.get(column, "missing")
        if database.family_of(found) not in kind.families:
            raise SourceError(
                f"{table}.{column} is {found}, and must be {kind.words}: make a view that gives "
                f"it this name and type, or read another column. {table} has {', '.join(sorted(types))}"
            )
        expressions.append(database.expression(column, found, kind))
    return expressions
