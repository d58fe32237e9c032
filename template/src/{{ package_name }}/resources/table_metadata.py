"""Metadata for people: what an asset's page in the UI shows of its data.

Counts, never rows: the run history keeps metadata when the data itself was deleted, and more people can read it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    import pandas as pd


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
