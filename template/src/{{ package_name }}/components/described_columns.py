"""Columns as YAML describes them for the catalogue: ``name: [type, what a value means]``."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

# Checked below: of a text in place of a list, Dagster would say no more than "invalid error type".
Columns = Mapping[str, Any]


def column_schema_of(columns: Columns) -> dict[str, dg.TableSchema]:
    """The columns as an asset's metadata; nothing where none are described.

    Raises:
        ValueError: One has something else than a type and a description.
    """
    for name, described in columns.items():
        if not isinstance(described, list | tuple) or [type(part) for part in (name, *described)] != [str] * 3:
            raise ValueError(f"columns: {name!r} must be [type, description], both of them text, not {described!r}")
    schema = dg.TableSchema(
        [dg.TableColumn(name=name, type=kind, description=description) for name, (kind, description) in columns.items()]
    )
    return {"dagster/column_schema": schema} if columns else {}
