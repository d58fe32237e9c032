"""Metadata for people: what an asset's page in the UI shows of its data.

Counts, and of rows only what ``settings.PREVIEW_COLUMNS`` allows: the run history keeps metadata when the data itself
was deleted, and more people can read it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from ..settings import PREVIEW_COLUMNS
from .arrow_tables import to_arrow

if TYPE_CHECKING:
    import pandas as pd


def shown(log: logging.Logger, metadata: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Metadata that is for people alone. What can't be made is left out, with a line in the log: data comes first.

    Args:
        log: Of the step.
        metadata: Each key with what makes its value.
    """
    made = {}
    for key, make in metadata.items():
        try:
            made[key] = make()
        except Exception:
            log.warning(f"The metadata {key!r} could not be made. The data is not affected", exc_info=True)
    return made


def count_by_reason(set_aside: "pd.DataFrame") -> dict[str, int]:
    """How many rows were set aside for each ``reason``."""
    return {str(reason): int(count) for reason, count in set_aside["reason"].value_counts().items()}


def examples(set_aside: "pd.DataFrame", rows: int = 10) -> dg.TableMetadataValue:
    """The first rows that were set aside: their reasons, and the columns that the run history may quote."""
    columns = [name for name in PREVIEW_COLUMNS if name in set_aside.columns]
    first = set_aside[[*columns, "reason"]].head(rows)
    return table([{str(name): str(value) for name, value in row.items()} for row in first.to_dict("records")])


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
