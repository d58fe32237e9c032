"""Schemas as asset checks."""

from typing import TYPE_CHECKING

import dagster as dg

from ...resources.table_metadata import shown, table
from ...sales.dataframe import DataFrame

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema


def validate(
    df: DataFrame, schema: "DataFrameSchema", check_name: str | None = None, may_be_empty: bool = False
) -> dg.AssetCheckResult:
    """Check ``df`` against a pandera schema.

    Args:
        df: The table.
        schema: What it must look like.
        check_name: Which check the result is for, where the caller has several.
        may_be_empty: Whether a table without rows passes.

    Returns:
        The result, with the schema and the violations of each check as metadata for the UI.
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
        violations = _once_a_row(error.failure_cases)
        metadata["violations"] = dg.MetadataValue.int(len(violations))
        metadata |= shown(dg.get_dagster_logger(), {"violations_by_check": lambda: table(_by_check(violations))})
        return dg.AssetCheckResult(check_name=check_name, passed=False, metadata=metadata)
    return dg.AssetCheckResult(check_name=check_name, passed=may_be_empty or len(df) > 0, metadata=metadata)


def _once_a_row(violations: DataFrame) -> DataFrame:
    """Without the repetitions of what is wrong with a row as a whole: pandera lists it for each column."""
    of_rows = (violations["schema_context"] == "DataFrameSchema") & violations["index"].notna()
    return violations[~(of_rows & violations.duplicated(["check", "index"]))]


def _by_check(violations: DataFrame) -> list[dict[str, str | int]]:
    """How often each check was violated, and where first: the row, whose values stay where they are stored."""
    lines: list[dict[str, str | int]] = []
    for (column, check), cases in violations.fillna({"column": ""}).groupby(["column", "check"], sort=False):
        first = cases.iloc[0]
        # Without a row it is about a whole column: its type, or that it is there at all.
        where = first["failure_case"] if cases["index"].isna().all() else f"row {first['index']}"
        lines.append({"column": str(column), "check": str(check), "violations": len(cases), "first": str(where)})
    return lines
