"""Metadata for people: what an asset's page in the UI shows of its data.

Counts, never rows: the run history keeps metadata when the data itself was deleted, and more people can read it.
"""

from collections.abc import Mapping, Sequence

import dagster as dg

from .arrow_tables import to_arrow


def column_schema(data: object, described: dg.TableSchema | None = None) -> dg.TableSchema:
    """The columns and their types, for the metadata key ``dagster/column_schema``.

    Args:
        data: A table.
        described: The columns as the asset's definition has them, with their descriptions.
    """
    # How much text fits into a column is of no interest to people.
    types = {column.name: str(column.type).replace("large_", "") for column in to_arrow(data).schema}
    return table_schema(types, {column.name: column.description for column in described.columns} if described else {})


def table_schema(types: Mapping[str, str], descriptions: Mapping[str, str | None]) -> dg.TableSchema:
    """Columns by their types, with what is said about them."""
    return dg.TableSchema(
        [dg.TableColumn(name=name, type=kind, description=descriptions.get(name)) for name, kind in types.items()]
    )


def completeness(data: object) -> dg.TableMetadataValue:
    """A line for each column: its type, and how many rows have no value in it."""
    columns = to_arrow(data)
    return table(
        [
            {"column": field.name, "type": str(field.type).replace("large_", ""), "empty": column.null_count}
            for field, column in zip(columns.schema, columns.columns, strict=True)
        ]
    )


def table(lines: Sequence[Mapping[str, str | int]]) -> dg.TableMetadataValue:
    """Lines with the same keys, as a table."""
    columns = [dg.TableColumn(name=name) for name in (lines[0] if lines else {})]
    return dg.MetadataValue.table([dg.TableRecord(dict(line)) for line in lines], schema=dg.TableSchema(columns))
