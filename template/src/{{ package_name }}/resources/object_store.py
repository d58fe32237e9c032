"""Where files go: a folder or a bucket."""

import os
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

import dagster as dg

from .arrow_tables import to_arrow

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from upath import UPath


class ObjectStoreResource(dg.ConfigurableResource):
    """Reads and writes Parquet files under one folder.

    Args:
        base_path: The folder.
    """

    base_path: str

    def path(self, key: str = "") -> "UPath":
        """The place of ``key``, a relative path with ``/`` such as ``customer_metrics/latest.parquet``.

        Raises:
            ValueError: ``key`` leads out of the base path.
        """
        from upath import UPath

        if key.startswith("/") or ".." in key.split("/"):
            raise ValueError(f"the key {key!r} must be relative and must not contain '..'")
        base = UPath(self.base_path).expanduser()
        return base / key if key else base

    def write_parquet(self, table: object, key: str) -> str:
        """Write a table as Parquet at ``key``, whole or not at all. Returns the path written."""
        path = self.path(key)
        write_parquet_atomically({path: to_arrow(table)})
        return str(path)

    def read_parquet(self, key: str, columns: list[str] | None = None) -> "pd.DataFrame":
        """The Parquet file at ``key``, or only some of its columns."""
        import pandas as pd

        return pd.read_parquet(str(self.path(key)), columns=columns)


def write_parquet_atomically(tables: Mapping["UPath", "pa.Table"]) -> None:
    """Write each table next to its path, then rename: readers see the old file or the new one, whole.

    Args:
        tables: The tables, by where they go. No file is replaced before all are written.
    """
    import pyarrow.parquet as pq

    unfinished: dict[UPath, UPath] = {}
    try:
        for path, table in tables.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished[path] = path.with_name(f".{uuid.uuid4().hex}.tmp")
            pq.write_table(table, str(unfinished[path]))
        for path, written in unfinished.items():
            os.replace(str(written), str(path))
    finally:
        for written in unfinished.values():
            written.unlink(missing_ok=True)
