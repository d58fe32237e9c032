"""Schemas as asset checks."""

from typing import TYPE_CHECKING

import dagster as dg

from ...resources.table_metadata import preview
from ...sales.dataframe import DataFrame

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema


def validate(df: DataFrame, schema: "DataFrameSchema", check_name: str | None = None) -> dg.AssetCheckResult:
    """Check ``df`` against a pandera schema. An empty table does not pass.

    Args:
        df: The table.
        schema: What it must look like.
        check_name: Which check the result is for, where the caller has several.

    Returns:
        The result, with the schema and the first violations as metadata for the UI.
    """
    from pandera.errors import SchemaErrors

    metadata: dict[str, dg.MetadataValue] = {
        "rows": dg.MetadataValue.int(len(df)),
        "schema": dg.MetadataValue.table_schema(
            dg.TableSchema(
                [
                    dg.TableColumn(
                        name=name,
                        type=str(column.dtype),
                        constraints=dg.TableColumnConstraints(
                            nullable=column.nullable,
                            unique=name in (schema.unique or []),
                            other=[str(check) for check in column.checks],
                        ),
                    )
                    for name, column in schema.columns.items()
                ]
            )
        ),
    }
    try:
        schema.validate(df, lazy=True)
    except SchemaErrors as error:
        violations = error.failure_cases[["schema_context", "column", "check", "failure_case", "index"]]
        metadata["violations"] = dg.MetadataValue.int(len(violations))
        metadata["first_violations"] = preview(violations, rows=20)
        return dg.AssetCheckResult(check_name=check_name, passed=False, metadata=metadata)
    return dg.AssetCheckResult(check_name=check_name, passed=len(df) > 0, metadata=metadata)
