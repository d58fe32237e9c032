"""How the rows of this process get into Snowflake, in bulk: as Parquet files, into a table that nobody else sees."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..settings import work_folder
from .database import SqlRefused, quote_identifier
from .unfinished import unfinished_folder

if TYPE_CHECKING:
    import pyarrow as pa
    from snowflake.connector.cursor import SnowflakeCursor

#: Where rows are until all of them are known: a temporary table, gone with the session whatever happens.
NEW_ROWS = "dagster_new_rows"
#: Rows of a file, at most.
ROWS = 500_000
_READ = "TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE NULL_IF = ()"


def upload(cursor: "SnowflakeCursor", batches: "pa.RecordBatchReader") -> None:
    """Have the rows in ``NEW_ROWS``.

    Args:
        cursor: Of the connection in whose session the table is.
        batches: The rows.

    Raises:
        SqlRefused: Snowflake has no type for a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([pa.field(field.name, _storable(field.type)) for field in batches.schema])
    columns = ", ".join(f"{quote_identifier(field.name)} {_type_for(field)}" for field in schema)
    cursor.execute(f"CREATE TEMPORARY TABLE {NEW_ROWS} ({columns})")
    work_folder().mkdir(parents=True, exist_ok=True)
    with unfinished_folder(work_folder()) as folder:
        for number, part in enumerate(_in_parts(batches)):
            file = folder / f"{number}.parquet"
            try:
                pq.write_table(part.cast(schema), file)
            except OSError as error:
                error.add_note("Files are written in WORK_FOLDER, and then uploaded.")
                raise
            cursor.execute(f"PUT 'file://{file.as_posix()}' @%{NEW_ROWS} AUTO_COMPRESS = FALSE")
            file.unlink()
    cursor.execute(
        f"COPY INTO {NEW_ROWS} FROM @%{NEW_ROWS} FILE_FORMAT = ({_READ}) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE"
    )


def _in_parts(batches: "pa.RecordBatchReader") -> Iterator["pa.Table"]:
    import pyarrow as pa

    part: list[pa.RecordBatch] = []
    for batch in batches:
        part.append(batch)
        if sum(each.num_rows for each in part) >= ROWS:
            yield pa.Table.from_batches(part)
            part = []
    if part:
        yield pa.Table.from_batches(part)


def _storable(kind: "pa.DataType") -> "pa.DataType":
    """The type that Parquet and Snowflake know."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _storable(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return _storable(kind.storage_type)
    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    return kind


def _type_for(field: "pa.Field") -> str:
    import pyarrow as pa

    kind = field.type
    if pa.types.is_decimal(kind):
        return f"NUMBER({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind):
        return "TIMESTAMP_TZ" if kind.tz else "TIMESTAMP_NTZ"
    for belongs, name in (
        (pa.types.is_integer, "NUMBER(38, 0)"),
        (pa.types.is_floating, "FLOAT"),
        (pa.types.is_boolean, "BOOLEAN"),
        (pa.types.is_string, "VARCHAR"),
        (pa.types.is_large_string, "VARCHAR"),
        (pa.types.is_string_view, "VARCHAR"),
        (pa.types.is_date, "DATE"),
        (pa.types.is_time, "TIME"),
        (pa.types.is_binary, "BINARY"),
        (pa.types.is_large_binary, "BINARY"),
    ):
        if belongs(kind):
            return name
    raise SqlRefused(f"Snowflake has no column for {field.name}, which is {kind}: cast it to a text or a number")
