"""Metadata for people: what an asset's page in the UI shows of its data."""

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    import pandas as pd


def column_schema(df: "pd.DataFrame") -> dg.TableSchema:
    """The columns and their types, for the metadata key ``dagster/column_schema``."""
    return dg.TableSchema([dg.TableColumn(name=str(name), type=str(dtype)) for name, dtype in df.dtypes.items()])


def preview(df: "pd.DataFrame", rows: int = 5) -> dg.TableMetadataValue:
    """The first rows as a table. Every value as text: a preview is read, not computed with."""
    head = df.head(rows)
    texts = head.astype("object").astype("str").where(head.notna(), "")
    records = [dg.TableRecord({str(name): text for name, text in row.items()}) for row in texts.to_dict("records")]
    schema = dg.TableSchema([dg.TableColumn(name=str(name), type="string") for name in df.columns])
    return dg.MetadataValue.table(records=records, schema=schema)
