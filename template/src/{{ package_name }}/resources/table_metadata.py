"""Metadata for people: what an asset's page in the UI shows of its data.

Counts, and of rows only what ``settings.PREVIEW_COLUMNS`` allows: the run history keeps metadata when the data itself
was deleted, and more people can read it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from ..settings import PREVIEW_COLUMNS

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


def column_schema(df: "pd.DataFrame") -> dg.TableSchema:
    """The columns and their types, for the metadata key ``dagster/column_schema``."""
    return dg.TableSchema([dg.TableColumn(name=str(name), type=str(dtype)) for name, dtype in df.dtypes.items()])


def completeness(df: "pd.DataFrame") -> dg.TableMetadataValue:
    """A line for each column: its type, and how many rows have no value in it."""
    empty = df.isna().sum()
    return table([{"column": str(name), "type": str(df[name].dtype), "empty": int(empty[name])} for name in df.columns])


def table(lines: Sequence[Mapping[str, str | int]]) -> dg.TableMetadataValue:
    """Lines with the same keys, as a table."""
    columns = [dg.TableColumn(name=name) for name in (lines[0] if lines else {})]
    return dg.MetadataValue.table([dg.TableRecord(dict(line)) for line in lines], schema=dg.TableSchema(columns))
